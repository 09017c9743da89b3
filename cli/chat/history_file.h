// What was asked in earlier chats, one question a line, in a file that its owner alone can read. A file that cannot be
// used is none: a chat works without its history.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace shoal::cli {

class HistoryFile {
public:
  static constexpr std::size_t lines_max = 1000;
  static constexpr std::size_t line_bytes_max = 64u << 10;  // longer ones are not kept

  explicit HistoryFile(std::filesystem::path path) : path_(std::move(path)) {}

  // The newest lines_max of them, oldest first. A file that has grown to twice as many is cut to these.
  std::vector<std::string> load() const;

  // Adds a line without line ends, unless it begins with a space: that is how one asks without leaving a trace. Chats
  // that run at the same time may add to one file.
  void add(const std::string& line) const;

private:
  std::filesystem::path path_;
};

// $XDG_STATE_HOME/shoal/history, or ~/.local/state/shoal/history; empty without a home.
std::filesystem::path history_path();

}  // namespace shoal::cli
