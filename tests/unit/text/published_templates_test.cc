// Published chat templates, and those of tests/templates/own, give what @huggingface/jinja gives for each conversation
// of tests/templates/conversations.json. Where that one differs from Python's Jinja, which transformers uses, Python's
// answer is the right one: those cases are listed, with the reason.
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <set>

#include <doctest/doctest.h>

#include "tests/unit/text/fixture.h"
#include "text/chat.h"

using namespace shoal;
using namespace shoal::text;

namespace {

const char* const rendered_file = std::getenv("SHOAL_RENDERED_TEMPLATES");

struct Exception {
  std::string_view name;
  std::string_view conversation;
  std::string_view why;
  std::string_view holds;  // what the right answer, text or refusal, has in it
};

constexpr std::string_view mistral_refusal = "After the optional system message, conversation roles must alternate";
constexpr std::string_view mistral_why = "it compares two booleans with !=, which JavaScript parses differently";
constexpr Exception exceptions[] = {
    {"command_r_plus default", "empty system, empty answer", "'' != false holds in Python and not in JavaScript",
     "<|SYSTEM_TOKEN|><|END_OF_TURN_TOKEN|>"},
    {"mistral_nemo", "two questions in a row", mistral_why, mistral_refusal},
    {"mistral_nemo", "answer with space around it", mistral_why, mistral_refusal},
    {"mistral_nemo", "two answers in a row", mistral_why, mistral_refusal},
    {"mistral_nemo", "system in the middle", mistral_why, mistral_refusal},
    {"mistral_nemo", "two systems", mistral_why, mistral_refusal},
};

const Exception* exception_of(const std::string& name, const std::string& conversation) {
  for (const Exception& one : exceptions) {
    if (one.name == name && one.conversation == conversation) return &one;
  }
  return nullptr;
}

std::tm friday() {
  std::tm now{};
  now.tm_year = 124;
  now.tm_mon = 6;
  now.tm_mday = 26;
  now.tm_hour = 9;
  now.tm_min = 5;
  now.tm_wday = 5;
  now.tm_yday = 207;
  return now;
}

jinja::Variables variables_of(const json& line) {
  std::vector<jinja::Value> messages;
  for (const json& message : line.at("messages")) {
    jinja::Dict one;
    one.set(jinja::make_string("role"), jinja::make_string(message.at("role").get<std::string>()));
    one.set(jinja::make_string("content"),
            jinja::make_string(PromptText(message.at("content").get<std::string>(), Parse::plain)));
    messages.push_back(jinja::make_dict(std::move(one)));
  }
  jinja::Variables variables = {{"messages", jinja::make_list(std::move(messages))},
                                {"tools", jinja::Value::Data(jinja::None{})},
                                {"documents", jinja::Value::Data(jinja::None{})},
                                {"add_generation_prompt", jinja::Value::Data(true)}};
  for (const auto& [key, content] : line.at("tokens").items()) {
    variables.emplace_back(key, jinja::make_string(content.get<std::string>()));
  }
  return variables;
}

// What people said may only stand where the template put it: all of it is marked as theirs.
bool keeps_authors(const PromptText& text, const json& messages) {
  std::string theirs;
  std::size_t begin = 0;
  for (const Stretch& stretch : text.stretches()) {
    if (stretch.parse == Parse::plain) theirs += text.bytes().substr(begin, stretch.end - begin);
    begin = stretch.end;
  }
  std::string said;
  for (const json& message : messages) said += message.at("content").get<std::string>();
  return theirs.size() <= 2 * said.size();
}

}  // namespace

TEST_CASE("published templates give what the reference gives" * doctest::skip(rendered_file == nullptr)) {
  std::ifstream file(rendered_file);
  REQUIRE(file);
  std::set<std::string> names;
  std::set<std::string> conversations;
  std::size_t met = 0;
  for (std::string text; std::getline(file, text);) {
    const json line = json::parse(text);
    const std::string name = line.at("name");
    const std::string conversation = line.at("conversation");
    CAPTURE(name);
    CAPTURE(conversation);
    names.insert(name);
    conversations.insert(conversation);
    const std::string source = line.at("source");
    const auto parsed = jinja::Template::parse(source);
    if (!parsed) {
      FAIL_CHECK(parsed.error().text);
      continue;
    }
    const auto rendered = parsed->render(variables_of(line), friday());
    const std::string ours = rendered ? rendered->bytes() : rendered.error().text;
    if (const Exception* one = exception_of(name, conversation)) {
      CHECK(ours.find(one->holds) != std::string::npos);
      CHECK(ours != line.value("text", ""));
      ++met;
    } else if (line.contains("text")) {
      CHECK(ours == line.at("text").get<std::string>());
    } else {
      const std::string refusal = line.at("error");
      REQUIRE(!rendered);
      if (source.find(refusal) != source.npos) CHECK(ours == refusal);  // else it is the other's own sentence
    }
    if (rendered) CHECK(keeps_authors(*rendered, line.at("messages")));
  }
  CHECK(met == std::size(exceptions));
  CHECK(names.size() >= 15);
  CHECK(conversations.size() >= 12);
  MESSAGE(names.size() << " templates, " << conversations.size() << " conversations each");
}

TEST_CASE("it is said when the rendered templates are not there to be compared with") {
  WARN_MESSAGE(rendered_file != nullptr,
               "SKIPPED: set SHOAL_RENDERED_TEMPLATES to what tests/templates/render.mjs wrote");
}
