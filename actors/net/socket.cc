#include "actors/net/socket.h"

#include <cerrno>
#include <memory>

#include "base/check.h"

namespace shoal::actors {
namespace {

constexpr std::size_t copy_bytes_max = 16u << 10;  // above it handing the string over is cheaper than copying it

// Repeats a call of libzmq that a signal interrupted.
template <class Call>
int uninterrupted(Call call) {
  int rc;
  do rc = call();
  while (rc < 0 && zmq_errno() == EINTR);
  return rc;
}

void drop_string(void*, void* hint) { delete static_cast<std::string*>(hint); }

// Hands a string over to a message without copying it.
void adopt(zmq_msg_t* message, std::string&& text) {
  auto owned = std::make_unique<std::string>(std::move(text));
  const int rc = zmq_msg_init_data(message, owned->data(), owned->size(), drop_string, owned.get());
  SHOAL_CHECK(rc == 0);
  static_cast<void>(owned.release());  // now drop_string's
}

Error failure(const char* action, const std::string& address) {
  return Error{Code::io, std::string(action) + " " + address + ": " + zmq_strerror(zmq_errno())};
}

}  // namespace

Context::Context() : context_(zmq_ctx_new()) {
  SHOAL_CHECK(context_ != nullptr);
  // A link is at most two sockets, each with a monitor that is a pair of sockets.
  zmq_ctx_set(context_, ZMQ_MAX_SOCKETS, static_cast<int>(6 * limits::links_max + 64));
}

Context::~Context() {
  uninterrupted([&] { return zmq_ctx_term(context_); });
}

Socket::Socket(Context& context, int type) : socket_(zmq_socket(context.get(), type)) {
  SHOAL_CHECK(socket_ != nullptr);
  std::size_t size = sizeof fd_;
  SHOAL_CHECK(zmq_getsockopt(socket_, ZMQ_FD, &fd_, &size) == 0);
}

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    close(0);
    socket_ = std::exchange(other.socket_, nullptr);
    fd_ = std::exchange(other.fd_, -1);
    stirred_ = std::exchange(other.stirred_, true);
  }
  return *this;
}

void Socket::set(int option, int value) { SHOAL_CHECK(zmq_setsockopt(socket_, option, &value, sizeof value) == 0); }

void Socket::set_int64(int option, std::int64_t value) {
  SHOAL_CHECK(zmq_setsockopt(socket_, option, &value, sizeof value) == 0);
}

void Socket::set(int option, const std::string& value) {
  SHOAL_CHECK(zmq_setsockopt(socket_, option, value.data(), value.size()) == 0);
}

Result<void> Socket::bind(const std::string& address) {
  if (zmq_bind(socket_, address.c_str()) != 0) return failure("cannot bind", address);
  return {};
}

Result<void> Socket::connect(const std::string& address) {
  if (zmq_connect(socket_, address.c_str()) != 0) return failure("cannot connect to", address);
  return {};
}

std::string Socket::last_endpoint() const {
  char address[1024];
  std::size_t size = sizeof address;
  SHOAL_CHECK(zmq_getsockopt(socket_, ZMQ_LAST_ENDPOINT, address, &size) == 0);
  return std::string(address);
}

bool Socket::readable() {
  int events = 0;
  std::size_t size = sizeof events;
  SHOAL_CHECK(uninterrupted([&] { return zmq_getsockopt(socket_, ZMQ_EVENTS, &events, &size); }) == 0);
  return (events & ZMQ_POLLIN) != 0;
}

void Socket::look() {
  if (!std::exchange(stirred_, false)) return;
  readable();
}

int Socket::send_copy(const std::string& frame, int flags) {
  return uninterrupted([&] { return zmq_send(socket_, frame.data(), frame.size(), flags); });
}

Sent Socket::send(std::span<std::string> frames) {
  SHOAL_CHECK(!frames.empty());
  const auto flags = [&](std::size_t i) { return ZMQ_DONTWAIT | (i + 1 < frames.size() ? ZMQ_SNDMORE : 0); };
  if (send_copy(frames[0], flags(0)) < 0) {
    // A sender looks at its commands only now and then, so a queue that became free or a peer that came may still look
    // full or absent: once more after it has looked.
    readable();
    const bool sent = send_copy(frames[0], flags(0)) >= 0;
    const int reason = zmq_errno();
    if (!sent) {
      SHOAL_CHECK(reason == EAGAIN || reason == EHOSTUNREACH);
      if (readable()) stirred_ = true;  // each of the three may have taken in news
      return reason == EAGAIN ? Sent::full : Sent::unreachable;
    }
  }
  // A peer that ends between two frames takes the message with it. All frames are offered all the same: libzmq drops
  // them up to the last one, and the next message is whole again.
  bool whole = true;
  for (std::size_t i = 1; i < frames.size(); ++i) {
    if (frames[i].size() <= copy_bytes_max) {
      whole = send_copy(frames[i], flags(i)) >= 0 && whole;
      continue;
    }
    zmq_msg_t message;
    adopt(&message, std::move(frames[i]));
    if (uninterrupted([&] { return zmq_msg_send(&message, socket_, flags(i)); }) >= 0) continue;
    zmq_msg_close(&message);
    whole = false;
  }
  stirred_ = true;  // sending takes in news now and then
  return whole ? Sent::yes : Sent::full;
}

bool Socket::receive(Incoming& incoming) {
  if (!stirred_) return false;
  incoming.count = 0;
  incoming.overlong = false;
  incoming.fd = -1;
  Frame surplus;
  bool more = true;
  while (more) {
    const bool fits = incoming.count < Incoming::frames_max;
    zmq_msg_t* frame = fits ? incoming.frames[incoming.count].get() : surplus.get();
    if (uninterrupted([&] { return zmq_msg_recv(frame, socket_, ZMQ_DONTWAIT); }) < 0) {
      SHOAL_CHECK(zmq_errno() == EAGAIN);
      stirred_ = false;  // all news is taken in: the next shows at fd_
      return false;      // messages arrive whole; what a dying peer left of one is nobody's
    }
    more = zmq_msg_more(frame) != 0;
    // Of the last frame only, because it is looked up as text; the first of a ROUTER's may lack it.
    if (!more) incoming.fd = zmq_msg_get(frame, ZMQ_SRCFD);
    if (!fits) {
      incoming.overlong = true;
      continue;
    }
    incoming.views[incoming.count] = incoming.frames[incoming.count].view();
    ++incoming.count;
  }
  return true;
}

void Socket::close(int linger_ms) {
  if (socket_ == nullptr) return;
  set(ZMQ_LINGER, linger_ms);
  zmq_close(socket_);
  socket_ = nullptr;
}

}  // namespace shoal::actors
