#include "base/memory.h"

#include <filesystem>
#include <fstream>
#include <sys/resource.h>
#include <unistd.h>

#include <doctest/doctest.h>

using namespace shoal;
namespace fs = std::filesystem;

namespace {

// A root with files of the kernel's, for as long as the test lasts.
struct Root {
  Root() {
    std::string name = (fs::temp_directory_path() / "shoal_memory_XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()));
    path = name;
    write("proc/meminfo", "MemTotal: 9000 kB\nMemAvailable:  4000 kB\nSwapFree: 1000 kB\n");
  }
  ~Root() { fs::remove_all(path); }
  void write(const std::string& file, const std::string& text) const {
    fs::create_directories((path / file).parent_path());
    std::ofstream(path / file) << text;
  }
  fs::path path;
};

}  // namespace

TEST_CASE("a process may take what the machine has, swap counted") {
  const Root root;
  CHECK(memory_headroom(root.path).bytes == std::uint64_t{5000} << 10);
}

TEST_CASE("a control group bounds what its processes may take, and so do those above it") {
  const Root root;
  root.write("proc/self/cgroup", "0::/a/b\n");
  root.write("sys/fs/cgroup/a/b/memory.max", "max\n");
  CHECK(memory_headroom(root.path).bytes == std::uint64_t{5000} << 10);
  root.write("sys/fs/cgroup/a/memory.max", "3000000\n");
  root.write("sys/fs/cgroup/a/memory.current", "1000000\n");
  CHECK(memory_headroom(root.path).bytes == 2'000'000);
  CHECK(memory_headroom(root.path).bound == "its control group");
  root.write("sys/fs/cgroup/a/b/memory.max", "500\n");
  root.write("sys/fs/cgroup/a/b/memory.current", "900\n");
  CHECK(memory_headroom(root.path).bytes == 0);
}

TEST_CASE("a control group of the first version bounds too") {
  const Root root;
  root.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "1000000\n");
  root.write("sys/fs/cgroup/memory/memory.usage_in_bytes", "400000\n");
  CHECK(memory_headroom(root.path).bytes == 600'000);
}

TEST_CASE("where nothing says, nothing bounds") {
  const Root root;
  fs::remove_all(root.path / "proc");
  CHECK(memory_headroom(root.path).bytes == UINT64_MAX);
}

TEST_CASE("sizes are said as people say them") {
  CHECK(in_mebibytes(std::uint64_t{256} << 20) == "256 MiB");
  CHECK(in_mebibytes((std::uint64_t{3} << 30) + (std::uint64_t{1} << 29)) == "3.5 GiB");
}

TEST_CASE("more than there is addresses for cannot be mapped") {
  CHECK(can_map(1 << 20));
  CHECK_FALSE(can_map(std::uint64_t{1} << 60));
}
