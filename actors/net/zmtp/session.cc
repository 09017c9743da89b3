#include "actors/net/zmtp/session.h"

#include <algorithm>

#include "actors/net/zmtp/wire.h"
#include "base/limits.h"
#include "base/utf8.h"

namespace shoal::actors::zmtp {
namespace {

constexpr std::size_t command_bytes_max = 4096;  // READY with all its properties; a SUBSCRIBE
constexpr std::size_t ping_context_bytes_max = 16;
constexpr std::size_t ping_ttl_bytes = 2;

std::string_view name_of(Role role) { return role == Role::router ? "ROUTER" : role == Role::pull ? "PULL" : "PUB"; }

bool admits(Role role, std::string_view peer) {
  switch (role) {
    case Role::router:
      return peer == "DEALER" || peer == "REQ" || peer == "ROUTER";
    case Role::pull:
      return peer == "PUSH";
    case Role::publisher:
      return peer == "SUB" || peer == "XSUB";
  }
  return false;
}

std::string_view whom_it_takes(Role role) {
  return role == Role::router ? "DEALER and REQ" : role == Role::pull ? "PUSH" : "SUB";
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

// Moves at most `wanted` bytes from the front of one to the end of the other.
void move_bytes(std::string_view& from, std::string& to, std::size_t wanted) {
  const std::string_view part = from.substr(0, wanted);
  to += part;
  from.remove_prefix(part.size());
}

// For what is coming of a frame: grows with what has come, not with what was announced.
void make_room(std::string& frame, std::size_t coming, std::size_t frame_bytes) {
  if (frame.size() + coming <= frame.capacity()) return;
  frame.reserve(std::min(frame_bytes, std::max(frame.size() + coming, 16 * frame.capacity())));
}

// Takes the length in `length_bytes` bytes and what it counts from the front of `rest`. False: there is less.
bool take_counted(std::string_view& rest, std::size_t length_bytes, std::string_view& taken) {
  if (rest.size() < length_bytes) return false;
  const std::uint64_t length = big_endian(rest.substr(0, length_bytes));
  rest.remove_prefix(length_bytes);
  if (rest.size() < length) return false;
  taken = rest.substr(0, length);
  rest.remove_prefix(length);
  return true;
}

bool same_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

}  // namespace

Session::Event Session::next(std::string_view& bytes) {
  if (stage_ == Stage::greeting) return read_greeting(bytes);
  while (stage_ != Stage::ended) {
    if (!has_header_ && !read_header(bytes)) return stage_ == Stage::ended ? Event::broken : Event::starved;
    if (frame_.empty() && frame_bytes_ <= bytes.size()) {  // the frame is whole here: no second copy of it
      frame_ = bytes.substr(0, frame_bytes_);
      bytes.remove_prefix(frame_bytes_);
    } else {
      const std::size_t coming = std::min<std::size_t>(frame_bytes_ - frame_.size(), bytes.size());
      make_room(frame_, coming, frame_bytes_);
      move_bytes(bytes, frame_, coming);
      if (frame_.size() < frame_bytes_) return Event::starved;
    }
    has_header_ = false;
    const Event event = (flags_ & flag_command) != 0 ? on_command() : on_message_frame();
    frame_.clear();
    if (event != Event::starved) return event;
  }
  return Event::broken;
}

Session::Event Session::read_greeting(std::string_view& bytes) {
  const bool is_first = frame_.empty();
  move_bytes(bytes, frame_, greeting_bytes - frame_.size());
  if (frame_.empty()) return Event::starved;
  if (frame_[0] != '\xff') {
    // A browser or curl: it can be told in its own words.
    to_send_ =
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n"
        "This port speaks ZeroMQ (ZMTP 3), not HTTP.\n";
    return break_off("it does not speak ZMTP 3");
  }
  if (is_first) to_send_ = greeting();
  has_begun_ = true;
  if (frame_.size() > signature_bytes && frame_[signature_bytes] < 3) {
    return break_off("it speaks ZMTP " + std::to_string(frame_[signature_bytes]) + ", not 3: ZeroMQ 4 or newer does");
  }
  if (frame_.size() < greeting_bytes) return Event::starved;
  const std::string_view field = std::string_view(frame_).substr(mechanism_at, mechanism_bytes);
  const std::string_view mechanism = field.substr(0, field.find('\0'));
  if (mechanism != "NULL") {
    return break_off("it wants the security mechanism " + printable(mechanism) + "; this port has none (NULL)");
  }
  frame_.clear();
  stage_ = Stage::handshake;
  return next(bytes);
}

// False: it is not whole yet, or the session has ended by it.
bool Session::read_header(std::string_view& bytes) {
  if (header_.empty()) move_bytes(bytes, header_, 1);
  if (header_.empty()) return false;
  flags_ = static_cast<std::uint8_t>(header_[0]);
  const std::size_t size_bytes = (flags_ & flag_long) != 0 ? 8 : 1;
  move_bytes(bytes, header_, 1 + size_bytes - header_.size());
  if (header_.size() < 1 + size_bytes) return false;
  frame_bytes_ = big_endian(std::string_view(header_).substr(1));
  header_.clear();
  has_header_ = true;
  const bool is_command = (flags_ & flag_command) != 0;
  if ((flags_ & ~(flag_more | flag_long | flag_command)) != 0 || (is_command && (flags_ & flag_more) != 0)) {
    break_off("a frame has flags that ZMTP does not know");
  } else if (!is_command && stage_ != Stage::open) {
    break_off("a message came before READY");
  } else if ((is_command || role_ == Role::publisher) && frame_bytes_ > command_bytes_max) {
    break_off("a command has more than " + std::to_string(command_bytes_max) + " bytes");
  } else if (!is_command && frame_bytes_ > limits::edge_message_bytes_max - message_bytes_) {
    break_off("a message has more than " + std::to_string(limits::edge_message_bytes_max) + " bytes");
  } else if (!is_command && message_.size() >= limits::edge_frames_max) {
    break_off("a message has more than " + std::to_string(limits::edge_frames_max) + " frames");
  }
  return stage_ != Stage::ended;
}

Session::Event Session::on_command() {
  std::string_view rest = frame_, name;
  if (!take_counted(rest, 1, name)) return break_off("a command has no name");
  if (stage_ == Stage::handshake) {
    if (name == "READY") return on_ready(rest);
    return break_off("the handshake begins with " + printable(name) + " instead of READY");
  }
  if (name == "PING" && rest.size() >= ping_ttl_bytes) {
    to_send_ += pong(rest.substr(ping_ttl_bytes, ping_context_bytes_max));
  } else if (name == "SUBSCRIBE" || name == "CANCEL") {
    return subscribe(name == "SUBSCRIBE", rest);
  } else if (name == "ERROR") {
    return break_off("it ended the connection by an ERROR command");
  }
  return Event::starved;  // PONG, and what later versions may have
}

Session::Event Session::on_ready(std::string_view properties) {
  std::string_view type;
  while (!properties.empty()) {
    std::string_view name, value;
    if (!take_counted(properties, 1, name) || !take_counted(properties, 4, value)) {
      return break_off("READY has a property without end");
    }
    if (same_ignoring_case(name, "Socket-Type")) type = value;  // an Identity is not needed: answers go by connection
  }
  if (!admits(role_, type)) {
    const std::string why = "a " + std::string(name_of(role_)) + " socket takes " + std::string(whom_it_takes(role_)) +
                            " sockets, not " + printable(type.substr(0, 32));
    to_send_ += error(why);
    return break_off(why);
  }
  to_send_ += ready(name_of(role_));
  stage_ = Stage::open;
  return Event::opened;
}

Session::Event Session::on_message_frame() {
  if (role_ == Role::publisher) {  // subscriptions as ZMTP 3.0 has them
    const bool is_one = !frame_.empty() && (frame_[0] == 0 || frame_[0] == 1) && (flags_ & flag_more) == 0;
    return is_one ? subscribe(frame_[0] == 1, std::string_view(frame_).substr(1)) : Event::starved;
  }
  message_bytes_ += frame_.size();
  message_.push_back(std::move(frame_));
  if ((flags_ & flag_more) != 0) return Event::starved;
  return Event::message;
}

Session::Event Session::subscribe(bool on, std::string_view topic) {
  if (role_ != Role::publisher) return Event::starved;
  topic_ = topic;
  return on ? Event::subscribed : Event::unsubscribed;
}

std::vector<std::string> Session::take_message() {
  message_bytes_ = 0;
  return std::exchange(message_, {});
}

Session::Event Session::break_off(std::string why) {
  why_ = std::move(why);
  stage_ = Stage::ended;
  message_.clear();
  message_bytes_ = 0;
  return Event::broken;
}

}  // namespace shoal::actors::zmtp
