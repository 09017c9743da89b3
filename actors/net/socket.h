// One ZeroMQ socket and the frames that go through it. Used by one thread at a time: the loop, after start() handed it
// over. Only this folder's socket.cc, monitor.cc and options.cc call libzmq.
//
// A socket is told news by its io thread, and asking whether there is any costs two system calls. So it is asked only
// when it may be so: when its descriptor became readable (ZMQ_FD), or when a call of ours may have taken the news in
// passing, which the descriptor then no longer shows. Between the two a socket at rest costs nothing.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <zmq.h>

#include "actors/net/source.h"
#include "base/limits.h"
#include "base/result.h"

namespace shoal::actors {

// The io thread and the table of sockets of one loop. Ends when the last socket is closed and its linger is over.
class Context {
public:
  Context();
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  void* get() const { return context_; }

  // For names that must be free: 1, 2, 3 …
  std::uint64_t next_number() { return ++last_number_; }

private:
  void* context_;
  std::uint64_t last_number_ = 0;
};

// One frame that was received; keeps libzmq's buffer instead of copying it.
class Frame {
public:
  Frame() { zmq_msg_init(&message_); }
  ~Frame() { zmq_msg_close(&message_); }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;

  zmq_msg_t* get() { return &message_; }
  std::string_view view() { return {static_cast<const char*>(zmq_msg_data(&message_)), zmq_msg_size(&message_)}; }

private:
  zmq_msg_t message_;
};

// One message as it came: routing id, empty frame, head, body and attachments at most. Reused from one to the next.
struct Incoming {
  static constexpr std::size_t frames_max = 4 + limits::attachments_max;

  std::array<Frame, frames_max> frames;
  std::array<std::string_view, frames_max> views;
  std::size_t count = 0;
  bool overlong = false;  // more frames than any message of ours has; the rest was dropped
  int fd = -1;            // of the connection it came through (ZMQ_SRCFD)

  // The frames from `first` on.
  std::span<const std::string_view> from(std::size_t first) const {
    return std::span(views).subspan(0, count).subspan(std::min(first, count));
  }
};

enum class Sent {
  yes,
  full,         // no peer, or its queue is full
  unreachable,  // a ROUTER knows no such peer
};

class Socket : public Source {
public:
  Socket() = default;
  // `type` is ZMQ_ROUTER, ZMQ_DEALER or ZMQ_PAIR; tests use others too.
  Socket(Context& context, int type);
  Socket(Socket&& other) noexcept { *this = std::move(other); }
  Socket& operator=(Socket&& other) noexcept;
  ~Socket() { close(0); }

  bool is_open() const { return socket_ != nullptr; }
  void* get() const { return socket_; }

  void set(int option, int value);
  void set_int64(int option, std::int64_t value);
  void set(int option, const std::string& value);

  // The error is Code::io and names the address.
  Result<void> bind(const std::string& address);
  Result<void> connect(const std::string& address);
  std::string last_endpoint() const;

  // Takes in all news; whether a message waits.
  bool readable();

  // Lets a socket that is never read take in its news, if there may be any.
  void look();

  // Sends all frames or none; never blocks. The first frame is copied, large ones after it are moved out of `frames`.
  Sent send(std::span<std::string> frames);

  // Reads one whole message; false when none waits, and at once if there is no news.
  bool receive(Incoming& incoming);

  // What is still queued is sent for at most `linger_ms` by the io thread; this call does not wait.
  void close(int linger_ms);

private:
  int send_copy(const std::string& frame, int flags);

  void* socket_ = nullptr;
};

}  // namespace shoal::actors
