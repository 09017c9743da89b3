#include "cli/up/detach.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/signals.h"

namespace shoal::cli {
namespace {

constexpr int relay_interval_ms = 50;

// What the file has more than before, on standard output.
void relay(int log) {
  char bytes[4096];
  for (ssize_t count = read(log, bytes, sizeof bytes); count > 0; count = read(log, bytes, sizeof bytes)) {
    std::fwrite(bytes, 1, static_cast<std::size_t>(count), stdout);
  }
  std::fflush(stdout);
}

[[noreturn]] void become_mesh(int log, int word, const std::function<int(const std::function<void()>&)>& run) {
  setsid();
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  dup2(null, STDIN_FILENO);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  const int code = run([word] {
    const ssize_t written = write(word, "u", 1);
    static_cast<void>(written);  // nobody may be waiting any more
    close(word);
  });
  std::fflush(stdout);
  _exit(code);
}

}  // namespace

int run_detached(const std::string& log, const std::function<int(const std::function<void()>& is_up)>& run,
                 const std::function<void(int pid)>& started) {
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  const int in = open(log.c_str(), O_RDONLY | O_CLOEXEC);
  int ends[2];
  if (out < 0 || in < 0 || pipe2(ends, O_CLOEXEC) != 0) {
    std::fprintf(stderr, "shoal up: io: cannot write %s: %s\n", log.c_str(), std::strerror(errno));
    return exit_code::failed;
  }
  std::fflush(stdout);
  const pid_t pid = fork();
  if (pid == 0) {
    std::signal(SIGPIPE, SIG_IGN);
    close(ends[0]);
    become_mesh(out, ends[1], run);
  }
  close(out);
  close(ends[1]);
  if (pid < 0) {
    std::fprintf(stderr, "shoal up: io: cannot start a process: %s\n", std::strerror(errno));
    return exit_code::failed;
  }
  Signals signals{SIGINT, SIGTERM, SIGHUP};
  for (;;) {
    pollfd items[] = {{ends[0], POLLIN, 0}, {signals.descriptor(), POLLIN, 0}};
    poll(items, 2, relay_interval_ms);
    relay(in);
    if (signals.next() != 0) kill(pid, SIGTERM);
    if (items[0].revents == 0) continue;
    char word = 0;
    if (read(ends[0], &word, 1) == 1) break;
    int status = 0;
    waitpid(pid, &status, 0);
    relay(in);
    return WIFEXITED(status) ? WEXITSTATUS(status) : exit_code::failed;
  }
  relay(in);
  started(pid);
  return exit_code::ok;
}

}  // namespace shoal::cli
