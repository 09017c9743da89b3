// What one peer says on its connection, read as ZMTP 3 (rfc.zeromq.org/spec/23 and 37): the handshake with mechanism
// NULL, then messages, PINGs and subscriptions, each within bounds while it is still arriving. It owns no socket: bytes
// go in, events come out, and so it is fuzzed and tested without one. Pure; not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace shoal::actors::zmtp {

// What this side is, and with it who may connect.
enum class Role : std::uint8_t {
  router,     // DEALER, REQ and ROUTER
  pull,       // PUSH
  publisher,  // SUB and XSUB
};

class Session {
public:
  enum class Event : std::uint8_t {
    starved,       // nothing more can be said before more bytes come
    opened,        // the handshake is over
    message,       // take_message()
    subscribed,    // take_topic(); of a publisher
    unsubscribed,  // take_topic()
    broken,        // why(); the connection shall end when to_send() is sent, and nothing is read any more
  };

  explicit Session(Role role) : role_(role) {}

  // The next event in `bytes`, from whose front it removes what it has read.
  Event next(std::string_view& bytes);

  // What this side has to say now: its part of the handshake, PONGs, the reason of a refusal. Empties it.
  std::string take_to_send() { return std::exchange(to_send_, {}); }

  // The frames of the message that ended.
  std::vector<std::string> take_message();
  std::string take_topic() { return std::exchange(topic_, {}); }

  bool is_open() const { return stage_ == Stage::open; }
  bool has_begun() const { return has_begun_; }  // it speaks ZMTP, as far as was heard
  const std::string& why() const { return why_; }

  // Of the message that is arriving.
  std::size_t held_bytes() const { return message_bytes_ + frame_.size(); }

private:
  enum class Stage : std::uint8_t { greeting, handshake, open, ended };

  Event read_greeting(std::string_view& bytes);
  bool read_header(std::string_view& bytes);
  Event read_frame(std::string_view& bytes);
  Event on_command();
  Event on_ready(std::string_view properties);
  Event on_message_frame();
  Event subscribe(bool on, std::string_view topic);
  Event break_off(std::string why);

  const Role role_;
  Stage stage_ = Stage::greeting;
  bool has_begun_ = false;
  std::string to_send_;
  std::string why_;
  std::string topic_;

  std::string header_;  // of the frame that is arriving, until it is whole
  bool has_header_ = false;
  std::uint8_t flags_ = 0;
  std::uint64_t frame_bytes_ = 0;  // it will have
  std::string frame_;              // or of the greeting
  std::vector<std::string> message_;
  std::size_t message_bytes_ = 0;  // of the frames in message_
};

}  // namespace shoal::actors::zmtp
