#include "base/memory.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <sys/mman.h>
#include <sys/resource.h>

namespace shoal {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void take(Headroom& headroom, std::uint64_t bytes, std::string_view bound) {
  if (bytes >= headroom.bytes) return;
  headroom.bytes = bytes;
  headroom.bound = bound;
}

// The kibibytes that a line "KEY: N kB" of a file of proc says; `found` is false without one.
std::uint64_t kibibytes(const std::string& text, const std::string& key, bool& found) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::uint64_t kib = 0;
    if (line.starts_with(key) && std::istringstream(line.substr(key.size())) >> kib) {
      found = true;
      return kib;
    }
  }
  return 0;
}

void take_group(Headroom& headroom, const fs::path& bound_file, const fs::path& used_file) {
  std::uint64_t bound = 0, used = 0;
  if (!(std::istringstream(read(bound_file)) >> bound)) return;  // absent, or "max"
  std::istringstream(read(used_file)) >> used;
  take(headroom, bound - std::min(bound, used), "its control group");
}

// The group "0::/a/b" bounds, and so do /a and the root of what is mounted.
void take_groups(Headroom& headroom, const fs::path& root) {
  std::string group;
  std::istringstream lines(read(root / "proc/self/cgroup"));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("0::/")) group = line.substr(4);
  }
  for (fs::path at = group;; at = at.parent_path()) {
    const fs::path folder = root / "sys/fs/cgroup" / at;
    take_group(headroom, folder / "memory.max", folder / "memory.current");
    if (at.empty()) break;
  }
  const fs::path older = root / "sys/fs/cgroup/memory";  // version 1, as a container sees its own group
  take_group(headroom, older / "memory.limit_in_bytes", older / "memory.usage_in_bytes");
}

}  // namespace

Headroom memory_headroom(const fs::path& root) {
  Headroom headroom;
  const std::string machine = read(root / "proc/meminfo");
  bool known = false, swaps = false;
  const std::uint64_t available = kibibytes(machine, "MemAvailable:", known);
  if (known) take(headroom, (available + kibibytes(machine, "SwapFree:", swaps)) << 10, "this machine (MemAvailable)");
  take_groups(headroom, root);
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    bool maps = false;
    const std::uint64_t mapped = kibibytes(read(root / "proc/self/status"), "VmSize:", maps) << 10;
    headroom.address_bytes = limit.rlim_cur - std::min<std::uint64_t>(limit.rlim_cur, mapped);
    take(headroom, headroom.address_bytes, "the limit of address space (ulimit -v)");
  }
  return headroom;
}

bool can_map(std::uint64_t bytes) {
  void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return false;
  ::munmap(memory, bytes);
  return true;
}

std::string in_mebibytes(std::uint64_t bytes) {
  std::ostringstream text;
  text.setf(std::ios::fixed);
  text.precision(bytes >> 30 != 0 ? 1 : 0);
  const double mebibytes = static_cast<double>(bytes) / (1 << 20);
  text << (bytes >> 30 != 0 ? mebibytes / 1024 : mebibytes) << (bytes >> 30 != 0 ? " GiB" : " MiB");
  return text.str();
}

}  // namespace shoal
