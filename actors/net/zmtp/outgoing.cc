#include "actors/net/zmtp/outgoing.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/socket.h>
#include <sys/uio.h>
#include <utility>

namespace shoal::actors::zmtp {
namespace {

constexpr std::size_t chunk_bytes_max = 16u << 10;  // that frames are joined to
constexpr std::size_t chunks_a_call_max = 64;

}  // namespace

void Outgoing::push(std::string&& bytes) {
  if (bytes.empty()) return;
  bytes_ += bytes.size();
  if (!chunks_.empty() && chunks_.back().size() + bytes.size() <= chunk_bytes_max) {
    chunks_.back() += bytes;
  } else {
    chunks_.push_back(std::move(bytes));
  }
}

Outgoing::Sent Outgoing::send_to(int fd, std::size_t bytes_max) {
  std::size_t left = bytes_max;
  while (!chunks_.empty()) {
    if (left == 0) return Sent::enough;
    std::array<iovec, chunks_a_call_max> parts;
    std::size_t count = 0;
    std::size_t offered = 0;
    while (count < std::min(chunks_.size(), parts.size()) && offered < left) {
      const std::size_t at = count == 0 ? first_at_ : 0;
      const std::size_t bytes = std::min(chunks_[count].size() - at, left - offered);
      parts[count] = {chunks_[count].data() + at, bytes};
      offered += bytes;
      ++count;
    }
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = count;
    const ssize_t sent = ::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return errno == EAGAIN || errno == ENOBUFS ? Sent::some : Sent::failed;
    bytes_ -= static_cast<std::size_t>(sent);
    left -= static_cast<std::size_t>(sent);
    first_at_ += static_cast<std::size_t>(sent);
    while (!chunks_.empty() && first_at_ >= chunks_.front().size()) {
      first_at_ -= chunks_.front().size();
      chunks_.pop_front();
    }
  }
  return Sent::all;
}

void Outgoing::clear() {
  chunks_.clear();
  first_at_ = 0;
  bytes_ = 0;
}

}  // namespace shoal::actors::zmtp
