// Tokens that are found in the text before anything else: markers such as <｜User｜>, and whole strings that a
// tokenizer adds to its vocabulary. Immutable; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ids.h"

namespace shoal::text {

struct AddedToken {
  TokenId id = 0;
  std::string content;
  bool special = false;     // invisible in output
  bool normalized = false;  // sought in the normalised text instead of the raw one
};

// Whether the token steers the model instead of standing for its text, so that a user's text must not yield it. The
// flag `special` does not tell: <｜User｜> and <think> lack it. A token that is not special is taken for text only when
// it is one code point or has letters, marks, digits and spaces alone.
bool is_control(const AddedToken& token);

// Finds tokens from left to right, the longest of those that begin at one place. Time is linear in the text, times the
// longest token.
class AddedTokens {
public:
  AddedTokens() = default;
  explicit AddedTokens(std::span<const AddedToken> tokens);

  bool empty() const { return nodes_.empty(); }

  struct Found {
    std::size_t begin = 0;  // bytes; text.size() when there is none
    std::size_t end = 0;
    TokenId id = 0;
  };

  // The first token that begins at byte `from` or later and may stand there. `may_be` is asked for each that is found.
  Found next(std::string_view text, std::size_t from, const std::function<bool(const Found&)>& may_be) const;

private:
  using Node = std::uint32_t;
  static constexpr Node none = UINT32_MAX;

  static std::uint64_t edge(Node from, char byte) { return std::uint64_t{from} << 8 | static_cast<std::uint8_t>(byte); }

  std::vector<std::int64_t> nodes_;                // the id of the token that ends at this node of the trie, or -1
  std::unordered_map<std::uint64_t, Node> edges_;  // edge(node, byte) -> node
  std::array<Node, 256> first_{};                  // the edges of the root
};

}  // namespace shoal::text
