// The folder of a mesh that `shoal up` started: its logs, and a lock that says whether it runs and which process it is.
// Used by the commands that come later: `stop` and `logs`.
#pragma once

#include <filesystem>
#include <string>
#include <sys/types.h>
#include <vector>

#include "base/result.h"

namespace shoal::cli {

// Held as long as the mesh runs; the kernel lets it go with the process, however that ends.
class RunLock {
public:
  // Fails with bad_config when a mesh holds the folder already, and with io.
  static Result<RunLock> take(const std::filesystem::path& folder);
  RunLock(RunLock&& other) noexcept;
  RunLock& operator=(RunLock&&) = delete;
  ~RunLock();

  // This process is the mesh's from now on; after a fork, that of the child.
  void name_this_process() const;

private:
  explicit RunLock(int file) : file_(file) {}
  int file_;
};

// The process of the mesh that holds a folder; 0 if none does.
pid_t holder_of(const std::filesystem::path& folder);

// Where meshes of this user have their folders, unless they were told otherwise.
std::filesystem::path run_root();

// Which mesh is meant: by its folder, by its client port, or by neither.
struct Choice {
  std::string run_dir;
  unsigned client_port = 0;
};

// The folder of the mesh that runs and is meant. Without a choice the only one that runs; an error that says what to do
// if there is none, or if there are several.
Result<std::filesystem::path> running_folder(const Choice& choice);

// Likewise, but of a mesh that has ended too, if none runs.
Result<std::filesystem::path> any_folder(const Choice& choice);

}  // namespace shoal::cli
