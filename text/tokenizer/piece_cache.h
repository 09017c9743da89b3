// The ids of short pieces that were met before. Text repeats its words, so most pieces are found here in a few
// instructions instead of being merged again. Direct-mapped: a piece takes the place of another one with its hash.
// Belongs to one vocabulary. Not thread-safe.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "base/ids.h"

namespace shoal::text {

class PieceCache {
public:
  // Appends the ids of `piece` if they are here.
  bool append(std::string_view piece, std::vector<TokenId>& out) const {
    if (piece.size() > piece_bytes_max || entries_.empty()) return false;
    const Key key = key_of(piece);
    const Entry& entry = entries_[slot_of(key)];
    if (entry.key != key) return false;
    out.insert(out.end(), entry.ids.begin(), entry.ids.begin() + entry.count);
    return true;
  }

  // Longer pieces, and pieces of more ids than an entry holds, are not kept.
  void keep(std::string_view piece, std::span<const TokenId> ids) {
    if (piece.size() > piece_bytes_max || ids.size() > ids_max) return;
    if (entries_.empty()) entries_.resize(entry_count);
    const Key key = key_of(piece);
    Entry& entry = entries_[slot_of(key)];
    entry.key = key;
    entry.count = static_cast<std::uint32_t>(ids.size());
    std::copy(ids.begin(), ids.end(), entry.ids.begin());
  }

private:
  static constexpr std::size_t entry_count = 8192;  // of 48 bytes
  static constexpr std::size_t piece_bytes_max = 15;
  static constexpr std::size_t ids_max = 7;

  using Key = std::array<std::uint64_t, 2>;  // the bytes, zeros after them, and their number in the last byte
  struct Entry {
    Key key{};  // no piece is empty, so no piece has this key
    std::uint32_t count = 0;
    std::array<TokenId, ids_max> ids{};
  };

  static Key key_of(std::string_view piece) {
    std::array<char, sizeof(Key)> bytes{};
    std::memcpy(bytes.data(), piece.data(), piece.size());
    bytes.back() = static_cast<char>(piece.size());
    return std::bit_cast<Key>(bytes);
  }

  static std::size_t slot_of(const Key& key) {
    const std::uint64_t mixed = (key[0] ^ std::rotl(key[1], 29)) * 0x9E3779B97F4A7C15ULL;
    return mixed >> (64 - std::countr_zero(entry_count));
  }

  std::vector<Entry> entries_;
};

}  // namespace shoal::text
