// One child process of `shoal up`: started again as often as needed, its standard output read line by line for the
// `ready` line, everything that it says kept in a log file. Lives on the supervisor's thread; not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "base/result.h"

namespace shoal::cli {

struct ChildSpec {
  std::string name;                           // "inference 0"
  std::string kind;                           // the subcommand
  std::vector<std::string> arguments;         // after the subcommand
  std::string log;                            // path of its log file
  bool json_log = false;                      // what is added to it is JSON, as its own lines are
  std::string command = {};                   // a shell's, for a service of somebody's own; empty: this same program
  std::vector<std::string> environment = {};  // KEY=VALUE, beside what this process has
};

class Child {
public:
  explicit Child(ChildSpec spec) : spec_(std::move(spec)) {}
  ~Child();
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;

  const ChildSpec& spec() const { return spec_; }
  bool running() const { return pid_ > 0; }
  pid_t pid() const { return pid_; }
  // Readable when it said something or ended; -1 while it does not run.
  int descriptor() const { return output_; }

  // What its `ready` line of this life said, by key; empty until then.
  const std::map<std::string, std::string>& ready() const { return ready_; }

  // Runs this same program as `shoal <kind> <arguments>`, or the command, in a process group of its own (so that Ctrl-C
  // reaches the supervisor alone), to be killed by the kernel when this process dies. Fails with io.
  Result<void> start();

  // Takes what it has said so far.
  void read_output();

  // How it ended, in words ("exit code 2", "signal 9"), if it has; then it runs no more. `by_itself` is whether it
  // chose to end, by exit code.
  struct End {
    std::string text;
    bool by_itself = false;
  };
  std::optional<End> reap();

  void signal(int number) const;

  // The last lines of its log, for an error that shows them.
  std::string log_tail() const;

private:
  [[noreturn]] void become(char* const* arguments, char* const* environment, int output, int log, pid_t parent) const;
  void take_line(const std::string& line);

  ChildSpec spec_;
  pid_t pid_ = 0;
  int output_ = -1;
  std::string partial_;  // of a line
  std::map<std::string, std::string> ready_;
};

}  // namespace shoal::cli
