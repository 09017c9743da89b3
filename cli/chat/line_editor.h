// A line of a terminal, typed and edited: cursor keys, search, what was typed before. libedit does the editing; here it
// is told of signals, and what it needs to know of the terminal's bytes. Lives on the main thread, one at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/signals.h"

namespace shoal::cli {

class LineEditor {
public:
  // The signals, which must be blocked, are those that end it, interrupt it, stop it (SIGTSTP) or tell of another size
  // of the terminal. `history` is what the upward key brings, oldest first.
  LineEditor(Signals& signals, const std::vector<std::string>& history);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  enum class Outcome {
    line,
    interrupted,  // Ctrl-C: what stood there is dropped
    ended,        // Ctrl-D in an empty line, the terminal is gone, or a signal that ends the process
  };
  // Waits for a line, without its end.
  Outcome next(const std::string& prompt, std::string& line);

  // What the upward key brings from now on.
  void remember(const std::string& line);

private:
  struct Library;
  std::unique_ptr<Library> library_;
};

}  // namespace shoal::cli
