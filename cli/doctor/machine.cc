#include "cli/doctor/machine.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>

namespace shoal::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t process_bytes = 24u << 20;  // of one process beside weights and KV pages
constexpr std::uint64_t descriptors_min = 1024;
constexpr std::uint64_t descriptors_good = 65'536;  // what a process raises its own limit to

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string word_of(const fs::path& path) {
  std::istringstream text(read(path));
  std::string word;
  text >> word;
  return word;
}

std::string mebibytes(std::uint64_t bytes) { return std::to_string((bytes + (1u << 19)) >> 20) + " MiB"; }

// MemAvailable, or what the control group (v2) leaves if that is less; 0 when neither says.
std::uint64_t available_memory(const fs::path& root) {
  std::istringstream lines(read(root / "proc/meminfo"));
  std::uint64_t bytes = 0;
  for (std::string line; std::getline(lines, line);) {
    std::uint64_t kib = 0;
    if (line.starts_with("MemAvailable:") && std::istringstream(line.substr(13)) >> kib) bytes = kib << 10;
  }
  std::uint64_t bound = 0, used = 0;
  if (std::istringstream(read(root / "sys/fs/cgroup/memory.max")) >> bound) {
    std::istringstream(read(root / "sys/fs/cgroup/memory.current")) >> used;
    bytes = std::min(bytes, bound - std::min(bound, used));
  }
  return bytes;
}

bool has_flag(const std::string& flags, const std::string& flag) {
  return (' ' + flags + ' ').find(' ' + flag + ' ') != std::string::npos;
}

}  // namespace

Finding check_cores(std::uint32_t cores) {
  const std::string text = std::to_string(cores) + (cores == 1 ? " core" : " cores") + " may be used";
  if (cores >= 2) return {"cores", State::ok, text};
  return {"cores", State::warning, text + ": a mesh works, but its processes wait for each other",
          "nproc   # in a container: give it more with --cpus=2"};
}

Finding check_memory(const fs::path& root, const Need& need) {
  const std::uint64_t available = available_memory(root);
  if (available == 0) {
    return {"memory", State::warning, "the kernel does not say how much is free", "cat /proc/meminfo"};
  }
  const std::uint64_t wanted =
      need.inferences * (need.model_bytes + need.kv_bytes) + std::uint64_t{need.processes} * process_bytes;
  const std::string text = mebibytes(available) + " are free, a mesh of " + std::to_string(need.processes) +
                           " processes takes up to " + mebibytes(wanted);
  if (available >= wanted) return {"memory", State::ok, text};
  // KV pages are used as streams need them: without them a mesh still starts.
  const bool starts = available >= wanted - need.inferences * need.kv_bytes;
  return {"memory", starts ? State::warning : State::missing, text,
          "shoal up --inferences=1   # or a smaller model with --model=DIR"};
}

Finding check_instructions(const fs::path& root, const std::string& module) {
  std::istringstream lines(read(root / "proc/cpuinfo"));
  std::string flags;
  for (std::string line; std::getline(lines, line) && flags.empty();) {
    if (line.starts_with("flags") || line.starts_with("Features")) flags = line.substr(line.find(':') + 1);
  }
  std::string found;
  for (const char* const flag : {"sse4_2", "avx2", "fma", "avx512f", "asimd"}) {
    if (has_flag(flags, flag)) found += std::string(found.empty() ? "" : ", ") + flag;
  }
  const std::string text = (found.empty() ? "none that Shoal knows" : found) + "; models run with module " + module;
  if (module == "cpu_avx2") return {"instructions", State::ok, text};
  return {"instructions", State::warning, text + ", several times slower than with avx2 and fma",
          "grep -m1 flags /proc/cpuinfo   # in a virtual machine: pass the host's processor through"};
}

Finding check_descriptors(std::uint64_t hard) {
  const std::string text = "a process may open " + std::to_string(hard) + " files and connections";
  if (hard >= descriptors_good) return {"open files", State::ok, text};
  const bool few = hard < descriptors_min;
  return {"open files", few ? State::missing : State::warning,
          text + (few ? ": too few for a mesh" : ": that bounds clients"),
          "sudo sh -c 'echo \"* hard nofile 65536\" >> /etc/security/limits.conf'   # then log in again"};
}

Finding check_clock(const fs::path& root) {
  const fs::path folder = root / "sys/devices/system/clocksource/clocksource0";
  const std::string source = word_of(folder / "current_clocksource");
  if (source.empty()) return {"clock", State::ok, "the kernel does not name its clock"};
  if (source != "hpet" && source != "acpi_pm" && source != "jiffies") return {"clock", State::ok, source};
  return {"clock", State::warning, source + " is slow to read: each message costs microseconds more",
          "grep -qw tsc /sys/devices/system/clocksource/clocksource0/available_clocksource && echo tsc | sudo tee "
          "/sys/devices/system/clocksource/clocksource0/current_clocksource"};
}

Finding check_huge_pages(const fs::path& root) {
  const std::string modes = read(root / "sys/kernel/mm/transparent_hugepage/enabled");
  if (modes.find("[never]") == std::string::npos) {
    return {"huge pages", State::ok, modes.empty() ? "the kernel has none" : "large allocations may use them"};
  }
  return {"huge pages", State::warning, "switched off: large models run a few per cent slower",
          "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled"};
}

Finding check_gpus(const fs::path& root, bool library) {
  std::size_t count = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(root / "dev", error)) {
    const std::string name = entry.path().filename().string();
    count += name.starts_with("nvidia") && name.size() > 6 &&
             std::all_of(name.begin() + 6, name.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  }
  if (count == 0) return {"gpus", State::ok, "none: models run on the processor"};
  const std::string text = std::to_string(count) + " of NVIDIA";
  if (library) return {"gpus", State::ok, text + " with a driver; this version computes on the processor all the same"};
  return {"gpus", State::warning, text + ", but their driver's library libcuda.so.1 cannot be loaded",
          "sudo apt-get install -y nvidia-driver libcuda1   # from Debian's non-free section"};
}

}  // namespace shoal::cli
