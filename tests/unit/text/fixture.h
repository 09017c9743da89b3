// Model directories that a test writes for itself: a byte-level tokenizer with the merges and added tokens that it asks
// for.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "text/tokenizer.h"
#include "text/tokenizer/byte_alphabet.h"

namespace shoal::text {

using nlohmann::json;

// The expressions of DeepSeek-V3, stage by stage.
inline json v3_pre_tokenizer() {
  const auto split = [](const char* expression) {
    return json{{"type", "Split"}, {"pattern", {{"Regex", expression}}}, {"behavior", "Isolated"}, {"invert", false}};
  };
  return {{"type", "Sequence"},
          {"pretokenizers",
           {split("\\p{N}{1,3}"),
            split("[一-龥぀-ゟ゠-ヿ]+"),
            split("[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| "
                  "?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"),
            {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}}}}};
}

inline json byte_level(bool use_regex = false) {
  return {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", use_regex}};
}

inline json added_token(TokenId id, std::string_view content, bool special) {
  return {{"id", id}, {"content", content}, {"special", special}, {"normalized", false}};
}

inline constexpr TokenId bos = 1000;
inline constexpr TokenId eos = 1001;
inline constexpr TokenId user = 1002;
inline constexpr TokenId assistant = 1003;
inline constexpr TokenId think = 1004;
inline constexpr TokenId think_end = 1005;

// tokenizer.json: ids 0 to 255 are the bytes, merges get the ids from 256 on, markers those above.
inline json tokenizer_json(const std::vector<std::pair<std::string, std::string>>& merges = {}) {
  json vocabulary = json::object();
  for (int byte = 0; byte < 256; ++byte) vocabulary[token_of_bytes(std::string(1, static_cast<char>(byte)))] = byte;
  json list = json::array();
  TokenId next = 256;
  for (const auto& [left, right] : merges) {
    const std::string merged = token_of_bytes(left + right);
    if (!vocabulary.contains(merged)) vocabulary[merged] = next++;
    list.push_back(token_of_bytes(left) + " " + token_of_bytes(right));
  }
  return {{"added_tokens",
           {added_token(bos, "<｜begin▁of▁sentence｜>", true), added_token(eos, "<｜end▁of▁sentence｜>", true),
            added_token(user, "<｜User｜>", false), added_token(assistant, "<｜Assistant｜>", false),
            added_token(think, "<think>", false), added_token(think_end, "</think>", false)}},
          {"normalizer", nullptr},
          {"pre_tokenizer", byte_level()},
          {"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", list}}}};
}

// What DeepSeek-V3's and -R1's templates do with messages, in fewer words: V3 joins system texts, R1 takes the last
// one, drops reasoning from history and begins it in the answer.
inline constexpr std::string_view v3_template =
    "{% set ns = namespace(system='', first=true) %}{% for m in messages if m.role == 'system' %}"
    "{% set ns.system = ns.system + ('' if ns.first else '\n\n') + m.content %}{% set ns.first = false %}{% endfor %}"
    "{{ bos_token }}{{ ns.system }}{% for m in messages %}{% if m.role == 'user' %}{{ '<｜User｜>' + m.content }}"
    "{% elif m.role == 'assistant' %}{{ '<｜Assistant｜>' + m.content + eos_token }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<｜Assistant｜>' }}{% endif %}";
inline constexpr std::string_view r1_template =
    "{% set ns = namespace(system='') %}{% for m in messages if m.role == 'system' %}{% set ns.system = m.content %}"
    "{% endfor %}{{ bos_token }}{{ ns.system }}{% for m in messages %}{% if m.role == 'user' %}"
    "{{ '<｜User｜>' + m.content }}{% elif m.role == 'assistant' %}{{ '<｜Assistant｜>' + "
    "m['content'].split('</think>')[-1] + eos_token }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<｜Assistant｜><think>\n' }}{% endif %}";

inline json config_json(std::string_view chat_template = r1_template) {
  return {{"bos_token", "<｜begin▁of▁sentence｜>"},
          {"eos_token", {{"content", "<｜end▁of▁sentence｜>"}}},
          {"chat_template", chat_template}};
}

// A directory of its own, gone with the object.
class Directory {
public:
  Directory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "shoal-text-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() {
    std::error_code left_behind;
    std::filesystem::remove_all(path_, left_behind);
  }

  const std::filesystem::path& path() const { return path_; }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path_ / name) << text; }

private:
  std::filesystem::path path_;
};

inline Result<std::shared_ptr<const Tokenizer>> try_load(const json& tokenizer, const json& config = config_json()) {
  const Directory directory;
  directory.write("tokenizer.json", tokenizer.dump());
  directory.write("tokenizer_config.json", config.dump());
  return Tokenizer::load(directory.path());
}

// The pieces of the loaded tokenizer as text, one for each id.
inline std::vector<std::string> spelled(const Tokenizer& tokenizer, const std::vector<TokenId>& ids) {
  std::vector<std::string> out;
  for (const TokenId id : ids) out.emplace_back(tokenizer.bytes(id));
  return out;
}

}  // namespace shoal::text
