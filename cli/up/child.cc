#include "cli/up/child.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/key_values.h"

namespace shoal::cli {
namespace {

using Json = nlohmann::json;

constexpr std::size_t line_bytes_max = 64u << 10;
constexpr std::size_t tail_bytes = 2048;

Error io_error(const std::string& what) { return {Code::io, what + ": " + std::strerror(errno)}; }

void write_log(const std::string& path, const std::string& line) { std::ofstream(path, std::ios::app) << line << '\n'; }

}  // namespace

Child::Child(Child&& other) noexcept
    : spec_(std::move(other.spec_)),
      pid_(std::exchange(other.pid_, 0)),
      output_(std::exchange(other.output_, -1)),
      partial_(std::move(other.partial_)),
      ready_(std::move(other.ready_)) {}

Child::~Child() {
  if (output_ >= 0) close(output_);
}

Result<void> Child::start() {
  // All memory is taken before the fork: between fork and exec only system calls are safe.
  std::vector<std::string> words = {"shoal", spec_.kind};
  words.insert(words.end(), spec_.arguments.begin(), spec_.arguments.end());
  if (!spec_.command.empty()) words = {"sh", "-c", "exec " + spec_.command};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::vector<std::string> added = spec_.environment;
  std::vector<char*> environment;
  for (char** variable = environ; *variable != nullptr; ++variable) environment.push_back(*variable);
  for (std::string& variable : added) environment.push_back(variable.data());  // of two a shell takes the last
  environment.push_back(nullptr);

  const int log = open(spec_.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) return io_error("opening " + spec_.log);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    close(log);
    return io_error("making a pipe");
  }
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) become(arguments.data(), environment.data(), ends[1], log, parent);
  close(ends[1]);
  close(log);
  if (pid < 0) {
    close(ends[0]);
    return io_error("starting " + spec_.name);
  }
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  pid_ = pid;
  output_ = ends[0];
  partial_.clear();
  ready_.clear();
  return {};
}

void Child::become(char* const* arguments, char* const* environment, int output, int log, pid_t parent) const {
  // Killed with the supervisor. If that died before the line below, nobody will ever send the signal.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  setpgid(0, 0);
  const int null = open("/dev/null", O_RDONLY);
  dup2(null, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  close_range(3, ~0u, 0);
  std::signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execve(spec_.command.empty() ? "/proc/self/exe" : "/bin/sh", arguments, environment);
  _exit(127);
}

void Child::read_output() {
  char bytes[4096];
  while (output_ >= 0) {
    const ssize_t count = read(output_, bytes, sizeof bytes);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) {
      close(std::exchange(output_, -1));
      return;
    }
    for (const char c : std::string_view(bytes, static_cast<std::size_t>(count))) {
      if (c == '\n')
        take_line(std::exchange(partial_, {}));
      else if (partial_.size() < line_bytes_max)
        partial_ += c;
    }
  }
}

void Child::take_line(const std::string& line) {
  write_log(spec_.log, line);
  if (line.starts_with("ready ")) {
    for (auto& [key, value] : key_values(line)) ready_[key] = std::move(value);
  } else if (line.starts_with('{')) {
    const Json object = Json::parse(line, nullptr, false);
    if (!object.is_object() || object.value("event", Json()) != "ready") return;
    for (const auto& [key, value] : object.items()) {
      if (value.is_string()) ready_[key] = value.get<std::string>();
    }
  } else {
    return;
  }
  ready_.try_emplace("kind", spec_.kind);
}

std::optional<Child::End> Child::reap() {
  int status = 0;
  if (pid_ <= 0 || waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
  read_output();
  if (output_ >= 0) close(std::exchange(output_, -1));
  pid_ = 0;
  End end;
  end.by_itself = WIFEXITED(status);
  end.text =
      end.by_itself ? "exit code " + std::to_string(WEXITSTATUS(status)) : "signal " + std::to_string(WTERMSIG(status));
  const Json line = {{"event", "ended"}, {"process", spec_.name}, {"text", end.text}};
  write_log(spec_.log, spec_.json_log ? line.dump() : "(" + spec_.name + " ended: " + end.text + ")");
  return end;
}

void Child::signal(int number) const {
  if (pid_ > 0) kill(pid_, number);
}

std::string Child::log_tail() const {
  std::ifstream file(spec_.log, std::ios::binary | std::ios::ate);
  const auto size = static_cast<std::size_t>(std::max<std::streamoff>(file.tellg(), 0));
  file.seekg(static_cast<std::streamoff>(size - std::min(size, tail_bytes)));
  std::string tail{std::istreambuf_iterator<char>(file), {}};
  // From the first whole line on.
  if (size > tail_bytes) tail.erase(0, tail.find('\n') + 1);
  return tail;
}

}  // namespace shoal::cli
