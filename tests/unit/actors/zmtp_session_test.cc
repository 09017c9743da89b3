// ZMTP as one peer speaks it, byte by byte.
#include <doctest/doctest.h>

#include "actors/net/zmtp/session.h"
#include "actors/net/zmtp/wire.h"
#include "base/limits.h"

using namespace shoal;
using namespace shoal::actors::zmtp;
using Event = Session::Event;

namespace {

// A session with what it was told and has said.
struct Peer {
  explicit Peer(Role role = Role::router) : session(role) {}

  // The first event of these bytes, whose rest waits for next().
  Event tell(std::string bytes) {
    unread += bytes;
    return next();
  }
  Event next() {
    std::string_view view = unread;
    const Event event = session.next(view);
    unread = view;
    said += session.take_to_send();
    return event;
  }
  void shake_hands(std::string_view type = "DEALER") {
    REQUIRE(tell(greeting()) == Event::starved);
    REQUIRE(tell(ready(type)) == Event::opened);
    said.clear();
  }

  Session session;
  std::string unread, said;
};

std::string frame(std::string_view body, bool more = false) {
  std::string out;
  append_frame(out, body, more);
  return out;
}

std::string command(std::string_view body) {
  std::string out;
  append_header(out, flag_command, body.size());
  return out.append(body);
}

std::string header_only(std::uint8_t flags, std::size_t bytes) {
  std::string out;
  append_header(out, flags, bytes);
  return out;
}

}  // namespace

TEST_CASE("a greeting is 64 bytes: a signature, version 3.1, and NULL") {
  const std::string bytes = greeting();
  CHECK(bytes.size() == 64);
  CHECK(bytes.substr(0, 12) == std::string("\xff\0\0\0\0\0\0\0\0\x7f\x03\x01", 12));
  CHECK(bytes.substr(12, 6) == std::string("NULL\0\0", 6));
}

TEST_CASE("a handshake is greeting and READY, from either side") {
  Peer peer;
  CHECK(peer.tell(greeting()) == Event::starved);
  CHECK(peer.said == greeting());
  CHECK(peer.tell(ready("DEALER")) == Event::opened);
  CHECK(peer.said == greeting() + ready("ROUTER"));
}

TEST_CASE("whoever says nothing is told nothing") {
  Peer peer;
  CHECK(peer.tell("") == Event::starved);
  CHECK(peer.said.empty());
}

TEST_CASE("events are the same however the bytes are cut") {
  const std::string bytes =
      greeting() + ready("REQ") + frame("", true) + frame(std::string(300, 'x')) + frame("second");
  for (std::size_t step = 1; step < 80; ++step) {
    Peer peer;
    std::vector<std::vector<std::string>> messages;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      for (Event event = peer.tell(bytes.substr(at, step)); event != Event::starved; event = peer.next()) {
        REQUIRE(event != Event::broken);
        if (event == Event::message) messages.push_back(peer.session.take_message());
      }
    }
    CHECK(messages == std::vector<std::vector<std::string>>{{"", std::string(300, 'x')}, {"second"}});
    CHECK(peer.session.held_bytes() == 0);
  }
}

TEST_CASE("each role takes the sockets that belong to it, and names them to others") {
  const auto outcome = [](Role role, std::string_view type) {
    Peer peer(role);
    peer.tell(greeting());
    return peer.tell(ready(type)) == Event::opened ? "" : peer.session.why();
  };
  for (const char* type : {"DEALER", "REQ", "ROUTER"}) CHECK(outcome(Role::router, type) == "");
  for (const char* type : {"SUB", "XSUB"}) CHECK(outcome(Role::publisher, type) == "");
  CHECK(outcome(Role::pull, "PUSH") == "");
  CHECK(outcome(Role::router, "PUSH") == "a ROUTER socket takes DEALER and REQ sockets, not PUSH");
  CHECK(outcome(Role::pull, "DEALER") == "a PULL socket takes PUSH sockets, not DEALER");
  CHECK(outcome(Role::publisher, "REQ") == "a PUB socket takes SUB sockets, not REQ");
}

TEST_CASE("a socket of the wrong type is told by an ERROR command") {
  Peer peer;
  peer.tell(greeting());
  CHECK(peer.tell(ready("PUSH")) == Event::broken);
  CHECK(peer.said.substr(64) == error("a ROUTER socket takes DEALER and REQ sockets, not PUSH"));
}

TEST_CASE("what is no ZMTP 3 without keys is refused") {
  const auto why = [](const std::string& bytes) {
    Peer peer;
    return peer.tell(bytes) == Event::broken ? peer.session.why() : "";
  };
  std::string old = greeting(), keys = greeting();
  old[10] = 1;
  keys.replace(12, 5, "CURVE");
  CHECK(why(old) == "it speaks ZMTP 1, not 3: ZeroMQ 4 or newer does");
  CHECK(why(keys) == "it wants the security mechanism CURVE; this port has none (NULL)");
  CHECK(why("GET / HTTP/1.1\r\n") == "it does not speak ZMTP 3");
  CHECK(why(greeting() + frame("hello")) == "a message came before READY");
  CHECK(why(greeting() + command("\x04PING")) == "the handshake begins with PING instead of READY");
  CHECK(why(greeting() + command("\x05READY\x0bSocket-Typ")) == "READY has a property without end");
  CHECK(why(greeting() + command("\x40READY")) == "a command has no name");
}

