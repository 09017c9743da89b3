// A folder in memory for targets whose code under test opens files: written anew for every input, gone with the
// process.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "base/check.h"

namespace shoal::fuzz {

class Scratch {
public:
  Scratch() {
    const bool in_memory = std::filesystem::is_directory("/dev/shm");
    const auto parent = in_memory ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path();
    std::string name = (parent / "shoal-fuzz-XXXXXX").string();
    SHOAL_CHECK(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Scratch() {
    std::error_code left_behind;
    std::filesystem::remove_all(path_, left_behind);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(const std::string& name, std::string_view bytes) const {
    std::ofstream(path_ / name, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return path_ / name;
  }
  void remove(const std::string& name) const { std::filesystem::remove(path_ / name); }

private:
  std::filesystem::path path_;
};

}  // namespace shoal::fuzz
