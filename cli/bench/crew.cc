#include "cli/bench/crew.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <poll.h>
#include <sstream>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace shoal::cli::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr milliseconds ready_wait{60'000};
constexpr int poll_ms = 20;

// utime and stime of a process, in seconds: fields 14 and 15 of /proc/PID/stat (proc(5)).
double cpu_seconds_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  std::istringstream fields(text.substr(std::min(text.rfind(')') + 1, text.size())));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace

Result<Crew> Crew::make() {
  std::string path = std::filesystem::temp_directory_path() / "shoal-bench-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) {
    return Error{Code::io, "cannot make a directory for the measurement: " + std::string(std::strerror(errno))};
  }
  return Crew(std::move(path));
}

Crew::Crew(Crew&& other) noexcept
    : directory_(std::exchange(other.directory_, {})), children_(std::move(other.children_)) {}

Crew::~Crew() {
  end();
  std::error_code ignored;  // a directory that stays is a nuisance, not an error
  if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
}

Result<const Child*> Crew::start(const std::string& kind, std::vector<std::string> arguments) {
  const std::string name = kind + "-" + std::to_string(children_.size());
  children_.emplace_back(ChildSpec{name, kind, std::move(arguments), directory_ + "/" + name + ".log"});
  Child& child = children_.back();
  SHOAL_TRY(child.start());
  const auto deadline = Clock::now() + ready_wait;
  while (child.ready().empty() && Clock::now() < deadline) {
    pollfd item{child.descriptor(), POLLIN, 0};
    ::poll(&item, 1, poll_ms);
    child.read_output();
    if (const auto ended = child.reap()) {
      return Error{Code::io, name + " ended with " + ended->text + ":\n" + child.log_tail()};
    }
  }
  if (child.ready().empty()) return Error{Code::timeout, name + " is not ready in time:\n" + child.log_tail()};
  return &child;
}

Result<Json> Crew::result_of(const Child& wanted, milliseconds wait) {
  const auto found =
      std::find_if(children_.begin(), children_.end(), [&](const Child& child) { return &child == &wanted; });
  Child& child = *found;
  const auto deadline = Clock::now() + wait;
  while (!child.reap()) {
    if (Clock::now() >= deadline)
      return Error{Code::timeout, child.spec().name + " does not end:\n" + child.log_tail()};
    pollfd item{child.descriptor(), POLLIN, 0};
    ::poll(&item, child.descriptor() >= 0 ? 1 : 0, poll_ms);
    child.read_output();
  }
  std::istringstream lines(child.log_tail());
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("result ")) continue;
    Json result = Json::parse(line.substr(std::strlen("result ")), nullptr, false);
    if (result.is_object()) return result;
  }
  return Error{Code::io, child.spec().name + " ended without a result:\n" + child.log_tail()};
}

void Crew::end() {
  for (Child& child : children_) child.signal(SIGKILL);
  for (Child& child : children_) {
    while (child.running() && !child.reap()) {
      pollfd item{child.descriptor(), POLLIN, 0};
      ::poll(&item, child.descriptor() >= 0 ? 1 : 0, 1);
    }
  }
  children_.clear();
}

std::map<std::string, double> Crew::cpu_seconds() const {
  std::map<std::string, double> used;
  for (const Child& child : children_) {
    if (child.running()) used[child.spec().kind] += cpu_seconds_of(child.pid());
  }
  return used;
}

}  // namespace shoal::cli::bench
