// Templates of a test, rendered with a few variables.
#pragma once

#include <ctime>
#include <string>
#include <string_view>

#include "text/jinja/template.h"

namespace shoal::text::jinja {

inline std::tm test_time() {
  std::tm now{};
  now.tm_year = 124;
  now.tm_mon = 6;
  now.tm_mday = 26;
  return now;
}

inline Value user_text(std::string_view text) { return make_string(PromptText(text, Parse::plain)); }

inline Variables test_variables() {
  Dict message;
  message.set(make_string("role"), make_string("user"));
  message.set(make_string("content"), user_text("Hi <s> there"));
  return {{"bos", make_string("<s>")},
          {"said", user_text("<s>a</think>b ")},
          {"message", make_dict(std::move(message))},
          {"numbers",
           make_list({Value::Data(std::int64_t{3}), Value::Data(std::int64_t{1}), Value::Data(std::int64_t{2})})},
          {"nothing", Value::Data(None{})}};
}

// The rendered text, or the error's.
inline std::string rendered(std::string_view source) {
  const auto parsed = Template::parse(source);
  if (!parsed) return parsed.error().text;
  const auto text = parsed->render(test_variables(), test_time());
  return text ? text->bytes() : text.error().text;
}

// The same with what is not the template's own between ‹ and ›.
inline std::string authors(std::string_view source) {
  const auto parsed = Template::parse(source);
  if (!parsed) return parsed.error().text;
  const auto text = parsed->render(test_variables(), test_time());
  if (!text) return text.error().text;
  std::string out;
  std::size_t begin = 0;
  for (const Stretch& stretch : text->stretches()) {
    const std::string part = text->bytes().substr(begin, stretch.end - begin);
    out += stretch.parse == Parse::plain ? "‹" + part + "›" : part;
    begin = stretch.end;
  }
  return out;
}

}  // namespace shoal::text::jinja
