// Sockets of the system that listen at an address as people write it. Any thread.
#pragma once

#include <string>
#include <utility>

#include "actors/net/address.h"

namespace shoal::actors::zmtp {

// A file descriptor with an owner.
class Descriptor {
public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

private:
  int fd_;
};

struct Listener {
  Descriptor socket;
  std::string bound;  // where, with the port that the system chose
};

// Non-blocking. A host is an address, a name, "*" or an interface of this machine; an ipc path gets mode 0600, one
// that a dead process left is removed, and "*" makes one up. Errors: bad_config, or io with the address.
Result<Listener> listen_at(const Address& address);

// Accepted TCP: no delay, and probes that find hosts which vanished. Of others nothing.
void set_connection_options(int fd);

}  // namespace shoal::actors::zmtp
