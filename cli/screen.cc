#include "cli/screen.h"

#include <algorithm>
#include <cstdio>
#include <sys/ioctl.h>
#include <unistd.h>

namespace shoal::cli {
namespace {

constexpr const char* enter = "\033[?1049h\033[?25l";  // the other screen, without a cursor
constexpr const char* leave = "\033[?25h\033[?1049l";

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

std::string cut(const std::string& line, std::size_t columns) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (begins_character(line[i]) && ++count > columns) return line.substr(0, i);
  }
  return line;
}

}  // namespace

ScreenSize screen_size() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return {};
  return {size.ws_row, size.ws_col};
}

std::size_t columns_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

std::string drawing(const std::vector<std::string>& lines, ScreenSize size) {
  std::string text = "\033[H";
  const std::size_t count = std::min(lines.size(), size.rows);
  for (std::size_t i = 0; i < count; ++i) {
    // No line end after the last one: it would scroll a screen that is full.
    text += cut(lines[i], size.columns) + "\033[K" + (i + 1 < count ? "\r\n" : "");
  }
  return text + "\033[J";
}

Screen::Screen() { std::fputs(enter, stdout); }

Screen::~Screen() {
  std::fputs(leave, stdout);
  std::fflush(stdout);
}

void Screen::draw(const std::vector<std::string>& lines) const {
  std::fputs(drawing(lines, screen_size()).c_str(), stdout);
  std::fflush(stdout);
}

}  // namespace shoal::cli
