#include "text/tokenizer/pre_tokenizer.h"

#include "text/tokenizer/expression.h"

namespace shoal::text {
namespace {

// GPT-2's expression, which ByteLevel applies itself when use_regex is true (Radford et al. 2019, encoder.py).
constexpr std::string_view gpt2_expression =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

}  // namespace

Result<PreTokenizer> PreTokenizer::parse(const JsonView& pre_tokenizer) {
  PreTokenizer parsed;
  SHOAL_TRY(parsed.add(pre_tokenizer));
  if (!parsed.ends_in_bytes_) return pre_tokenizer.expected("a ByteLevel stage at the end");
  return parsed;
}

PreTokenizer::Scratch PreTokenizer::make_scratch() const {
  Scratch scratch;
  for (const Regex& stage : stages_) scratch.push_back(stage.make_scratch());
  return scratch;
}

Result<void> PreTokenizer::add(const JsonView& stage) {
  auto type = stage.string_at("type");
  SHOAL_TRY(type);
  if (ends_in_bytes_) return stage.expected("no stage after ByteLevel");
  if (*type == "Sequence") {
    auto stages = stage.array_at("pretokenizers");
    SHOAL_TRY(stages);
    for (const JsonView& inner : *stages) SHOAL_TRY(add(inner));
    return {};
  }
  if (*type == "Split") return add_split(stage);
  if (*type == "ByteLevel") return add_byte_level(stage);
  if (*type == "Digits") {
    auto individual = stage.bool_at("individual_digits");
    SHOAL_TRY(individual);
    return add_expression(*individual ? R"(\p{N})" : R"(\p{N}+)", stage);
  }
  return stage.expected("type Sequence, Split, Digits or ByteLevel, not " + *type);
}

Result<void> PreTokenizer::add_split(const JsonView& stage) {
  auto behavior = stage.string_at("behavior");
  SHOAL_TRY(behavior);
  if (*behavior != "Isolated") return stage.expected("behavior Isolated, not " + *behavior);
  auto invert = stage.bool_at("invert", false);
  SHOAL_TRY(invert);
  if (*invert) return stage.expected("invert false");
  auto pattern = stage.at("pattern");
  SHOAL_TRY(pattern);
  if (pattern->find("String")) {
    auto text = pattern->string_at("String");
    SHOAL_TRY(text);
    return add_expression(quote_expression(*text), stage);
  }
  auto expression = pattern->string_at("Regex");
  SHOAL_TRY(expression);
  return add_expression(*expression, stage);
}

Result<void> PreTokenizer::add_byte_level(const JsonView& stage) {
  auto prefix_space = stage.bool_at("add_prefix_space", true);
  SHOAL_TRY(prefix_space);
  if (*prefix_space) return stage.expected("add_prefix_space false");
  auto use_regex = stage.bool_at("use_regex", true);
  SHOAL_TRY(use_regex);
  if (*use_regex) SHOAL_TRY(add_expression(gpt2_expression, stage));
  ends_in_bytes_ = true;
  return {};
}

Result<void> PreTokenizer::add_expression(std::string_view expression, const JsonView& where) {
  auto translated = translate_expression(expression);
  if (!translated) return where.failed(translated.error().text);
  auto compiled = Regex::compile(*translated);
  if (!compiled) return where.failed(compiled.error().text);
  stages_.push_back(std::move(*compiled));
  return {};
}

}  // namespace shoal::text
