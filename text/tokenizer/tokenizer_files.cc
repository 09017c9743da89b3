#include "text/tokenizer/tokenizer_files.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <system_error>

#include <xxhash.h>

#include "base/ids.h"

namespace shoal::text {
namespace {

using nlohmann::json;

// Entries of the model that would change ids if they were set.
Result<void> check_model(const JsonView& model) {
  auto type = model.string_at("type");
  SHOAL_TRY(type);
  if (*type != "BPE") return model.expected("type BPE, not " + *type);
  for (const char* affix : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    if (const auto found = model.find(affix); found && found->value() != "") return found->expected("null or \"\"");
  }
  if (const auto dropout = model.find("dropout"); dropout && dropout->value() != 0)
    return dropout->expected("null or 0");
  return {};
}

Result<void> read_tokenizer_json(const JsonView& root, TokenizerFiles& files) {
  auto model = root.at("model");
  SHOAL_TRY(model);
  SHOAL_TRY(check_model(*model));
  auto ignores_merges = model->bool_at("ignore_merges", false);
  SHOAL_TRY(ignores_merges);
  files.ignores_merges = *ignores_merges;
  if (const auto normalizer = root.find("normalizer")) {
    auto parsed = parse_normalizer(*normalizer);
    SHOAL_TRY(parsed);
    files.normalizer = *parsed;
  }
  auto stages = root.at("pre_tokenizer");
  SHOAL_TRY(stages);
  auto pre_tokenizer = PreTokenizer::parse(*stages);
  SHOAL_TRY(pre_tokenizer);
  files.pre_tokenizer = std::move(*pre_tokenizer);
  SHOAL_TRY(read_vocabulary(root, files));
  return read_merges(*model, files);
}

// A token of tokenizer_config.json: its content, or an object that has it.
Result<std::optional<TokenId>> read_token(const JsonView& config, const std::string& key, const TokenizerFiles& files) {
  const auto entry = config.find(key);
  if (!entry) return std::optional<TokenId>();
  auto content = entry->value().is_object() ? entry->string_at("content") : config.string_at(key);
  SHOAL_TRY(content);
  for (const AddedToken& token : files.added) {
    if (token.content == *content) return std::optional(token.id);
  }
  return entry->expected("an entry of tokenizer.json's added_tokens, found " + *content);
}

// One template, or a list of named ones, of which "default" counts. A flaw of it is none of the tokenizer, which serves
// raw prompts without.
ChatTemplateFile read_template(const std::filesystem::path& directory, const JsonView& config) {
  ChatTemplateFile out;
  if (std::ifstream jinja(directory / "chat_template.jinja", std::ios::binary); jinja) {
    out.name = "chat_template.jinja";
    out.source.assign(std::istreambuf_iterator<char>(jinja), {});
    if (out.source.empty()) out.flaw = "is empty or cannot be read";
    return out;
  }
  const auto entry = config.find("chat_template");
  if (!entry) {
    out.flaw = "the model has none";
  } else if (entry->value().is_string()) {
    out.source = entry->value().get<std::string>();
    if (out.source.empty()) out.flaw = "is empty";
  } else {
    out.flaw = "expected a text, or a list with a template named default";
    for (const json& one : entry->value().is_array() ? entry->value() : json::array()) {
      if (!one.is_object() || one.value("name", json()) != "default" || !one.value("template", json()).is_string()) {
        continue;
      }
      out.source = one.at("template").get<std::string>();
      out.flaw.clear();
    }
  }
  return out;
}

// As transformers hands them to templates. Those that are null or absent are not named.
void read_named_tokens(const json& config, TokenizerFiles& files) {
  for (const char* name :
       {"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"}) {
    const auto found = config.find(name);
    if (found == config.end()) continue;
    const json content = found->is_object() ? found->value("content", json()) : *found;
    if (content.is_string()) files.named_tokens.emplace_back(name, content.get<std::string>());
  }
}

Result<void> read_config(const JsonView& config, TokenizerFiles& files) {
  auto bos = read_token(config, "bos_token", files);
  SHOAL_TRY(bos);
  files.bos = *bos;
  auto adds_bos = config.bool_at("add_bos_token", true);
  SHOAL_TRY(adds_bos);
  files.adds_bos = *adds_bos;
  auto eos = read_token(config, "eos_token", files);
  SHOAL_TRY(eos);
  if (*eos) files.eos.push_back(**eos);
  read_named_tokens(config.value(), files);
  return {};
}

// eos_token_id is one id or an array of them, and goes before what was known of fewer files: generation_config.json,
// then config.json, then the tokenizer's own eos_token. The engine reads in the same order.
Result<void> read_eos_ids(const JsonView& config, TokenizerFiles& files) {
  const auto entry = config.find("eos_token_id");
  if (!entry || entry->value().is_null()) return {};
  files.eos.clear();
  const json ids = entry->value().is_array() ? entry->value() : json::array({entry->value()});
  for (const json& id : ids) {
    if (!id.is_number_unsigned() || id.get<std::uint64_t>() > token_id_max) return entry->expected("token ids");
    files.eos.push_back(id.get<TokenId>());
  }
  return {};
}

// Everything that ids, templates and end ids follow from, in one canonical order (objects are sorted by key).
std::string digest_of(const json& root, const TokenizerFiles& files) {
  json relevant;
  for (const char* key : {"added_tokens", "model", "normalizer", "pre_tokenizer"}) {
    relevant[key] = root.contains(key) ? root.at(key) : json();
  }
  relevant["bos"] = files.bos ? json(*files.bos) : json();
  relevant["adds_bos"] = files.adds_bos;
  relevant["eos"] = files.eos;
  relevant["chat_template"] = files.chat_template.source;
  for (const auto& [name, content] : files.named_tokens) relevant["named_tokens"][name] = content;
  const std::string text = relevant.dump();
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return to_hex(hash.high64) + to_hex(hash.low64);
}

}  // namespace

Result<TokenizerFiles> read_tokenizer_files(const std::filesystem::path& directory) {
  const std::filesystem::path main_file = directory / "tokenizer.json";
  auto root = read_json(main_file);
  SHOAL_TRY(root);
  TokenizerFiles files;
  SHOAL_TRY(read_tokenizer_json(JsonView(*root, main_file.string()), files));

  const std::filesystem::path config_file = directory / "tokenizer_config.json";
  auto config = read_json(config_file);
  SHOAL_TRY(config);
  const JsonView config_view(*config, config_file.string());
  SHOAL_TRY(read_config(config_view, files));
  std::error_code ignored;  // a file that cannot be asked for is read below, and that error is clearer
  for (const char* const name : {"config.json", "generation_config.json"}) {
    const std::filesystem::path file = directory / name;
    if (!std::filesystem::exists(file, ignored)) continue;
    auto settings = read_json(file);
    SHOAL_TRY(settings);
    SHOAL_TRY(read_eos_ids(JsonView(*settings, file.string()), files));
  }
  files.chat_template = read_template(directory, config_view);
  std::sort(files.eos.begin(), files.eos.end());
  files.eos.erase(std::unique(files.eos.begin(), files.eos.end()), files.eos.end());
  if (files.eos.empty()) return config_view.expected("an eos_token: without one no answer ends");
  files.digest = digest_of(*root, files);
  return files;
}

}  // namespace shoal::text
