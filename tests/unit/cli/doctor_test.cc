// Each check of `shoal doctor`, once where all is well and once where it is not, on machines made of files.
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

#include <doctest/doctest.h>

#include "cli/doctor/machine.h"
#include "cli/doctor/mesh.h"
#include "cli/doctor/packages.h"
#include "cli/doctor/places.h"

namespace shoal::cli {
namespace {

namespace fs = std::filesystem;

// A directory that stands for the root of a machine, gone with its test.
class Root {
public:
  Root() : path_(fs::temp_directory_path() / ("shoal_doctor_test_" + std::to_string(getpid()))) {
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  ~Root() { fs::remove_all(path_); }
  void put(const std::string& name, const std::string& text) const {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << text;
  }
  const fs::path& path() const { return path_; }

private:
  fs::path path_;
};

bool is_mendable(const Finding& finding, State state) {
  return finding.state == state && !finding.command.empty() && !finding.text.empty();
}

TEST_CASE("one core is a warning") {
  CHECK(check_cores(2).state == State::ok);
  CHECK(is_mendable(check_cores(1), State::warning));
}

TEST_CASE("memory is held against the weights, and without room for KV pages a mesh still starts") {
  const Root root;
  CHECK(is_mendable(check_memory(root.path(), {}), State::warning));
  root.put("proc/meminfo", "MemTotal: 9000000 kB\nMemAvailable:    1048576 kB\n");
  const std::uint64_t mib = 1u << 20;
  CHECK(check_memory(root.path(), {.model_bytes = 22 * mib, .kv_bytes = 256 * mib}).state == State::ok);
  CHECK(is_mendable(check_memory(root.path(), {.model_bytes = 300 * mib, .kv_bytes = 256 * mib}), State::warning));
  CHECK(is_mendable(check_memory(root.path(), {.model_bytes = 600 * mib, .kv_bytes = 256 * mib}), State::missing));
  root.put("sys/fs/cgroup/memory.max", "104857600\n");
  root.put("sys/fs/cgroup/memory.current", "50000000\n");
  CHECK(check_memory(root.path(), {}).state == State::missing);
  root.put("sys/fs/cgroup/memory.max", "max\n");
  CHECK(check_memory(root.path(), {}).state == State::ok);
}

TEST_CASE("a processor without avx2 is a warning") {
  const Root root;
  root.put("proc/cpuinfo", "processor : 0\nflags\t\t: fpu sse4_2 fma avx2 avx512f\n");
  CHECK(check_instructions(root.path(), "cpu_avx2").state == State::ok);
  CHECK(check_instructions(root.path(), "cpu_avx2").text ==
        "sse4_2, avx2, fma, avx512f; models run with module cpu_avx2");
  root.put("proc/cpuinfo", "flags : fpu sse4_2 avx\n");
  CHECK(is_mendable(check_instructions(root.path(), "cpu_base"), State::warning));
}

TEST_CASE("few open files are a warning, very few keep a mesh from running") {
  CHECK(check_descriptors(65'536).state == State::ok);
  CHECK(is_mendable(check_descriptors(4096), State::warning));
  CHECK(is_mendable(check_descriptors(256), State::missing));
}

TEST_CASE("a slow clock is a warning") {
  const Root root;
  CHECK(check_clock(root.path()).state == State::ok);
  const std::string name = "sys/devices/system/clocksource/clocksource0/current_clocksource";
  root.put(name, "tsc\n");
  CHECK(check_clock(root.path()).state == State::ok);
  root.put(name, "hpet\n");
  CHECK(is_mendable(check_clock(root.path()), State::warning));
}

TEST_CASE("huge pages that are switched off are a warning") {
  const Root root;
  root.put("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
  CHECK(check_huge_pages(root.path()).state == State::ok);
  root.put("sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]\n");
  CHECK(is_mendable(check_huge_pages(root.path()), State::warning));
}

TEST_CASE("a GPU without its driver's library is a warning, none is fine") {
  const Root root;
  CHECK(check_gpus(root.path(), false).state == State::ok);
  root.put("dev/nvidia0", "");
  root.put("dev/nvidiactl", "");
  CHECK(is_mendable(check_gpus(root.path(), false), State::warning));
  CHECK(check_gpus(root.path(), true).text.starts_with("1 of"));
}

TEST_CASE("the list of packages is compiled in, with its groups") {
  const auto groups = package_groups(packages_list());
  CHECK(groups.at("run").size() > 3);
  CHECK(groups.contains("build"));
}

TEST_CASE("a package that is not installed is named with the command that installs it") {
  const Root root;
  constexpr const char* list = "# a list\n[run]  # to run\nlibone\nlibtwo\n[npm]\nnpm\n";
  CHECK(is_mendable(check_packages(root.path(), list, "").front(), State::warning));
  root.put("var/lib/dpkg/status",
           "Package: libone\nStatus: install ok installed\n\nPackage: libtwo\nStatus: deinstall ok config-files\n");
  const Findings findings = check_packages(root.path(), list, "");
  REQUIRE(findings.size() == 2);
  CHECK(findings[1].command == "sudo apt-get install -y libtwo");
  CHECK(findings[0].command == "sudo apt-get install -y npm");
  root.put("bin/npm", "");
  fs::permissions(root.path() / "bin/npm", fs::perms::owner_all);
  CHECK(check_packages(root.path(), list, "/nonexistent:" + (root.path() / "bin").string()).size() == 1);
}

TEST_CASE("docker that is not there, does not run or lacks compose is a warning") {
  const Root root;
  const std::string path = (root.path() / "bin").string();
  CHECK(is_mendable(check_docker(root.path(), path).front(), State::warning));
  root.put("bin/docker", "");
  fs::permissions(root.path() / "bin/docker", fs::perms::owner_all);
  Findings findings = check_docker(root.path(), path);
  REQUIRE(findings.size() == 2);
  CHECK(is_mendable(findings[0], State::warning));
  CHECK(is_mendable(findings[1], State::warning));
  root.put("var/run/docker.sock", "");
  root.put("usr/libexec/docker/cli-plugins/docker-compose", "");
  findings = check_docker(root.path(), path);
  CHECK(findings[0].state == State::ok);
  CHECK(findings[1].state == State::ok);
}

TEST_CASE("a folder that cannot be written is missing, one that can be made is not") {
  const Root root;
  CHECK(check_folder("logs", root.path() / "not/yet", "--run_dir").state == State::ok);
  CHECK(fs::is_empty(root.path()));
  CHECK(is_mendable(check_folder("logs", "/proc/1", "--run_dir"), State::missing));
}

TEST_CASE("a folder whose sockets would have too long a path is a warning") {
  CHECK(check_socket_path("/tmp/shoal").state == State::ok);
  CHECK(is_mendable(check_socket_path(std::string(90, 'x')), State::warning));
}

TEST_CASE("a mesh that lacks a kind is named with the kind, one that has fallen silent is a warning") {
  Json processes = Json::array();
  for (const char* const kind : {"gateway", "preprocess", "router", "inference", "postprocess"}) {
    processes.push_back({{"kind", kind}, {"age_ms", 100}});
  }
  CHECK(check_processes(processes).front().state == State::ok);
  processes[3]["age_ms"] = 60'000;
  CHECK(is_mendable(check_processes(processes).back(), State::warning));
  processes.erase(3);
  CHECK(is_mendable(check_processes(processes).front(), State::missing));
  CHECK(check_processes(processes).front().text.find("inference") != std::string::npos);
}

}  // namespace
}  // namespace shoal::cli
