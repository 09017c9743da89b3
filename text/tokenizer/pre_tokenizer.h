// Cuts text into the pieces that merges never cross: the `pre_tokenizer` of tokenizer.json. Each stage cuts inside the
// pieces of the stage before, so an expression's ^, $ and lookaheads see the borders of a piece and not of the text.
// Immutable after parsing; any thread.
#pragma once

#include <string_view>
#include <vector>

#include "text/json_view.h"
#include "text/tokenizer/regex.h"

namespace shoal::text {

class PreTokenizer {
public:
  using Scratch = std::vector<RegexScratch>;  // one for each stage

  // No stages: the whole text is one piece.
  PreTokenizer() = default;

  // Reads `Sequence`, `Split` (Isolated; an expression or a string), `Digits` and `ByteLevel`; the last stage must be
  // ByteLevel, because the merges are over bytes. Errors (bad_checkpoint) name the entry and what would be understood.
  static Result<PreTokenizer> parse(const JsonView& pre_tokenizer);

  Scratch make_scratch() const;

  // Calls `piece` for every piece of `text` in order, until one returns false; all together they are `text`, none is
  // empty. `text` is well-formed UTF-8. Whether all were visited; fails only when an expression gives up.
  template <class Piece>
  Result<bool> split(std::string_view text, const Scratch& scratch, Piece&& piece) const {
    return split_from(0, text, scratch, piece);
  }

private:
  Result<void> add(const JsonView& stage);
  Result<void> add_split(const JsonView& stage);
  Result<void> add_byte_level(const JsonView& stage);
  Result<void> add_expression(std::string_view expression, const JsonView& where);

  template <class Piece>
  Result<bool> split_from(std::size_t stage, std::string_view text, const Scratch& scratch, Piece& piece) const {
    if (text.empty()) return true;
    if (stage == stages_.size()) return piece(text);
    std::size_t done = 0;
    while (done < text.size()) {  // a match and the gap before it are pieces both
      auto match = stages_[stage].next(text, done, scratch[stage]);
      SHOAL_TRY(match);
      const Match found = match->value_or(Match{text.size(), text.size()});
      auto goes_on = split_from(stage + 1, text.substr(done, found.begin - done), scratch, piece);
      if (!goes_on || !*goes_on) return goes_on;
      goes_on = split_from(stage + 1, text.substr(found.begin, found.end - found.begin), scratch, piece);
      if (!goes_on || !*goes_on) return goes_on;
      done = found.end;
    }
    return true;
  }

  std::vector<Regex> stages_;
  bool ends_in_bytes_ = false;  // ByteLevel was read
};

}  // namespace shoal::text
