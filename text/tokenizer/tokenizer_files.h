// What the files of a model directory say about its tokenizer, checked and in ids: tokenizer.json,
// tokenizer_config.json, and, where they exist, generation_config.json (more end ids) and chat_template.jinja. Plain
// values; any thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "text/json_view.h"
#include "text/tokenizer/added_tokens.h"
#include "text/tokenizer/bpe.h"
#include "text/tokenizer/normalizer.h"
#include "text/tokenizer/pre_tokenizer.h"

namespace shoal::text {

inline constexpr TokenId token_id_max = (1u << 20) - 1;

// The Jinja source of a model's chat template. chat_template.jinja is taken before tokenizer_config.json's entry, as
// transformers does.
struct ChatTemplateFile {
  std::string name = "tokenizer_config.json: chat_template";  // where it was found, or sought
  std::string source = {};
  std::string flaw = {};  // why there is no source, if there is none
};

struct TokenizerFiles {
  std::vector<std::string> tokens;  // by id: the bytes it stands for; empty for ids that the files skip
  std::vector<TokenId> ordinary;    // ids that text may yield by merging; ascending
  std::vector<AddedToken> added;    // ascending ids
  std::vector<Bpe::Merge> merges;   // by rank
  bool ignores_merges = false;
  Normalizer normalizer = Normalizer::none;
  PreTokenizer pre_tokenizer;
  std::optional<TokenId> bos;
  bool adds_bos = true;      // a raw prompt begins with it
  std::vector<TokenId> eos;  // not empty
  ChatTemplateFile chat_template;
  std::vector<std::pair<std::string, std::string>> named_tokens;  // "bos_token" and the like, as templates ask for them
  std::string digest;                                             // 32 lower-case hexadecimal digits
};

// Errors (bad_checkpoint) name file, entry and expectation. Nothing unknown is passed over in silence: an entry that
// would change ids and is not understood is an error.
Result<TokenizerFiles> read_tokenizer_files(const std::filesystem::path& directory);

// The parts of it, for tokenizer.json's root and for its model.
Result<void> read_vocabulary(const JsonView& root, TokenizerFiles& files);
Result<void> read_merges(const JsonView& model, TokenizerFiles& files);

}  // namespace shoal::text
