// Text to token ids and back, for byte-level BPE tokenizers as Hugging Face's tokenizer.json describes them. Immutable
// after loading: any number of threads may use one object at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "text/prompt_text.h"
#include "text/tokenizer/tokenizer_files.h"

namespace shoal::text {

class Tokenizer {
public:
  static constexpr std::size_t all = SIZE_MAX;

  // Reads a model directory (tokenizer/tokenizer_files.h says which files). Errors (bad_checkpoint) name file, entry
  // and expectation. Takes about 0.6 s for a vocabulary of 128,000.
  static Result<std::shared_ptr<const Tokenizer>> load(const std::filesystem::path& directory);

  // The tokenizer of the model `bytes`: ids 0 to 255 are bytes, 256 ends an answer.
  static std::shared_ptr<const Tokenizer> bytes_tokenizer();

  // `bytes` or a model directory, as the setting `model` has it.
  static Result<std::shared_ptr<const Tokenizer>> open(const std::string& model);

  // Appends the ids of `text`; nothing is put before or after them. O(n log n). Errors (invalid_request): `text` is not
  // UTF-8 (the sentence says at which byte), or an expression gave up; `out` is as before then. Whoever takes no more
  // than `ids_max` ids gets a few more of a longer text, and the rest of that is not read.
  Result<void> encode(std::string_view text, Parse parse, std::vector<TokenId>& out, std::size_t ids_max = all) const;
  Result<std::vector<TokenId>> encode(std::string_view text, Parse parse) const;
  // The same for a text of several authors: it is cut and merged as one text, and a control token is recognised only
  // where the template wrote all of its spelling.
  Result<void> encode(const PromptText& text, std::vector<TokenId>& out, std::size_t ids_max = all) const;

  // The bytes that an id stands for, maybe a part of a character only; none for an id that the tokenizer does not have
  // (a model's vocabulary may be padded). Lives as long as the tokenizer.
  std::string_view bytes(TokenId id) const;

  // The bytes of all ids, special ones included.
  std::string decode(std::span<const TokenId> ids) const;

  // Invisible in output.
  bool is_special(TokenId id) const { return id < flags_.size() && (flags_[id] & special_flag) != 0; }
  // Steers the model; text/tokenizer/added_tokens.h has the rule. Special tokens are control tokens.
  bool is_control(TokenId id) const { return id < flags_.size() && (flags_[id] & control_flag) != 0; }

  // The id of the added token with this content, or of the ordinary token with these bytes.
  std::optional<TokenId> id_of(std::string_view content) const;

  // One more than the largest id.
  std::uint32_t vocab_size() const { return static_cast<std::uint32_t>(files_.tokens.size()); }

  // Any of these ends an answer. Ascending, not empty.
  std::span<const TokenId> eos_ids() const { return files_.eos; }
  // What every prompt begins with; nothing if the model has no such token.
  std::optional<TokenId> bos_id() const { return files_.bos; }
  // Whether a raw prompt begins with it too (add_bos_token).
  bool adds_bos() const { return files_.adds_bos && files_.bos.has_value(); }

  // XXH3-128 over everything in the files that ids, templates and end ids follow from: 32 lower-case hexadecimal
  // digits.
  const std::string& digest() const { return files_.digest; }

  const ChatTemplateFile& chat_template_file() const { return files_.chat_template; }
  // What tokenizer_config.json names: {"bos_token", "<s>"} and the like.
  const std::vector<std::pair<std::string, std::string>>& named_tokens() const { return files_.named_tokens; }
  bool is_bytes() const { return is_bytes_; }

  ~Tokenizer();
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

private:
  static constexpr std::uint8_t special_flag = 1;
  static constexpr std::uint8_t control_flag = 2;

  struct Work;
  class WorkPool;

  Tokenizer(TokenizerFiles files, bool is_bytes);

  void make_markers();
  std::size_t enough_bytes(std::string_view text, std::size_t ids_max) const;
  AddedTokens::Found next_marker(const AddedTokens& markers, const PromptText& text, std::size_t from) const;
  Result<void> encode_all(const PromptText& text, Work& work) const;
  Result<void> encode_normalized(const PromptText& text, Work& work) const;
  Result<void> encode_pieces(std::string_view text, Work& work) const;

  const TokenizerFiles files_;
  const bool is_bytes_;
  std::vector<std::uint8_t> flags_;  // by id
  std::size_t longest_bytes_ = 1;    // of any token
  Bpe bpe_;                          // refers to files_.tokens
  AddedTokens raw_markers_;          // sought in the text as it is, first
  AddedTokens normalized_markers_;   // sought in the normalised rest
  const std::unique_ptr<WorkPool> pool_;
};

}  // namespace shoal::text
