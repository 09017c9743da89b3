// How much memory this process may still take, and what bounds it. Reads the kernel's files; any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace shoal {

struct Headroom {
  std::uint64_t bytes = UINT64_MAX;          // that may still be taken; UINT64_MAX where nothing says
  std::string_view bound = "no bound";       // what says so, in words that follow "by"
  std::uint64_t address_bytes = UINT64_MAX;  // that may still be mapped, used or not (ulimit -v)
};

// The least of MemAvailable plus SwapFree of proc/meminfo, what the control group of this process and those above
// it leave, and what RLIMIT_AS leaves. `root` is "/" but in tests.
Headroom memory_headroom(const std::filesystem::path& root = "/");

// Whether so many bytes can be mapped now, in one piece: asks for them and gives them back untouched.
bool can_map(std::uint64_t bytes);

// "12 MiB", "4.5 GiB".
std::string in_mebibytes(std::uint64_t bytes);

}  // namespace shoal
