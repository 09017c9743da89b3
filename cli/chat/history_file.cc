#include "cli/chat/history_file.h"

#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <system_error>
#include <unistd.h>

namespace shoal::cli {
namespace {

namespace fs = std::filesystem;

void write_all(int file, const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t count = write(file, text.data() + at, text.size() - at);
    if (count <= 0) return;
    at += static_cast<std::size_t>(count);
  }
}

void write_file(const fs::path& path, int flags, const std::string& text) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
  if (file < 0) return;
  write_all(file, text);
  close(file);
}

fs::path path_of(const char* variable) {
  const char* const value = std::getenv(variable);
  return value == nullptr ? "" : value;
}

}  // namespace

std::vector<std::string> HistoryFile::load() const {
  std::vector<std::string> lines;
  std::ifstream file(path_);
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line.size() <= line_bytes_max) lines.push_back(std::move(line));
  }
  const std::size_t count = lines.size();
  if (count > lines_max) lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(lines_max));
  if (count >= 2 * lines_max) {
    std::string text;
    for (const std::string& line : lines) text += line + '\n';
    const fs::path fresh = path_.string() + ".new";
    write_file(fresh, O_TRUNC, text);
    std::error_code error;
    fs::rename(fresh, path_, error);
  }
  return lines;
}

void HistoryFile::add(const std::string& line) const {
  if (path_.empty() || line.empty() || line.front() == ' ' || line.size() > line_bytes_max) return;
  std::error_code error;
  fs::create_directories(path_.parent_path(), error);
  write_file(path_, O_APPEND, line + '\n');
}

fs::path history_path() {
  fs::path state = path_of("XDG_STATE_HOME");
  if (!state.is_absolute()) {  // as the XDG base directory specification has it
    const fs::path home = path_of("HOME");
    if (home.empty()) return {};
    state = home / ".local/state";
  }
  return state / "shoal/history";
}

}  // namespace shoal::cli
