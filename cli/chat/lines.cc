#include "cli/chat/lines.h"

#include <poll.h>
#include <unistd.h>

namespace shoal::cli {

std::optional<std::string> Lines::next() {
  for (;;) {
    if (const std::size_t end = buffer_.find('\n'); end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    pollfd wait[] = {{STDIN_FILENO, POLLIN, 0}, {signals_.descriptor(), POLLIN, 0}};
    if (poll(wait, 2, -1) < 0) continue;
    if (signals_.next() != 0) return std::nullopt;
    if (wait[0].revents == 0) continue;
    char bytes[4096];
    const ssize_t count = read(STDIN_FILENO, bytes, sizeof bytes);
    if (count <= 0) return last_line();
    buffer_.append(bytes, static_cast<std::size_t>(count));
  }
}

// What stood after the last line end.
std::optional<std::string> Lines::last_line() {
  if (buffer_.empty()) return std::nullopt;
  std::string line;
  line.swap(buffer_);
  return line;
}

}  // namespace shoal::cli
