#include <algorithm>
#include <unordered_map>

#include "text/tokenizer/byte_alphabet.h"
#include "text/tokenizer/tokenizer_files.h"

namespace shoal::text {
namespace {

Result<void> read_added(const JsonView& root, TokenizerFiles& files) {
  if (!root.find("added_tokens")) return {};
  auto entries = root.array_at("added_tokens");
  SHOAL_TRY(entries);
  for (const JsonView& entry : *entries) {
    auto id = entry.id_at("id");
    SHOAL_TRY(id);
    auto content = entry.string_at("content");
    SHOAL_TRY(content);
    auto special = entry.bool_at("special", false);
    SHOAL_TRY(special);
    auto normalized = entry.bool_at("normalized", !*special);
    SHOAL_TRY(normalized);
    if (*id > token_id_max) return entry.expected("an id of at most " + std::to_string(token_id_max));
    if (content->empty()) return entry.expected("content that is not empty");
    for (const char* flag : {"single_word", "lstrip", "rstrip"}) {
      auto set = entry.bool_at(flag, false);
      SHOAL_TRY(set);
      if (*set) return entry.expected(std::string(flag) + " false");
    }
    files.added.push_back({.id = *id, .content = std::move(*content), .special = *special, .normalized = *normalized});
  }
  std::sort(files.added.begin(), files.added.end(), [](auto& a, auto& b) { return a.id < b.id; });
  const auto twice =
      std::adjacent_find(files.added.begin(), files.added.end(), [](auto& a, auto& b) { return a.id == b.id; });
  if (twice != files.added.end()) return root.failed("added_tokens has the id " + std::to_string(twice->id) + " twice");
  return {};
}

// An added token may stand in the vocabulary too, then under the same id.
Result<void> place_added(const JsonView& root, TokenizerFiles& files, const nlohmann::json& vocabulary,
                         std::vector<bool>& taken) {
  for (const AddedToken& token : files.added) {
    const auto found = vocabulary.find(token.content);
    const bool in_vocabulary = found != vocabulary.end();
    if (in_vocabulary ? found->get<TokenId>() != token.id : token.id < taken.size() && taken[token.id]) {
      return root.failed("added_tokens and model.vocab disagree about id " + std::to_string(token.id) + " (" +
                         token.content + ")");
    }
    if (token.id >= files.tokens.size()) files.tokens.resize(token.id + 1);
    if (token.id >= taken.size()) taken.resize(token.id + 1);
    files.tokens[token.id] = token.content;
    taken[token.id] = true;
  }
  return {};
}

// Bytes that well-formed UTF-8 has; the other 13 need no token, and some vocabularies have none for them.
bool occurs_in_utf8(char byte) {
  const auto number = static_cast<unsigned char>(byte);
  return number != 0xC0 && number != 0xC1 && number < 0xF5;
}

// Ordinary tokens are those that stand for bytes and are no added tokens. All single bytes of UTF-8 are among them, so
// that every text has ids.
Result<void> collect_ordinary(const JsonView& root, TokenizerFiles& files, const std::vector<bool>& stands_for_bytes) {
  constexpr std::size_t expected = 256 - 13;
  std::size_t found = 0;
  auto added = files.added.begin();
  for (TokenId id = 0; id < stands_for_bytes.size(); ++id) {
    while (added != files.added.end() && added->id < id) ++added;
    if (!stands_for_bytes[id] || (added != files.added.end() && added->id == id)) continue;
    files.ordinary.push_back(id);
    if (files.tokens[id].size() == 1 && occurs_in_utf8(files.tokens[id].front())) ++found;
  }
  if (found == expected) return {};
  return root.failed("model.vocab: expected a token for each of the " + std::to_string(expected) +
                     " bytes of UTF-8 (byte-level BPE), found " + std::to_string(found));
}

}  // namespace

Result<void> read_vocabulary(const JsonView& root, TokenizerFiles& files) {
  SHOAL_TRY(read_added(root, files));
  auto model = root.at("model");
  SHOAL_TRY(model);
  auto vocabulary = model->at("vocab");
  SHOAL_TRY(vocabulary);
  if (!vocabulary->value().is_object()) return vocabulary->expected("an object of token to id");
  std::vector<bool> taken;
  std::vector<bool> stands_for_bytes;
  for (const auto& [token, id] : vocabulary->value().items()) {
    if (!id.is_number_unsigned() || id.get<std::uint64_t>() > token_id_max) {
      return vocabulary->failed("\"" + token + "\": expected an id of at most " + std::to_string(token_id_max));
    }
    const auto at = id.get<TokenId>();
    if (at >= files.tokens.size()) {
      files.tokens.resize(at + 1);
      taken.resize(at + 1);
      stands_for_bytes.resize(at + 1);
    }
    if (taken[at]) return vocabulary->failed("two tokens have the id " + std::to_string(at));
    auto bytes = bytes_of_token(token);
    taken[at] = true;
    stands_for_bytes[at] = bytes.has_value() && !bytes->empty();
    files.tokens[at] = bytes ? std::move(*bytes) : token;
  }
  SHOAL_TRY(place_added(root, files, vocabulary->value(), taken));
  return collect_ordinary(root, files, stands_for_bytes);
}

Result<void> read_merges(const JsonView& model, TokenizerFiles& files) {
  auto merges = model.at("merges");
  SHOAL_TRY(merges);
  if (!merges->value().is_array()) return merges->expected("an array");
  std::unordered_map<std::string_view, TokenId> ids;
  for (const TokenId id : files.ordinary) ids.emplace(files.tokens[id], id);
  const auto wrong = [&](const std::string& what) {
    return merges->failed("entry " + std::to_string(files.merges.size()) + ": expected " + what);
  };
  for (const nlohmann::json& entry : merges->value()) {
    std::string left;
    std::string right;
    if (entry.is_string()) {
      const auto& text = entry.get_ref<const std::string&>();
      const std::size_t space = text.find(' ');
      if (space == text.npos || text.find(' ', space + 1) != text.npos) return wrong("two tokens and one space");
      left = text.substr(0, space);
      right = text.substr(space + 1);
    } else if (entry.is_array() && entry.size() == 2 && entry[0].is_string() && entry[1].is_string()) {
      left = entry[0].get<std::string>();
      right = entry[1].get<std::string>();
    } else {
      return wrong("\"a b\" or [\"a\", \"b\"]");
    }
    const auto find = [&](const std::string& token) -> std::optional<TokenId> {
      const auto bytes = bytes_of_token(token);
      const auto found = bytes ? ids.find(*bytes) : ids.end();
      if (found == ids.end()) return std::nullopt;
      return found->second;
    };
    const auto left_id = find(left);
    const auto right_id = find(right);
    const std::string joined = left + right;
    const auto result = find(joined);
    if (!left_id || !right_id || !result) {
      const std::string& missing = !left_id ? left : !right_id ? right : joined;
      return wrong("tokens of model.vocab that are no added tokens; \"" + missing + "\" is none");
    }
    files.merges.push_back({.left = *left_id, .right = *right_id, .result = *result});
  }
  return {};
}

}  // namespace shoal::text
