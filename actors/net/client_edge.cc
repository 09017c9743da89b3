#include "actors/net/client_edge.h"

#include <algorithm>
#include <charconv>
#include <span>
#include <utility>

#include "actors/net/zmtp/wire.h"
#include "base/limits.h"
#include "protocol/edge/edge.h"

namespace shoal::actors {
namespace {

std::string name_of(zmtp::ConnectionId id) { return std::to_string(id); }

zmtp::ConnectionId connection_of(const ClientId& client) {
  zmtp::ConnectionId id = 0;
  std::from_chars(client.routing_id.data(), client.routing_id.data() + client.routing_id.size(), id);
  return id;
}

// The envelope is everything up to the first empty frame, or, without one, everything but the last. A frame alone has
// none, also an empty one.
std::size_t envelope_frames(std::span<const std::string> frames) {
  if (frames.size() == 1) return 0;
  const auto empty = std::find(frames.begin(), frames.end(), std::string());
  return empty == frames.end() ? frames.size() - 1 : static_cast<std::size_t>(empty - frames.begin()) + 1;
}

ClientId sender_of(zmtp::ConnectionId id, std::span<const std::string> envelope) {
  ClientId client{name_of(id)};
  for (const std::string& frame : envelope) zmtp::append_frame(client.envelope, frame, true);
  client.enveloped = !envelope.empty() && envelope.back().empty();
  return client;
}

}  // namespace

bool ClientEdge::admit(const ClientId& client, zmtp::ConnectionId id) {
  if (clients_.count(id) != 0) return true;
  if (clients_.size() < clients_max_) return clients_.insert(id).second;
  reply(client, protocol::edge::error("", {Code::busy, "this gateway has as many clients as it can remember"}, 1000));
  server_.end(id, "this gateway has as many clients as it can remember");
  return false;
}

void ClientEdge::on_message(zmtp::ConnectionId from, std::vector<std::string> frames) {
  const std::span<const std::string> all(frames);
  const std::size_t count = envelope_frames(all);
  const ClientId client = sender_of(from, all.subspan(0, count));
  if (!admit(client, from)) return;
  const auto refuse = [&](const std::string& id, const std::string& why) {
    reply(client, protocol::edge::error(id, {Code::malformed, why}));
  };
  if (client.envelope.size() > limits::envelope_bytes_max) {
    return refuse("", "the frames before a request may have " + std::to_string(limits::envelope_bytes_max) +
                          " bytes in all, these have " + std::to_string(client.envelope.size()));
  }
  const auto body = all.subspan(count);
  if (body.size() != 1) {
    return refuse(body.empty() ? "" : protocol::edge::id_in(body[0]),
                  "a request is one frame, behind an empty one if there is an envelope; " +
                      std::to_string(body.size()) + " came");
  }
  const std::size_t bytes = frames.back().size();
  deliver_(ClientReceived{client, std::move(frames.back()), server_.hold(from, bytes)});
}

bool ClientEdge::reply(const ClientId& client, std::string&& frame) {
  const zmtp::ConnectionId connection = connection_of(client);
  std::string before = client.envelope;
  zmtp::append_header(before, 0, frame.size());
  return server_.send(connection, std::move(before)) && server_.send(connection, std::move(frame));
}

void ClientEdge::on_ended(zmtp::ConnectionId id, const std::string& why) {
  if (clients_.erase(id) != 0) {
    deliver_(ClientGone{name_of(id), why});
  } else if (!why.empty()) {
    deliver_(Unwelcome{why});
  }
}

void ClientEdge::on_slow(zmtp::ConnectionId id, bool slow) { deliver_(ClientSlow{name_of(id), slow}); }

void ClientEdge::on_stalled(zmtp::ConnectionId id) { deliver_(ClientStalled{name_of(id)}); }

}  // namespace shoal::actors
