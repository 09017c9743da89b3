#include "config/depth.h"

#include <algorithm>

#include "base/utf8.h"

namespace shoal::config {
namespace {

// How many bytes a string or comment takes that begins at text[0]; 0 if none begins there.
std::size_t opaque_bytes(std::string_view text) {
  if (text[0] == '#') return std::min(text.find('\n'), text.size());
  if (text[0] != '"' && text[0] != '\'') return 0;
  const bool escapes = text[0] == '"';
  const bool many_lines = text.starts_with(R"(""")") || text.starts_with("'''");
  const std::string_view end = text.substr(0, many_lines ? 3 : 1);
  for (std::size_t i = end.size(); i < text.size(); ++i) {
    if (escapes && text[i] == '\\') {
      ++i;
    } else if (text.substr(i).starts_with(end)) {
      i += end.size();
      while (many_lines && i < text.size() && text[i] == end[0]) ++i;  // up to two quotes may stand before the end
      return i;
    } else if (!many_lines && text[i] == '\n') {
      return i;
    }
  }
  return text.size();
}

}  // namespace

std::size_t depth_of_toml(std::string_view text) {
  std::size_t deepest = 0;
  std::size_t open = 0;
  std::size_t dots = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (const std::size_t skipped = opaque_bytes(text.substr(i))) {
      i += skipped;
      continue;
    }
    switch (text[i++]) {
      case '[':
      case '{':
        ++open;
        dots = 0;
        break;
      case ']':
      case '}':
        open -= open > 0;
        dots = 0;
        break;
      case '.':
        ++dots;
        break;
      case '=':
      case ',':
      case '\n':
        dots = 0;
        break;
      default:
        break;
    }
    deepest = std::max({deepest, open, dots});
  }
  return deepest;
}

std::size_t foreign_line(std::string_view text) {
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t bytes = std::min(text.find('\n'), text.size() - 1) + 1;
    if (!is_utf8(text.substr(0, bytes))) return line;
    text.remove_prefix(bytes);
  }
  return 0;
}

}  // namespace shoal::config
