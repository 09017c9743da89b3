// What waits to be sent on one connection: small frames are joined, large ones kept as they are. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

namespace shoal::actors::zmtp {

class Outgoing {
public:
  enum class Sent {
    all,
    enough,  // as much as was asked for
    some,    // the connection takes no more now
    failed,  // it never will
  };

  void push(std::string&& bytes);

  // Writes as much as the connection takes, and at most so many bytes.
  Sent send_to(int fd, std::size_t bytes_max = SIZE_MAX);

  std::size_t bytes() const { return bytes_; }
  void clear();

private:
  std::deque<std::string> chunks_;
  std::size_t first_at_ = 0;  // of the first chunk, so much is sent
  std::size_t bytes_ = 0;     // in all, unsent
};

}  // namespace shoal::actors::zmtp
