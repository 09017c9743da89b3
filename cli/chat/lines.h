// Lines of standard input where nobody edits them: a pipe, a file, or a terminal whose answers go elsewhere. Lives on
// the main thread.
#pragma once

#include <optional>
#include <string>

#include "cli/signals.h"

namespace shoal::cli {

class Lines {
public:
  explicit Lines(Signals& signals) : signals_(signals) {}

  // The next line without its end; nothing at the end of input or at a signal.
  std::optional<std::string> next();

private:
  std::optional<std::string> last_line();

  Signals& signals_;
  std::string buffer_;
};

}  // namespace shoal::cli
