#include "cli/client.h"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <utility>

#include <zmq.hpp>

#include "base/limits.h"

namespace shoal::cli {
namespace {

using Clock = std::chrono::steady_clock;

milliseconds left_until(Clock::time_point deadline) {
  return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(deadline - Clock::now()));
}

// What the socket says of its connection.
enum class LinkEvent { none, up, refused, foreign, lost };

LinkEvent link_event(std::uint16_t event) {
  switch (event) {
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
      return LinkEvent::up;
    case ZMQ_EVENT_CLOSED:
    case ZMQ_EVENT_CONNECT_RETRIED:
      return LinkEvent::refused;
    case ZMQ_EVENT_CONNECTED:  // by TCP; a gateway's handshake follows at once
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
      return LinkEvent::foreign;
    case ZMQ_EVENT_DISCONNECTED:
      return LinkEvent::lost;
    default:
      return LinkEvent::none;
  }
}

}  // namespace

struct Client::Sockets {
  std::string address;
  zmq::context_t context{1};
  zmq::socket_t dealer{context, ZMQ_DEALER};
  zmq::socket_t monitor{context, ZMQ_PAIR};

  void open() {
    dealer.set(zmq::sockopt::linger, 500);  // a CANCEL just before the end still leaves
    dealer.set(zmq::sockopt::immediate, true);
    dealer.set(zmq::sockopt::sndtimeo, 5000);
    dealer.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(limits::edge_message_bytes_max));
    monitor.set(zmq::sockopt::linger, 0);
    const char* const endpoint = "inproc://client-link";
    if (zmq_socket_monitor(dealer.handle(), endpoint, ZMQ_EVENT_ALL) != 0) throw zmq::error_t();
    monitor.connect(endpoint);
    dealer.connect(address);
  }

  // The next thing that the monitor has to say, without waiting.
  LinkEvent next_link_event() {
    zmq::message_t event;
    if (!monitor.recv(event, zmq::recv_flags::dontwait)) return LinkEvent::none;
    zmq::message_t endpoint;
    if (event.more()) static_cast<void>(monitor.recv(endpoint));
    std::uint16_t number = 0;
    std::memcpy(&number, event.data(), sizeof number);
    const LinkEvent known = link_event(number);
    return known == LinkEvent::none ? next_link_event() : known;
  }

  Result<void> wait_for_link(milliseconds wait) {
    const auto deadline = Clock::now() + wait;
    LinkEvent worst = LinkEvent::refused;
    do {
      zmq::pollitem_t item{monitor.handle(), 0, ZMQ_POLLIN, 0};
      zmq::poll(&item, 1, left_until(deadline));
      for (LinkEvent event = next_link_event(); event != LinkEvent::none; event = next_link_event()) {
        if (event == LinkEvent::up) return {};
        // A connection that is taken and then dropped before its handshake is no gateway's doing either.
        if (event != LinkEvent::refused) worst = LinkEvent::foreign;
      }
    } while (Clock::now() < deadline);
    if (worst == LinkEvent::foreign) {
      return Error{Code::wrong_port, "something listens at " + address + ", but it does not answer as a gateway does"};
    }
    return Error{Code::no_gateway, "nobody answers at " + address};
  }

  bool link_is_lost() {
    for (LinkEvent event = next_link_event(); event != LinkEvent::none; event = next_link_event()) {
      if (event == LinkEvent::lost) return true;
    }
    return false;
  }

  Result<std::optional<Json>> next_message() {
    zmq::message_t frame;
    if (!dealer.recv(frame, zmq::recv_flags::dontwait)) return std::optional<Json>();
    const auto* const bytes = frame.data<std::uint8_t>();
    Json message = Json::from_msgpack(bytes, bytes + frame.size(), true, false);
    if (!message.is_object() || text_field(message, "type").empty()) {
      return Error{Code::malformed, "what came from " + address + " is not a map with a `type`"};
    }
    return std::optional<Json>(std::move(message));
  }
};

Client::Client(std::unique_ptr<Sockets> sockets) : sockets_(std::move(sockets)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

const std::string& Client::address() const { return sockets_->address; }

Result<Client> Client::connect(const std::string& address, milliseconds wait) {
  try {
    auto sockets = std::make_unique<Sockets>();
    sockets->address = address;
    sockets->open();
    SHOAL_TRY(sockets->wait_for_link(wait));
    return Client(std::move(sockets));
  } catch (const zmq::error_t& error) {
    return Error{Code::bad_config, "cannot connect to \"" + address + "\" (" + error.what() +
                                       "): expected an address as in 127.0.0.1:5555"};
  }
}

Result<Client> Client::connect_any(const std::vector<std::string>& addresses, milliseconds wait) {
  Error last{Code::bad_config, "no address to connect to"};
  for (const std::string& address : addresses) {
    auto client = connect(address, wait);
    if (client) return client;
    last = std::move(client).error();
  }
  return last;
}

Result<void> Client::send(const Json& message) {
  try {
    const std::vector<std::uint8_t> frame = Json::to_msgpack(message);
    if (sockets_->dealer.send(zmq::buffer(frame), zmq::send_flags::none)) return {};
    return Error{Code::no_gateway, "the gateway at " + address() + " takes no messages"};
  } catch (const zmq::error_t& error) {
    return Error{Code::io, "sending to " + address() + ": " + error.what()};
  }
}

Result<std::optional<Json>> Client::receive(milliseconds wait) {
  try {
    zmq::pollitem_t items[] = {{sockets_->dealer.handle(), 0, ZMQ_POLLIN, 0},
                               {sockets_->monitor.handle(), 0, ZMQ_POLLIN, 0}};
    zmq::poll(items, 2, wait);
    // Messages first: what the gateway said before it went still counts.
    auto message = sockets_->next_message();
    if (!message || message->has_value()) return message;
    if (sockets_->link_is_lost()) return Error{Code::no_gateway, "the gateway at " + address() + " went away"};
    return std::optional<Json>();
  } catch (const zmq::error_t& error) {
    return Error{Code::io, "receiving from " + address() + ": " + error.what()};
  }
}

Result<Json> Client::status(milliseconds wait) {
  SHOAL_TRY(send({{"type", "STATUS"}, {"id", "status"}}));
  const auto deadline = Clock::now() + wait;
  while (Clock::now() < deadline) {
    auto message = receive(left_until(deadline));
    if (!message) return std::move(message).error();
    if (!message->has_value()) continue;
    const Json& answer = **message;
    if (text_field(answer, "id") != "status") continue;
    if (answer["type"] == "ERROR") return error_of(answer);
    if (answer["type"] == "STATUS" && answer.contains("processes") && answer["processes"].is_array()) {
      return answer["processes"];
    }
  }
  return Error{Code::timeout, "the gateway at " + address() + " did not answer in time"};
}

std::string text_field(const Json& map, const char* key, const std::string& otherwise) {
  const auto found = map.find(key);
  return found != map.end() && found->is_string() ? found->get<std::string>() : otherwise;
}

std::uint64_t number_field(const Json& map, const char* key, std::uint64_t otherwise) {
  const auto found = map.find(key);
  return found != map.end() && found->is_number() ? found->get<std::uint64_t>() : otherwise;
}

void print_json(const Json& json) {
  std::printf("%s\n", json.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
  std::fflush(stdout);
}

Error error_of(const Json& message) {
  return {code_of(text_field(message, "code")).value_or(Code::internal),
          text_field(message, "message", "no reason given")};
}

}  // namespace shoal::cli
