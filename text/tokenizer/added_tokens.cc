#include "text/tokenizer/added_tokens.h"

#include <utf8proc.h>

#include "text/utf8.h"

namespace shoal::text {
namespace {

bool is_wordlike(std::string_view code_point) {
  utf8proc_int32_t number = 0;
  if (utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(code_point.data()),
                       static_cast<utf8proc_ssize_t>(code_point.size()), &number) <= 0) {
    return false;
  }
  const auto category = utf8proc_category(number);
  return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO) || category == UTF8PROC_CATEGORY_ZS ||
         number == '\n' || number == '\r' || number == '\t';
}

}  // namespace

bool is_control(const AddedToken& token) {
  if (token.special) return true;
  std::string_view rest = token.content;
  if (rest.size() == code_point_bytes(rest)) return false;
  for (std::size_t bytes = 0; !rest.empty(); rest.remove_prefix(bytes)) {
    bytes = code_point_bytes(rest);
    if (!is_wordlike(rest.substr(0, bytes))) return true;
  }
  return false;
}

AddedTokens::AddedTokens(std::span<const AddedToken> tokens) {
  if (tokens.empty()) return;
  first_.fill(none);
  nodes_.push_back(-1);
  for (const AddedToken& token : tokens) {
    Node at = 0;
    for (const char byte : token.content) {
      const auto [found, is_new] = edges_.try_emplace(edge(at, byte), static_cast<Node>(nodes_.size()));
      if (is_new) nodes_.push_back(-1);
      if (at == 0) first_[static_cast<std::uint8_t>(byte)] = found->second;
      at = found->second;
    }
    nodes_[at] = token.id;
  }
}

AddedTokens::Found AddedTokens::next(std::string_view text, std::size_t from,
                                     const std::function<bool(const Found&)>& may_be) const {
  for (std::size_t begin = nodes_.empty() ? text.size() : from; begin < text.size(); ++begin) {
    Node at = first_[static_cast<std::uint8_t>(text[begin])];
    Found longest{.begin = begin, .end = begin};
    for (std::size_t i = begin + 1; at != none; ++i) {
      if (nodes_[at] >= 0) {
        const Found found{.begin = begin, .end = i, .id = static_cast<TokenId>(nodes_[at])};
        if (may_be(found)) longest = found;
      }
      if (i == text.size()) break;
      const auto found = edges_.find(edge(at, text[i]));
      at = found == edges_.end() ? none : found->second;
    }
    if (longest.end > begin) return longest;
  }
  return {.begin = text.size(), .end = text.size()};
}

}  // namespace shoal::text
