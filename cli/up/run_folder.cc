#include "cli/up/run_folder.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

#include "cli/up/up_plan.h"

namespace shoal::cli {
namespace {

namespace fs = std::filesystem;

fs::path lock_of(const fs::path& folder) { return folder / "up.lock"; }

std::string port_of(const fs::path& folder) { return folder.filename().string().substr(3); }  // after "up-"

// Those of this user, in the order of their names.
std::vector<fs::path> folders() {
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(run_root(), error)) {
    if (entry.path().filename().string().starts_with("up-")) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

fs::path chosen(const Choice& choice) {
  UpOptions options;
  options.run_dir = choice.run_dir;
  options.client_port = choice.client_port;
  return run_dir_of(options);
}

bool is_given(const Choice& choice) { return !choice.run_dir.empty() || choice.client_port != 0; }

Error none_runs(const std::string& where) {
  return {Code::no_gateway, "nothing runs here: no mesh runs " + where +
                                "; one that was started with its own --run_dir or " +
                                "--client_port is named by the same option"};
}

Result<fs::path> only_one(const std::vector<fs::path>& meshes) {
  if (meshes.size() == 1) return meshes.front();
  std::string ports;
  for (const fs::path& folder : meshes) ports += (ports.empty() ? "" : ", ") + port_of(folder);
  return Error{Code::bad_config, "there are several meshes, with client ports " + ports +
                                     ": choose one with --client_port=" + port_of(meshes.front())};
}

}  // namespace

Result<RunLock> RunLock::take(const fs::path& folder) {
  const int file = open(lock_of(folder).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return Error{Code::io, "cannot write " + lock_of(folder).string() + ": " + std::strerror(errno)};
  if (flock(file, LOCK_EX | LOCK_NB) != 0) {
    close(file);
    return Error{Code::bad_config, "a mesh runs in " + folder.string() + " already (process " +
                                       std::to_string(holder_of(folder)) + "): `shoal stop` ends it, and another " +
                                       "--run_dir, --client_port and --router_port start one beside it"};
  }
  RunLock lock(file);
  lock.name_this_process();
  return lock;
}

RunLock::RunLock(RunLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

RunLock::~RunLock() {
  if (file_ >= 0) close(file_);
}

void RunLock::name_this_process() const {
  const std::string text = std::to_string(getpid()) + '\n';
  const bool written = ftruncate(file_, 0) == 0 && pwrite(file_, text.data(), text.size(), 0) > 0;
  static_cast<void>(written);  // a full disk: then `stop` finds nobody, and says so
}

pid_t holder_of(const fs::path& folder) {
  const int file = open(lock_of(folder).c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  pid_t holder = 0;
  if (flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    char text[32] = {};
    if (read(file, text, sizeof text - 1) > 0) holder = static_cast<pid_t>(std::strtol(text, nullptr, 10));
  }
  close(file);
  return holder > 0 && kill(holder, 0) == 0 ? holder : 0;
}

fs::path run_root() { return run_dir_of(UpOptions()).parent_path(); }

Result<fs::path> running_folder(const Choice& choice) {
  if (is_given(choice)) {
    const fs::path folder = chosen(choice);
    if (holder_of(folder) != 0) return folder;
    return none_runs("in " + folder.string());
  }
  std::vector<fs::path> running = folders();
  running.erase(std::remove_if(running.begin(), running.end(), [](const auto& one) { return holder_of(one) == 0; }),
                running.end());
  if (running.empty()) return none_runs("in " + run_root().string());
  return only_one(running);
}

Result<fs::path> any_folder(const Choice& choice) {
  std::error_code error;
  if (is_given(choice)) {
    const fs::path folder = chosen(choice);
    if (fs::is_directory(folder, error)) return folder;
    return Error{Code::io, "there are no logs in " + folder.string()};
  }
  auto running = running_folder(choice);
  if (running || running.error().code != Code::no_gateway) return running;
  const std::vector<fs::path> ended = folders();
  if (ended.empty()) return Error{Code::io, "there are no logs in " + run_root().string() + ": no mesh ran yet"};
  return only_one(ended);
}

}  // namespace shoal::cli
