// Published chat templates, and those of tests/templates/own, give what @huggingface/jinja gives for each conversation
// of tests/templates/conversations.json. Where that one differs from Python's Jinja, which transformers uses, Python's
// answer is the right one: those cases are listed, with the reason.
#include <algorithm>
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
  std::string_view conversation;  // empty: every one
  std::string_view why;
  std::string_view holds;  // what the right answer, text or refusal, has in it
};

constexpr std::string_view lstrip_why = "str.lstrip(characters) strips white space";
constexpr Exception exceptions[] = {
    {"command_r_plus default", "empty system, empty answer", "'' != false holds in Python and not in JavaScript",
     "<|SYSTEM_TOKEN|><|END_OF_TURN_TOKEN|>"},
    {"collected ByteDance-Seed-OSS", "", "keys of a dictionary that are numbers are refused",
     "<seed:eos><seed:bos>assistant\n"},
    {"collected HuggingFaceTB-SmolLM3-3B", "answer with space around it", lstrip_why, "assistant\n hi <|im_end|>"},
    {"collected HuggingFaceTB-SmolLM3-3B", "white space", lstrip_why, "assistant\n b\n\n<|im_end|>"},
    {"collected NVIDIA-Nemotron-Nano-v2", "only a system", "an undefined message has a role", "line 56: "},
    {"collected Qwen-QwQ-32B", "answer with space around it", lstrip_why, "assistant\n hi <|im_end|>"},
    {"collected Qwen-QwQ-32B", "white space", lstrip_why, "assistant\n b\n\n<|im_end|>"},
    {"collected llama-cpp-deepseek-r1", "empty system, empty answer", "what is undefined has items, none, in Python",
     "<｜Assistant｜>"},
    {"collected meetkai-functionary-medium-v3.1", "", "selectattr refuses none",
     "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"},
    {"collected tencent-Hy3", "", "str.format() is not there", "<think:opensource></think:opensource>"},
};

// Of the templates that packages bring: whose models' they are, as their names tell.
constexpr std::string_view families[] = {
    "Apertus",      "Apriel",        "Bielik",      "Seed-OSS",     "command_r_plus", "c4ai-command-r7b",
    "DeepSeek-R1",  "DeepSeek-V3",   "DeepSeek-V4", "firefunction", "functionary",    "gemma-2",
    "gemma3",       "gemma-4",       "GigaChat3",   "GLM-4",        "gpt-oss",        "granite",
    "Hermes",       "Hy3",           "internlm2",   "Kimi-K2",      "LFM2",           "llama3",
    "Llama-3.1",    "Llama-3.2",     "MiMo",        "MiniCPM5",     "MiniMax-M2",     "Ministral",
    "Mistral-Nemo", "Mistral-Small", "Nemotron",    "Phi-3.5",      "qwen1_5",        "Qwen2.5",
    "Qwen3",        "QwQ",           "Reka",        "SmolLM3",      "Solar",          "StepFun"};

const Exception* exception_of(const std::string& name, const std::string& conversation) {
  for (const Exception& one : exceptions) {
    if (one.name == name && (one.conversation.empty() || one.conversation == conversation)) return &one;
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
  std::set<const Exception*> met;
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
      met.insert(one);
    } else if (line.contains("text")) {
      CHECK(ours == line.at("text").get<std::string>());
    } else {
      const std::string refusal = line.at("error");
      CHECK(!rendered);
      if (source.find(refusal) != source.npos) CHECK(ours == refusal);  // else it is the other's own sentence
    }
    if (rendered) CHECK(keeps_authors(*rendered, line.at("messages")));
  }
  CHECK(met.size() == std::size(exceptions));
  for (const std::string_view family : families) {
    CAPTURE(family);
    CHECK(std::any_of(names.begin(), names.end(), [&](auto& name) { return name.find(family) != name.npos; }));
  }
  CHECK(names.size() >= 80);
  CHECK(conversations.size() >= 12);
  MESSAGE(names.size() << " templates, " << conversations.size() << " conversations each");
}

TEST_CASE("it is said when the rendered templates are not there to be compared with") {
  WARN_MESSAGE(rendered_file != nullptr,
               "SKIPPED: set SHOAL_RENDERED_TEMPLATES to what tests/templates/render.mjs wrote");
}
