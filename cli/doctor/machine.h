// What the machine itself is like, read from the files of its kernel. `root` is "/"; a test brings files of its own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "cli/doctor/finding.h"

namespace shoal::cli {

// What a mesh of these processes needs.
struct Need {
  std::uint64_t model_bytes = 0;  // weights of one inference process; 0: not known
  std::uint64_t kv_bytes = 0;     // KV pages of one, for a stream that fills the context
  std::uint32_t inferences = 2;
  std::uint32_t processes = 10;  // of all kinds
};

Finding check_cores(std::uint32_t cores);
Finding check_memory(const std::filesystem::path& root, const Need& need);
// `module` is what an inference process would compute with.
Finding check_instructions(const std::filesystem::path& root, const std::string& module);
// `hard` is the most that a process may raise its limit of open files to.
Finding check_descriptors(std::uint64_t hard);
Finding check_clock(const std::filesystem::path& root);
Finding check_huge_pages(const std::filesystem::path& root);
// Devices of NVIDIA and the driver's library. `library` is whether libcuda.so.1 can be loaded.
Finding check_gpus(const std::filesystem::path& root, bool library);

}  // namespace shoal::cli
