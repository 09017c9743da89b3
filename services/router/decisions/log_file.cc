#include "services/router/decisions/log_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

#include "services/router/decisions/event_json.h"

namespace shoal::router {
namespace {

Error io_error(const std::string& path) {
  return Error{Code::io, "event_log: cannot write " + path + ": " + std::strerror(errno)};
}

constexpr std::size_t writers_max = 16;  // routers of one host with the same setting

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

LogFile::LogFile(std::string path, Clock clock, std::size_t bytes_max)
    : path_(std::move(path)), clock_(std::move(clock)), bytes_max_(bytes_max) {}

LogFile::~LogFile() {
  if (file_ >= 0) close(file_);
}

Result<std::unique_ptr<LogFile>> LogFile::open(const std::string& path, Clock clock, std::size_t bytes_max) {
  std::unique_ptr<LogFile> log(new LogFile(path, std::move(clock), bytes_max));
  SHOAL_TRY(log->open_file());
  return log;
}

void LogFile::begin(LogHeader header) {
  header_ = std::move(header);
  write({});
}

// Requests stand in the log, and whoever knows a request's id can go on with it: nobody else may read it.
Result<void> LogFile::open_file() {
  for (std::size_t number = 1; number <= writers_max; ++number) {
    name_ = number == 1 ? path_ : path_ + "-" + std::to_string(number);
    file_ = ::open(name_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file_ < 0) return io_error(name_);
    if (flock(file_, LOCK_EX | LOCK_NB) == 0) break;
    close(std::exchange(file_, -1));  // another router of this host writes it
  }
  const off_t end = file_ < 0 ? -1 : lseek(file_, 0, SEEK_END);
  if (end < 0) return io_error(name_);
  bytes_ = whole_lines(file_, static_cast<std::size_t>(end));
  if (ftruncate(file_, static_cast<off_t>(bytes_)) != 0) return io_error(name_);
  headed_ = false;
  return {};
}

std::string LogFile::header() const { return header_line(header_, clock_.unix_ms(), clock_.now()) + '\n'; }

Result<void> LogFile::append(const std::string& lines) {
  for (std::size_t written = 0; written < lines.size();) {
    const ssize_t count = ::write(file_, lines.data() + written, lines.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const Error error = io_error(name_);
      if (ftruncate(file_, static_cast<off_t>(bytes_)) != 0) return io_error(name_);
      return error;
    }
    written += static_cast<std::size_t>(count);
  }
  bytes_ += lines.size();
  return {};
}

void LogFile::write(const std::vector<EventPtr>& events) {
  std::string lines;
  for (const EventPtr& event : events) lines += event_line(*event) + '\n';
  Result<void> done;
  if (file_ >= 0 && headed_ && bytes_ + lines.size() > bytes_max_) {
    if (std::rename(name_.c_str(), (name_ + ".1").c_str()) == 0) {
      close(std::exchange(file_, -1));
    } else {
      done = io_error(name_);
    }
  }
  if (done && file_ < 0) done = open_file();
  if (done) done = append(headed_ ? lines : header() + lines);
  if (!done && !std::exchange(complained_, true)) {
    std::fprintf(stderr, "event=log_failed text=\"%s\"\n", done.error().text.c_str());
  }
  if (!done) return;
  headed_ = true;
  complained_ = false;
}

}  // namespace shoal::router
