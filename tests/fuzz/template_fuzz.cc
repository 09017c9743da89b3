// Any bytes as a chat template: refused by line, or rendered or not with a sentence, within bounds; and what people
// wrote never becomes the template's own.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/limits.h"
#include "text/jinja/template.h"

namespace {

using namespace shoal::text;
using namespace shoal::text::jinja;

constexpr std::string_view secret =
    "\xC4\xB1";  // a letter that no case of another letter gives, so nobody else writes it

Variables variables() {
  Dict message;
  message.set(make_string("role"), make_string("user"));
  message.set(make_string("content"),
              make_string(PromptText(std::string(secret) + " a,b\n" + std::string(secret), Parse::plain)));
  const Value one = make_dict(std::move(message));
  return {{"messages", make_list({one, one, one})},
          {"bos_token", make_string("<s>")},
          {"tools", Value::Data(None{})},
          {"add_generation_prompt", Value::Data(true)}};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view source(reinterpret_cast<const char*>(data), size);
  const auto parsed = Template::parse(source);
  if (!parsed) {
    SHOAL_CHECK(parsed.error().code == shoal::Code::bad_checkpoint);
    SHOAL_CHECK(parsed.error().text.starts_with("line "));
    return 0;
  }
  const auto rendered = parsed->render(variables(), std::tm{});
  if (!rendered) return 0;
  SHOAL_CHECK(rendered->size() <= shoal::limits::rendered_bytes_max);
  if (source.find('\\') != source.npos || source.find(secret) != source.npos) return 0;
  for (std::size_t at = rendered->bytes().find(secret); at != std::string::npos;
       at = rendered->bytes().find(secret, at + 1)) {
    SHOAL_CHECK(rendered->is_all(Parse::plain, at, at + secret.size()));
  }
  return 0;
}
