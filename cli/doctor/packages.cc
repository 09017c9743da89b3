#include "cli/doctor/packages.h"

#include <fstream>
#include <set>
#include <sstream>
#include <system_error>
#include <unistd.h>

namespace shoal::cli {
namespace {

namespace fs = std::filesystem;

// What a group is for.
const std::map<std::string, std::string>& purposes() {
  static const std::map<std::string, std::string> texts = {{"run", "run a mesh"},
                                                           {"build", "build Shoal"},
                                                           {"test", "run its tests"},
                                                           {"npm", "test with other people's tokenizers"},
                                                           {"docker", "test its containers"}};
  return texts;
}

// The packages that dpkg has installed.
std::set<std::string> installed(const fs::path& root) {
  std::ifstream status(root / "var/lib/dpkg/status");
  std::set<std::string> names;
  std::string name;
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("Package: ")) name = line.substr(9);
    if (line.starts_with("Status: ") && line.ends_with(" installed")) names.insert(name);
  }
  return names;
}

// Where a command is, by a search path; empty if nowhere.
std::string find_command(const std::string& name, const std::string& path) {
  std::istringstream folders(path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    std::string file = (folder.empty() ? "." : folder) + '/' + name;
    if (access(file.c_str(), X_OK) == 0) return file;
  }
  return "";
}

bool has_compose(const fs::path& root, const std::string& path) {
  if (!find_command("docker-compose", path).empty()) return true;
  std::error_code error;
  for (const char* const folder : {"usr/libexec/docker/cli-plugins", "usr/lib/docker/cli-plugins",
                                   "usr/local/lib/docker/cli-plugins", "usr/local/libexec/docker/cli-plugins"}) {
    if (fs::exists(root / folder / "docker-compose", error)) return true;
  }
  return false;
}

}  // namespace

std::map<std::string, std::vector<std::string>> package_groups(std::string_view list) {
  std::map<std::string, std::vector<std::string>> groups;
  std::istringstream lines{std::string(list)};
  std::string group;
  for (std::string line; std::getline(lines, line);) {
    line.resize(std::min(line.find('#'), line.size()));
    line.erase(line.find_last_not_of(" \t\r") + 1);
    if (line.empty()) continue;
    if (line.front() == '[' && line.back() == ']') {
      group = line.substr(1, line.size() - 2);
    } else if (!group.empty()) {
      groups[group].push_back(line);
    }
  }
  return groups;
}

Findings check_packages(const fs::path& root, std::string_view list, const std::string& path) {
  const std::set<std::string> present = installed(root);
  if (present.empty()) {
    return {{"packages", State::warning, "this system does not use Debian's packages: nothing can be said about them",
             "shoal --version   # it runs, so its own libraries are here"}};
  }
  Findings findings;
  for (const auto& [group, packages] : package_groups(list)) {
    if (group == "npm" && !find_command("npm", path).empty()) continue;
    std::string absent;
    for (const std::string& package : packages) {
      if (!present.contains(package)) absent += ' ' + package;
    }
    const auto purpose = purposes().find(group);
    const std::string use = purpose == purposes().end() ? group : purpose->second;
    if (absent.empty()) {
      findings.push_back({"packages", State::ok, "all that is needed to " + use});
    } else {
      findings.push_back({"packages", State::warning, "not all that is needed to " + use + ':' + absent,
                          "sudo apt-get install -y" + absent});
    }
  }
  return findings;
}

Findings check_docker(const fs::path& root, const std::string& path) {
  if (find_command("docker", path).empty()) {
    return {{"docker", State::warning, "no `docker` command: Shoal can run without containers",
             "sudo apt-get install -y docker.io docker-compose"}};
  }
  Findings findings;
  const fs::path socket = root / "var/run/docker.sock";
  if (access(socket.c_str(), W_OK) == 0) {
    findings.push_back({"docker", State::ok, "an engine that this user may use"});
  } else if (access(socket.c_str(), F_OK) == 0) {
    findings.push_back({"docker", State::warning, "its engine runs, but this user may not use it",
                        "sudo usermod -aG docker \"$USER\"   # then log in again"});
  } else {
    findings.push_back({"docker", State::warning, "its engine does not run", "sudo systemctl start docker"});
  }
  if (has_compose(root, path)) {
    findings.push_back({"compose", State::ok, "is here"});
  } else {
    findings.push_back({"compose", State::warning, "neither docker-compose nor `docker compose` is here",
                        "sudo apt-get install -y docker-compose"});
  }
  return findings;
}

}  // namespace shoal::cli
