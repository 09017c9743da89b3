// The file that a router's decisions are written to, as lines of JSON. It never grows for ever: past its size it is
// renamed PATH.1, in place of the one before, and a new one begins with its header. A file has one writer: the second
// router of a host with the same setting takes PATH-2. Used by one job at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "services/router/decisions/event.h"

namespace shoal::router {

class LogFile {
public:
  struct Clock {  // of the process
    std::function<Time()> now;
    std::function<std::uint64_t()> unix_ms;
  };

  // Opens it for appending to what is there already; a last line that a killed process left unfinished is taken out.
  // Fails with io if the file cannot be written.
  static Result<std::unique_ptr<LogFile>> open(const std::string& path, Clock clock,
                                               std::size_t bytes_max = limits::event_log_bytes_max);

  LogFile(const LogFile&) = delete;
  ~LogFile();

  // Another life of a router begins; before anything else is written.
  void begin(LogHeader header);

  // Whole lines or nothing: what fails (a full disk) is taken out again, said on stderr once, and the next events are
  // tried anew.
  void write(const std::vector<EventPtr>& events);

private:
  LogFile(std::string path, Clock clock, std::size_t bytes_max);

  Result<void> open_file();
  Result<void> append(const std::string& lines);
  std::string header() const;

  std::string path_;
  std::string name_;  // of the file that is open
  Clock clock_;
  std::size_t bytes_max_;
  LogHeader header_;
  std::size_t bytes_ = 0;  // of whole lines
  int file_ = -1;
  bool headed_ = false;  // its header is written
  bool complained_ = false;
};

}  // namespace shoal::router
