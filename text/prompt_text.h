// Text that remembers, byte by byte, who wrote it: the model's template, whose markers steer the model, or somebody
// else, whose text must stay text whatever it spells. Plain values; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace shoal::text {

// What a text may turn into. A user's text is always plain: whatever it spells, none of its ids is a control token.
enum class Parse : std::uint8_t {
  plain,    // control tokens (is_control) are not recognised; their spelling is text
  control,  // every added token is recognised, as Hugging Face's encode() without special tokens does
};

// The bytes from the end of the stretch before it up to `end`.
struct Stretch {
  std::size_t end = 0;
  Parse parse = Parse::plain;
  bool operator==(const Stretch&) const = default;
};

class PromptText {
public:
  PromptText() = default;
  PromptText(std::string_view bytes, Parse parse) { append(bytes, parse); }

  const std::string& bytes() const { return bytes_; }
  std::size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }

  // Ascending ends, none empty, neighbours differ, the last one ends with the text.
  const std::vector<Stretch>& stretches() const { return stretches_; }

  // Of the byte at `at`, below size().
  Parse parse_at(std::size_t at) const;

  // Whether all bytes [begin, end) are of one kind; begin < end <= size().
  bool is_all(Parse parse, std::size_t begin, std::size_t end) const;

  void append(std::string_view bytes, Parse parse);
  void append(const PromptText& other) { append(other, 0, other.size()); }
  // The bytes [begin, end) of another text; begin <= end <= other.size().
  void append(const PromptText& other, std::size_t begin, std::size_t end);

  // The bytes [begin, end), with what is known of them.
  PromptText part(std::size_t begin, std::size_t end) const;

private:
  std::string bytes_;
  std::vector<Stretch> stretches_;
};

}  // namespace shoal::text
