// A terminal that is drawn upon again and again, in place: the alternate screen, which leaves what stood before as it
// was. Lives on the main thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace shoal::cli {

struct ScreenSize {
  std::size_t rows = 24;
  std::size_t columns = 80;
};

// Of the terminal on standard output; 24 by 80 if it does not say.
ScreenSize screen_size();

// How many columns text takes: code points, which is what a terminal counts for the names and numbers that are shown.
std::size_t columns_of(const std::string& text);

// The escape sequences that draw these lines from the upper left corner on, each cut at the width, and clear the rest.
// There are never more of them than rows.
std::string drawing(const std::vector<std::string>& lines, ScreenSize size);

class Screen {
public:
  Screen();
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  void draw(const std::vector<std::string>& lines) const;
};

}  // namespace shoal::cli
