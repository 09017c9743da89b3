#include "services/router/log_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include "services/router/event_json.h"

namespace shoal::router {
namespace {

Error io_error(const std::string& path) {
  return Error{Code::io, "event_log: cannot write " + path + ": " + std::strerror(errno)};
}

// How many of the file's first bytes are whole lines.
std::size_t whole_lines(int file, std::size_t bytes) {
  std::array<char, 65'536> block;
  while (bytes > 0) {
    const std::size_t count = std::min(bytes, block.size());
    const ssize_t got = pread(file, block.data(), count, static_cast<off_t>(bytes - count));
    if (got != static_cast<ssize_t>(count)) return 0;
    for (std::size_t i = count; i > 0; --i) {
      if (block[i - 1] == '\n') return bytes - count + i;
    }
    bytes -= count;
  }
  return 0;
}

}  // namespace

LogFile::LogFile(std::string path, LogHeader header, Clock clock, std::size_t bytes_max)
    : path_(std::move(path)), header_(std::move(header)), clock_(std::move(clock)), bytes_max_(bytes_max) {}

LogFile::LogFile(LogFile&& other) noexcept
    : path_(std::move(other.path_)),
      header_(std::move(other.header_)),
      clock_(std::move(other.clock_)),
      bytes_max_(other.bytes_max_),
      bytes_(other.bytes_),
      file_(std::exchange(other.file_, -1)) {}

LogFile::~LogFile() {
  if (file_ >= 0) close(file_);
}

Result<LogFile> LogFile::open(std::string path, LogHeader header, Clock clock, std::size_t bytes_max) {
  LogFile log(std::move(path), std::move(header), std::move(clock), bytes_max);
  SHOAL_TRY(log.begin());
  return log;
}

// Requests stand in the log, and whoever knows a request's id can go on with it: nobody else may read it.
Result<void> LogFile::begin() {
  file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const off_t end = file_ < 0 ? -1 : lseek(file_, 0, SEEK_END);
  if (end < 0) return io_error(path_);
  bytes_ = whole_lines(file_, static_cast<std::size_t>(end));
  if (ftruncate(file_, static_cast<off_t>(bytes_)) != 0) return io_error(path_);
  return append(header_line(header_, clock_.unix_ms(), clock_.now()) + '\n');
}

Result<void> LogFile::append(const std::string& lines) {
  for (std::size_t written = 0; written < lines.size();) {
    const ssize_t count = ::write(file_, lines.data() + written, lines.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const Error error = io_error(path_);
      if (ftruncate(file_, static_cast<off_t>(bytes_)) != 0) return io_error(path_);
      return error;
    }
    written += static_cast<std::size_t>(count);
  }
  bytes_ += lines.size();
  return {};
}

Result<void> LogFile::rotate() {
  if (std::rename(path_.c_str(), (path_ + ".1").c_str()) != 0) return io_error(path_);
  close(std::exchange(file_, -1));
  return begin();
}

void LogFile::write(const std::vector<EventPtr>& events) {
  std::string lines;
  for (const EventPtr& event : events) lines += event_line(*event) + '\n';
  Result<void> done;
  if (file_ < 0) {
    done = begin();  // after a rotation that failed half-way
  } else if (bytes_ + lines.size() > bytes_max_) {
    done = rotate();
  }
  if (done) done = append(lines);
  if (!done && !std::exchange(complained_, true)) {
    std::fprintf(stderr, "event=log_failed text=\"%s\"\n", done.error().text.c_str());
  }
  if (done) complained_ = false;
}

}  // namespace shoal::router
