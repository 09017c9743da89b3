// `shoal logs`: what the processes of a mesh that `shoal up` started have said, and with -f what they say.
#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <fstream>
#include <memory>
#include <poll.h>
#include <string>
#include <vector>

#include "base/nearest.h"
#include "cli/command.h"
#include "cli/report.h"
#include "cli/signals.h"
#include "cli/status/processes.h"
#include "cli/up/run_folder.h"

namespace shoal::cli {
namespace {

namespace fs = std::filesystem;

constexpr int follow_interval_ms = 200;

struct LogsOptions {
  Choice choice;
  std::string kind;
  std::uint32_t lines = 20;
  bool follow = false;
};

// A log that grows.
class Log {
public:
  explicit Log(const fs::path& path) : name_(path.stem().string()), path_(path) {}

  const std::string& name() const { return name_; }

  // The lines since the last call; all of them after it was begun anew.
  std::vector<std::string> more() {
    std::error_code error;
    const auto size = static_cast<std::streamoff>(fs::file_size(path_, error));
    if (error) return {};
    if (size < at_) at_ = 0;
    std::ifstream file(path_, std::ios::binary);
    file.seekg(at_);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line) && !file.eof();) {
      at_ += static_cast<std::streamoff>(line.size()) + 1;
      lines.push_back(std::move(line));
    }
    return lines;
  }

private:
  std::string name_;
  fs::path path_;
  std::streamoff at_ = 0;
};

// "inference" is inference-0, inference-1 and so on; "inference-0" is that one; "" is all of them.
std::vector<Log> logs_of(const fs::path& folder, const std::string& wanted) {
  std::vector<fs::path> paths;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().stem().string();
    if (entry.path().extension() != ".log") continue;
    if (wanted.empty() || name == wanted || name.substr(0, name.rfind('-')) == wanted) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return {paths.begin(), paths.end()};
}

Error no_such(const LogsOptions& options, const fs::path& folder) {
  const std::vector<std::string_view> known(std::begin(kinds), std::end(kinds));
  return {Code::io, "no log of " + (options.kind.empty() ? "any process" : "\"" + options.kind + '"') + " in " +
                        folder.string() + did_you_mean(options.kind, known)};
}

void print(std::vector<Log>& logs, std::size_t most) {
  for (Log& log : logs) {
    const std::vector<std::string> lines = log.more();
    const std::size_t first = lines.size() - std::min(lines.size(), most);
    for (std::size_t i = first; i < lines.size(); ++i) {
      if (logs.size() > 1) std::printf("%s | ", log.name().c_str());
      std::printf("%s\n", lines[i].c_str());
    }
  }
  std::fflush(stdout);
}

int run_logs(const LogsOptions& options) {
  Signals signals{SIGINT, SIGTERM, SIGPIPE};
  const auto folder = any_folder(options.choice);
  if (!folder)
    return folder.error().code == Code::bad_config ? usage_error("logs", folder.error().text)
                                                   : report("logs", folder.error(), false);
  std::vector<Log> logs = logs_of(*folder, options.kind);
  if (logs.empty()) return report("logs", no_such(options, *folder), false);
  print(logs, options.lines);
  while (options.follow) {
    pollfd item{signals.descriptor(), POLLIN, 0};
    poll(&item, 1, follow_interval_ms);
    if (signals.next() != 0) break;
    print(logs, SIZE_MAX);
  }
  return exit_code::ok;
}

}  // namespace

void add_logs(Application application) {
  const auto options = std::make_shared<LogsOptions>();
  CLI::App* const command = add_command(application, "logs", "Show what the processes of a mesh log",
                                        [options] { return run_logs(*options); });
  command->group(group::look);
  command->add_option("KIND", options->kind, "A kind of process, one of them (inference-0), or `up`; default: all");
  command->add_flag("-f,--follow", options->follow, "Go on with what they say from now on, until Ctrl-C");
  command->add_option("-n,--lines", options->lines, "Of each log, the last so many lines")->default_str("20");
  add_mesh_choice(*command, options->choice);
  set_examples(*command,
               {{"shoal logs", "the end of all logs"},
                {"shoal logs inference -f", "of all inference processes, as it comes"},
                {"shoal logs gateway-0 -n 100", "more of one process"}},
               "Of a mesh that `shoal up` started. After the mesh has ended its logs stay until the next one starts.");
}

}  // namespace shoal::cli
