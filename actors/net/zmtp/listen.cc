#include "actors/net/zmtp/listen.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

#include <ifaddrs.h>
#include <netdb.h>

namespace shoal::actors::zmtp {
namespace {

constexpr int backlog = 1024;     // connections that wait to be accepted
constexpr int probe_after_s = 5;  // of silence
constexpr int probe_every_s = 2;
constexpr int probes_max = 3;

struct SocketName {
  sockaddr_storage storage{};
  socklen_t bytes = 0;

  void assign(const void* name, socklen_t size) {
    std::memcpy(&storage, name, size);
    bytes = size;
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

Error failure(const Address& address, const std::string& why) {
  return {Code::io, "cannot bind " + address.text() + ": " + why};
}

// The first address of an interface of this machine, IPv4 first.
bool find_interface(const std::string& name, SocketName& found) {
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return false;
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owned(all, freeifaddrs);
  for (const int family : {AF_INET, AF_INET6}) {
    for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
      if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != family || name != one->ifa_name) continue;
      found.assign(one->ifa_addr, family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
      return true;
    }
  }
  return false;
}

Result<SocketName> name_of_tcp(const Address& address) {
  SocketName name;
  const std::string host = address.host == "*" ? "0.0.0.0" : address.host;
  addrinfo hints{};
  hints.ai_family = host.find(':') == std::string::npos ? AF_INET : AF_INET6;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int rc = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (rc == 0) {
    name.assign(found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
  } else if (!find_interface(host, name)) {
    return failure(address, gai_strerror(rc));
  }
  const auto port = htons(static_cast<std::uint16_t>(address.port == "*" ? 0 : std::stoul(address.port)));
  if (name.storage.ss_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(&name.storage)->sin6_port = port;
  } else {
    reinterpret_cast<sockaddr_in*>(&name.storage)->sin_port = port;
  }
  return name;
}

Result<std::string> name_of_tcp(int fd) {
  SocketName name;
  name.bytes = sizeof name.storage;
  char host[INET6_ADDRSTRLEN], port[8];
  const bool known =
      getsockname(fd, reinterpret_cast<sockaddr*>(&name.storage), &name.bytes) == 0 &&
      getnameinfo(name.get(), name.bytes, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) == 0;
  if (!known) return Error{Code::io, "cannot tell where a socket listens: " + std::string(std::strerror(errno))};
  return Address{Address::Transport::tcp, host, port}.text();
}

Result<std::string> path_of(const Address& address) {
  if (address.host != "*") return address.host;
  std::string folder = "/tmp/shoal-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return failure(address, std::strerror(errno));
  return folder + "/socket";
}

Result<Listener> start(Descriptor socket, const SocketName& name, const Address& address) {
  if (::bind(socket.get(), name.get(), name.bytes) != 0) return failure(address, std::strerror(errno));
  if (::listen(socket.get(), backlog) != 0) return failure(address, std::strerror(errno));
  return Listener{std::move(socket), {}};
}

Result<Listener> listen_at_path(const Address& address) {
  const auto path = path_of(address);
  SHOAL_TRY(path);
  SHOAL_TRY(prepare_ipc(*path));
  sockaddr_un unix_name{};
  unix_name.sun_family = AF_UNIX;
  std::copy(path->begin(), path->end(), unix_name.sun_path);
  const bool is_abstract = path->front() == '@';
  if (is_abstract) unix_name.sun_path[0] = '\0';
  SocketName name;
  const std::size_t bytes = offsetof(sockaddr_un, sun_path) + path->size() + (is_abstract ? 0 : 1);
  name.assign(&unix_name, static_cast<socklen_t>(bytes));
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.is_open()) return failure(address, std::strerror(errno));
  if (!is_abstract) fchmod(socket.get(), 0600);  // before the path exists, so that nobody slips in
  auto listener = start(std::move(socket), name, address);
  SHOAL_TRY(listener);
  if (!is_abstract && chmod(path->c_str(), 0600) != 0) {
    return Error{Code::io, "cannot close " + *path + " to others: " + std::strerror(errno)};
  }
  listener->bound = "ipc://" + *path;
  return listener;
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Result<Listener> listen_at(const Address& address) {
  if (address.transport == Address::Transport::ipc) return listen_at_path(address);
  const auto name = name_of_tcp(address);
  SHOAL_TRY(name);
  Descriptor socket(::socket(name->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.is_open()) return failure(address, std::strerror(errno));
  const int yes = 1, no = 0;
  setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (name->storage.ss_family == AF_INET6) setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
  auto listener = start(std::move(socket), *name, address);
  SHOAL_TRY(listener);
  auto bound = name_of_tcp(listener->socket.get());
  SHOAL_TRY(bound);
  listener->bound = *std::move(bound);
  return listener;
}

void set_connection_options(int fd) {
  const auto set = [fd](int level, int option, int value) { setsockopt(fd, level, option, &value, sizeof value); };
  set(IPPROTO_TCP, TCP_NODELAY, 1);  // each of these fails on a path, which needs none
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, probe_after_s);
  set(IPPROTO_TCP, TCP_KEEPINTVL, probe_every_s);
  set(IPPROTO_TCP, TCP_KEEPCNT, probes_max);
}

}  // namespace shoal::actors::zmtp
