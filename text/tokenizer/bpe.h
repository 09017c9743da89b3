// Byte-pair encoding of one piece of text: the two neighbours whose merge was learned first are joined, the leftmost
// first, until no merge applies (Sennrich, Haddow, Birch, "Neural Machine Translation of Rare Words with Subword
// Units", ACL 2016). Immutable after construction; any thread, with a scratch for each.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "text/tokenizer/piece_cache.h"

namespace shoal::text {

class Bpe {
public:
  struct Merge {
    TokenId left = 0;
    TokenId right = 0;
    TokenId result = 0;
  };

  // Working memory of encode(), for one Bpe; reuse saves allocations and remembers pieces.
  struct Scratch {
    PieceCache pieces;
    std::vector<TokenId> ids;
    std::vector<std::uint32_t> ranks;
    std::vector<std::uint32_t> before;
    std::vector<std::uint32_t> after;
    std::vector<std::uint64_t> heap;
  };

  Bpe() = default;

  // `tokens`, the bytes of each id, outlives this object and its copies and stays where it is. `ordinary` are the ids
  // that text may yield, the single bytes among them; merges are in the order of their rank, and a pair that comes
  // twice has its later rank. With `ignores_merges` a piece that is a token is that token, whatever the merges would
  // make of it.
  Bpe(const std::vector<std::string>& tokens, std::span<const TokenId> ordinary, std::span<const Merge> merges,
      bool ignores_merges);

  // Appends the ids of `piece`. O(n log n) in its length: one piece may be a whole text (a run of Chinese, of spaces).
  void encode(std::string_view piece, Scratch& scratch, std::vector<TokenId>& out) const;

  // The ordinary token with these bytes.
  std::optional<TokenId> find(std::string_view bytes) const;

private:
  static constexpr std::uint32_t no_rank = UINT32_MAX;

  struct Slot {
    std::uint64_t pair = UINT64_MAX;
    std::uint32_t rank = no_rank;
    TokenId result = 0;
  };

  static std::uint64_t pair_of(TokenId left, TokenId right) { return std::uint64_t{left} << 32 | right; }

  void add_merge(const Merge& merge, std::uint32_t rank);
  const Slot& find_merge(TokenId left, TokenId right) const;
  void merge(std::string_view piece, Scratch& scratch, std::vector<TokenId>& out) const;
  void merge_short(std::string_view piece, Scratch& scratch, std::vector<TokenId>& out) const;
  void merge_long(std::string_view piece, Scratch& scratch, std::vector<TokenId>& out) const;

  std::unordered_map<std::string_view, TokenId> by_bytes_;
  std::vector<bool> whole_;        // by id: merging the token's own bytes gives the token
  std::vector<TokenId> byte_ids_;  // by byte
  std::vector<Slot> slots_;  // open addressing, a power of two of them, at most half full; the last is always free
  std::uint64_t mask_ = 0;
};

}  // namespace shoal::text
