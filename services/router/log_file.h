// The file that a router's decisions are written to, as lines of JSON. It never grows for ever: past its size it
// becomes PATH.1, in place of the one before, and a new one begins with a header of its own. Used by one job at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "services/router/event.h"

namespace shoal::router {

class LogFile {
public:
  struct Clock {  // of the process
    std::function<Time()> now;
    std::function<std::uint64_t()> unix_ms;
  };

  // Appends to what is there already, behind a new header; a last line that a killed process left unfinished is taken
  // out. Fails with io if the file cannot be written.
  static Result<LogFile> open(std::string path, LogHeader header, Clock clock,
                              std::size_t bytes_max = limits::event_log_bytes_max);

  LogFile(LogFile&& other) noexcept;
  LogFile& operator=(LogFile&&) = delete;
  ~LogFile();

  // Whole lines or nothing: what fails (a full disk) is taken out again, said on stderr once, and tried again with the
  // next events.
  void write(const std::vector<EventPtr>& events);

private:
  LogFile(std::string path, LogHeader header, Clock clock, std::size_t bytes_max);

  Result<void> begin();
  Result<void> append(const std::string& lines);
  Result<void> rotate();

  std::string path_;
  LogHeader header_;
  Clock clock_;
  std::size_t bytes_max_;
  std::size_t bytes_ = 0;  // of whole lines
  int file_ = -1;
  bool complained_ = false;
};

}  // namespace shoal::router