TEST_CASE("HTTP is answered in HTTP") {
  Peer peer;
  peer.tell("GET / HTTP/1.1\r\n");
  CHECK(peer.said.starts_with("HTTP/1.1 400 Bad Request\r\n"));
}

TEST_CASE("a PING is answered with its context, also between the frames of a message") {
  Peer peer;
  peer.shake_hands();
  CHECK(peer.tell(frame("first", true) +
                  command(std::string("\x04PING\0\x0a"
                                      "abc",
                                      10)) +
                  frame("second")) == Event::message);
  CHECK(peer.said == pong("abc"));
  CHECK(peer.session.take_message() == std::vector<std::string>{"first", "second"});
}

TEST_CASE("commands that are not known are passed over") {
  Peer peer;
  peer.shake_hands();
  CHECK(peer.tell(command("\x04PONG") + command("\x04WHAT") + frame("x")) == Event::message);
}

TEST_CASE("a peer's ERROR command ends the session") {
  Peer peer;
  peer.shake_hands();
  CHECK(peer.tell(error("no")) == Event::broken);
}

TEST_CASE("subscriptions come as messages and as commands") {
  Peer peer(Role::publisher);
  peer.shake_hands("SUB");
  CHECK(peer.tell(frame("\x01topic")) == Event::subscribed);
  CHECK(peer.session.take_topic() == "topic");
  CHECK(peer.tell(frame(std::string("\0topic", 6))) == Event::unsubscribed);
  CHECK(peer.session.take_topic() == "topic");
  CHECK(peer.tell(command("\x09SUBSCRIBE")) == Event::subscribed);
  CHECK(peer.session.take_topic() == "");
  CHECK(peer.tell(command("\x06"
                          "CANCELx")) == Event::unsubscribed);
  CHECK(peer.session.take_topic() == "x");
  CHECK(peer.tell(frame("anything else") + frame("\x01z")) == Event::subscribed);
}

TEST_CASE("a message is bounded while it arrives, in bytes and frames") {
  const std::string too_large = "a message has more than " + std::to_string(limits::edge_message_bytes_max) + " bytes";
  SUBCASE("one frame") {
    Peer peer;
    peer.shake_hands();
    CHECK(peer.tell(header_only(0, limits::edge_message_bytes_max + 1)) == Event::broken);
    CHECK(peer.session.why() == too_large);
  }
  SUBCASE("a frame at the bound") {
    Peer peer;
    peer.shake_hands();
    CHECK(peer.tell(header_only(0, limits::edge_message_bytes_max)) == Event::starved);
  }
  SUBCASE("a size that no number holds") {
    Peer peer;
    peer.shake_hands();
    CHECK(peer.tell(header_only(0, SIZE_MAX)) == Event::broken);
  }
  SUBCASE("many frames") {
    Peer peer;
    peer.shake_hands();
    const std::string half = frame(std::string(limits::edge_message_bytes_max / 2, 'x'), true);
    CHECK(peer.tell(half) == Event::starved);
    CHECK(peer.tell(half) == Event::starved);
    CHECK(peer.session.held_bytes() == limits::edge_message_bytes_max);
    CHECK(peer.tell(frame("x", true)) == Event::broken);
    CHECK(peer.session.why() == too_large);
    CHECK(peer.session.held_bytes() <= 1);
  }
  SUBCASE("without end") {
    Peer peer;
    peer.shake_hands();
    for (std::size_t i = 0; i < limits::edge_frames_max; ++i) REQUIRE(peer.tell(frame("", true)) == Event::starved);
    CHECK(peer.tell(frame("")) == Event::broken);
    CHECK(peer.session.why() == "a message has more than " + std::to_string(limits::edge_frames_max) + " frames");
  }
}

TEST_CASE("commands are bounded, and so is what a subscriber says") {
  Peer peer;
  peer.shake_hands();
  CHECK(peer.tell(header_only(flag_command, 4097)) == Event::broken);
  Peer subscriber(Role::publisher);
  subscriber.shake_hands("SUB");
  CHECK(subscriber.tell(header_only(0, 4097)) == Event::broken);
}

TEST_CASE("flags that are not known end the session") {
  for (const char flags : {'\x08', '\x80', '\x05'}) {
    Peer peer;
    peer.shake_hands();
    CHECK(peer.tell(std::string{flags, '\0'}) == Event::broken);
    CHECK(peer.next() == Event::broken);  // for good
  }
}
