#include "cli/doctor/places.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>
#include <vector>

#include "cli/up/up_plan.h"

namespace shoal::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t space_min = 64u << 20;  // for logs
constexpr const char* longest_socket = "/postprocess-63.ipc";

// The inode of the socket that listens at this port, from proc/net/tcp or tcp6; empty if none does.
std::string listening_inode(const fs::path& table, std::uint32_t port) {
  char wanted[8];
  std::snprintf(wanted, sizeof wanted, ":%04X", port);
  std::ifstream lines(table);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    const std::vector<std::string> fields{std::istream_iterator<std::string>(words), {}};
    constexpr const char* listening = "0A";
    if (fields.size() > 9 && fields[1].ends_with(wanted) && fields[3] == listening) return fields[9];
  }
  return "";
}

std::string command_of(const fs::path& process) {
  std::ifstream file(process / "cmdline", std::ios::binary);
  std::string words{std::istreambuf_iterator<char>(file), {}};
  words.resize(std::min(words.find('\0', words.find('\0') + 1), words.size()));  // the first two
  for (char& c : words) c = static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  return words;
}

// "shoal gateway (process 123)"; empty where this user may not see it.
std::string holder_of(const fs::path& root, std::uint32_t port) {
  std::string inode = listening_inode(root / "proc/net/tcp", port);
  if (inode.empty()) inode = listening_inode(root / "proc/net/tcp6", port);
  if (inode.empty()) return "";
  std::error_code error;
  for (const auto& process : fs::directory_iterator(root / "proc", error)) {
    if (process.path().filename().string().find_first_not_of("0123456789") != std::string::npos) continue;
    std::error_code hidden;
    for (const auto& file : fs::directory_iterator(process.path() / "fd", hidden)) {
      std::error_code gone;
      if (fs::read_symlink(file.path(), gone).string() != "socket:[" + inode + ']') continue;
      return command_of(process.path()) + " (process " + process.path().filename().string() + ')';
    }
  }
  return "";
}

// Whether a file can be made there.
bool is_writable(const fs::path& folder) {
  std::string name = (folder / "shoal-doctor-XXXXXX").string();
  const int file = mkstemp(name.data());
  if (file < 0) return false;
  close(file);
  unlink(name.c_str());
  return true;
}

}  // namespace

Finding check_port(const fs::path& root, const UpPort& port, std::uint32_t client_port) {
  const std::string name = "port " + std::to_string(port.number);
  const std::string purpose = port.listener + (port.serves.empty() ? "" : "'s " + port.serves);
  if (port_is_free(port.number)) return {name, State::ok, "free for " + purpose};
  const std::string holder = holder_of(root, port.number);
  const std::string program = holder.substr(0, holder.find(' '));
  if (program == "shoal" || program.ends_with("/shoal")) {
    return {name, State::warning, "taken by " + holder + ": a mesh runs here already",
            "shoal doctor --connect=tcp://127.0.0.1:" + std::to_string(client_port) + "   # is it well?"};
  }
  return {
      name, State::missing,
      "taken by " + (holder.empty() ? "somebody whom this user may not see" : holder) + "; it would be for " + purpose,
      "shoal up " + std::string(port.option) + '=' + std::to_string(port.chosen + 1000) + "   # or end what holds it"};
}

Finding check_folder(const std::string& name, const fs::path& folder, const std::string& option) {
  // A folder that is not there yet is made in the nearest one above.
  fs::path place = folder;
  std::error_code error;
  while (!fs::exists(place, error) && place.has_parent_path() && place != place.parent_path())
    place = place.parent_path();
  const std::string other = option.empty() ? "sudo chmod 1777 " + place.string() : "shoal up " + option + "=DIR";
  if (!is_writable(place)) return {name, State::missing, place.string() + " cannot be written", other};
  struct statvfs space {};
  if (statvfs(place.c_str(), &space) != 0)
    return {name, State::missing, place.string() + " cannot be asked for space", other};
  const std::uint64_t free = std::uint64_t{space.f_bavail} * space.f_frsize;
  const std::string text = folder.string() + " has " + std::to_string(free >> 20) + " MiB left";
  if (free >= space_min) return {name, State::ok, text};
  return {name, State::missing, text + ", too little for logs",
          "df -h " + place.string() + "   # then make room there"};
}

Finding check_socket_path(const fs::path& folder) {
  const std::size_t longest = folder.string().size() + std::string(longest_socket).size();
  constexpr std::size_t most = sizeof(sockaddr_un::sun_path) - 1;
  if (longest <= most) return {"ipc paths", State::ok, "short enough in " + folder.string()};
  return {"ipc paths", State::warning,
          "a socket in " + folder.string() + " would have a path of " + std::to_string(longest) +
              " bytes, the kernel takes " + std::to_string(most),
          "shoal up --run_dir=/tmp/shoal"};
}

}  // namespace shoal::cli
