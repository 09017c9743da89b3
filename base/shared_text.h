// Bytes that are written once and read by whoever holds a copy, which costs no more than a count. Any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace shoal {

class SharedText {
public:
  SharedText() = default;
  SharedText(std::string bytes) : bytes_(std::make_shared<const std::string>(std::move(bytes))) {}  // NOLINT: a value

  std::string_view view() const { return bytes_ ? std::string_view(*bytes_) : std::string_view(); }
  std::size_t size() const { return view().size(); }

  friend bool operator==(const SharedText& a, std::string_view b) { return a.view() == b; }

private:
  std::shared_ptr<const std::string> bytes_;
};

}  // namespace shoal
