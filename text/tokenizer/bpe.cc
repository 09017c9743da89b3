#include "text/tokenizer/bpe.h"

#include <algorithm>
#include <bit>
#include <functional>

#include "base/check.h"

namespace shoal::text {
namespace {

constexpr std::size_t short_bytes_max = 48;  // a scan of all pairs beats a heap up to about here

// The upper bits of a multiplicative hash: only they depend on both ids.
std::uint64_t spread(std::uint64_t pair) { return pair * 0x9E3779B97F4A7C15ULL >> 40; }

}  // namespace

Bpe::Bpe(const std::vector<std::string>& tokens, std::span<const TokenId> ordinary, std::span<const Merge> merges,
         bool ignores_merges)
    : whole_(tokens.size()),
      byte_ids_(256),
      slots_(std::bit_ceil(std::max<std::size_t>(2 * merges.size(), 16))),
      mask_(slots_.size() - 1) {
  by_bytes_.reserve(ordinary.size());
  for (const TokenId id : ordinary) {
    by_bytes_.emplace(tokens[id], id);
    if (tokens[id].size() == 1) byte_ids_[static_cast<std::uint8_t>(tokens[id].front())] = id;
  }
  for (std::size_t rank = 0; rank < merges.size(); ++rank) add_merge(merges[rank], static_cast<std::uint32_t>(rank));

  // Most pieces of a text are tokens. Whether merging a token's bytes ends in that token is settled here once, so that
  // encode() needs one look-up for them.
  Scratch scratch;
  std::vector<TokenId> ids;
  for (const TokenId id : ordinary) {
    ids.clear();
    if (!ignores_merges) merge(tokens[id], scratch, ids);
    whole_[id] = ignores_merges || (ids.size() == 1 && ids.front() == id);
  }
}

void Bpe::add_merge(const Merge& merge, std::uint32_t rank) {
  const std::uint64_t pair = pair_of(merge.left, merge.right);
  std::uint64_t at = spread(pair) & mask_;
  while (slots_[at].rank != no_rank && slots_[at].pair != pair) at = (at + 1) & mask_;
  slots_[at] = {.pair = pair, .rank = rank, .result = merge.result};
}

const Bpe::Slot& Bpe::find_merge(TokenId left, TokenId right) const {
  const std::uint64_t pair = pair_of(left, right);
  std::uint64_t at = spread(pair) & mask_;
  while (slots_[at].rank != no_rank && slots_[at].pair != pair) at = (at + 1) & mask_;
  return slots_[at];
}

std::optional<TokenId> Bpe::find(std::string_view bytes) const {
  const auto found = by_bytes_.find(bytes);
  if (found == by_bytes_.end()) return std::nullopt;
  return found->second;
}

void Bpe::encode(std::string_view piece, Scratch& scratch, std::vector<TokenId>& out) const {
  if (scratch.pieces.append(piece, out)) return;
  const std::size_t before = out.size();
  const auto found = by_bytes_.find(piece);
  if (found != by_bytes_.end() && whole_[found->second]) {
    out.push_back(found->second);
  } else {
    merge(piece, scratch, out);
  }
  scratch.pieces.keep(piece, std::span(out).subspan(before));
}

void Bpe::merge(std::string_view piece, Scratch& scratch, std::vector<TokenId>& out) const {
  if (piece.size() <= short_bytes_max) return merge_short(piece, scratch, out);
  merge_long(piece, scratch, out);
}

// ranks[i] is the rank of merging ids[i] with ids[i + 1].
void Bpe::merge_short(std::string_view piece, Scratch& scratch, std::vector<TokenId>& out) const {
  auto& ids = scratch.ids;
  auto& ranks = scratch.ranks;
  ids.clear();
  for (const char byte : piece) ids.push_back(byte_ids_[static_cast<std::uint8_t>(byte)]);
  ranks.assign(ids.size(), no_rank);
  const auto rank_at = [&](std::size_t i) {
    return i + 1 < ids.size() ? find_merge(ids[i], ids[i + 1]).rank : no_rank;
  };
  for (std::size_t i = 0; i < ids.size(); ++i) ranks[i] = rank_at(i);
  while (true) {
    const auto best = std::min_element(ranks.begin(), ranks.end());  // the first of equals: the leftmost
    if (best == ranks.end() || *best == no_rank) break;
    const auto i = static_cast<std::size_t>(best - ranks.begin());
    ids[i] = find_merge(ids[i], ids[i + 1]).result;
    ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    ranks.erase(ranks.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    ranks[i] = rank_at(i);
    if (i > 0) ranks[i - 1] = rank_at(i - 1);
  }
  out.insert(out.end(), ids.begin(), ids.end());
}

// A linked list of the symbols left, and a heap of rank << 32 | place of the left one. An entry is stale when the pair
// at its place has another rank by now; places only ever lose symbols to their left neighbour.
void Bpe::merge_long(std::string_view piece, Scratch& scratch, std::vector<TokenId>& out) const {
  auto& ids = scratch.ids;
  auto& ranks = scratch.ranks;
  auto& before = scratch.before;
  auto& after = scratch.after;
  auto& heap = scratch.heap;
  SHOAL_CHECK(piece.size() < UINT32_MAX);
  const auto size = static_cast<std::uint32_t>(piece.size());
  ids.resize(size);
  ranks.resize(size);
  before.resize(size);
  after.resize(size);
  heap.clear();
  for (std::uint32_t i = 0; i < size; ++i) {
    ids[i] = byte_ids_[static_cast<std::uint8_t>(piece[i])];
    before[i] = i - 1;  // of the first: never read
    after[i] = i + 1;
  }
  const auto rank_again = [&](std::uint32_t i) {
    ranks[i] = after[i] < size ? find_merge(ids[i], ids[after[i]]).rank : no_rank;
    if (ranks[i] != no_rank) heap.push_back(std::uint64_t{ranks[i]} << 32 | i);
    return ranks[i] != no_rank;
  };
  const auto push = [&](std::uint32_t i) {
    if (rank_again(i)) std::push_heap(heap.begin(), heap.end(), std::greater<>());
  };
  for (std::uint32_t i = 0; i < size; ++i) rank_again(i);
  std::make_heap(heap.begin(), heap.end(), std::greater<>());
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), std::greater<>());
    const std::uint64_t entry = heap.back();
    heap.pop_back();
    const auto i = static_cast<std::uint32_t>(entry);
    if (ranks[i] != entry >> 32) continue;
    const std::uint32_t gone = after[i];
    ids[i] = find_merge(ids[i], ids[gone]).result;
    ranks[gone] = no_rank;
    after[i] = after[gone];
    if (after[i] < size) before[after[i]] = i;
    push(i);
    if (i > 0) push(before[i]);
  }
  for (std::uint32_t i = 0; i < size; i = after[i]) out.push_back(ids[i]);
}

}  // namespace shoal::text
