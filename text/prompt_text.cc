#include "text/prompt_text.h"

#include <algorithm>

namespace shoal::text {
namespace {

// The stretch that holds the byte at `at`.
auto stretch_of(const std::vector<Stretch>& stretches, std::size_t at) {
  return std::upper_bound(stretches.begin(), stretches.end(), at,
                          [](std::size_t byte, const Stretch& stretch) { return byte < stretch.end; });
}

}  // namespace

Parse PromptText::parse_at(std::size_t at) const { return stretch_of(stretches_, at)->parse; }

bool PromptText::is_all(Parse parse, std::size_t begin, std::size_t end) const {
  const auto stretch = stretch_of(stretches_, begin);
  return stretch->parse == parse && stretch->end >= end;
}

void PromptText::append(std::string_view bytes, Parse parse) {
  if (bytes.empty()) return;
  bytes_.append(bytes);
  if (!stretches_.empty() && stretches_.back().parse == parse) {
    stretches_.back().end = bytes_.size();
  } else {
    stretches_.push_back({bytes_.size(), parse});
  }
}

void PromptText::append(const PromptText& other, std::size_t begin, std::size_t end) {
  const std::string_view bytes = other.bytes_;
  for (auto stretch = stretch_of(other.stretches_, begin); begin < end; ++stretch) {
    const std::size_t until = std::min(end, stretch->end);
    append(bytes.substr(begin, until - begin), stretch->parse);
    begin = until;
  }
}

PromptText PromptText::part(std::size_t begin, std::size_t end) const {
  PromptText out;
  out.append(*this, begin, end);
  return out;
}

}  // namespace shoal::text
