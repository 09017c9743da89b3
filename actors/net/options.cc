#include "actors/net/options.h"

namespace shoal::actors {
namespace {

struct Heartbeat {
  int interval_ms;
  int timeout_ms;
};
constexpr Heartbeat same_host{1000, 3000};
constexpr Heartbeat other_host{100, 300};

constexpr int handshake_ms = 2000;
constexpr int connect_ms = 2000;
constexpr int reconnect_ms = 50;
constexpr int reconnect_ms_max = 2000;
constexpr int backlog = 1024;  // connections that wait to be accepted: a restarted router is dialled by everybody

void set_common_options(Socket& socket, const Address& address, int hwm_messages, std::size_t message_bytes_max) {
  socket.set(ZMQ_IPV6, address.host.find(':') != std::string::npos);  // else IPv4 would show as ::ffff:127.0.0.1
  socket.set(ZMQ_LINGER, 0);
  socket.set(ZMQ_SNDHWM, hwm_messages);
  socket.set(ZMQ_RCVHWM, hwm_messages);
  socket.set_int64(ZMQ_MAXMSGSIZE, static_cast<std::int64_t>(message_bytes_max));
  socket.set(ZMQ_HANDSHAKE_IVL, handshake_ms);
  set_heartbeat(socket, address);
}

void set_router_options(Socket& socket) {
  socket.set(ZMQ_ROUTER_MANDATORY, 1);  // an unknown peer is an error, not silence
  socket.set(ZMQ_ROUTER_HANDOVER, 0);   // nobody takes over the name of a living connection
  socket.set(ZMQ_BACKLOG, backlog);
}

}  // namespace

void set_heartbeat(Socket& socket, const Address& address) {
  const Heartbeat heartbeat = address.is_local() ? same_host : other_host;
  socket.set(ZMQ_HEARTBEAT_IVL, heartbeat.interval_ms);
  socket.set(ZMQ_HEARTBEAT_TIMEOUT, heartbeat.timeout_ms);
  socket.set(ZMQ_HEARTBEAT_TTL, heartbeat.timeout_ms);
}

void set_inbox_options(Socket& socket, const Address& bound) {
  set_common_options(socket, bound, limits::link_hwm_messages, limits::message_bytes_max);
  set_router_options(socket);
}

void set_edge_options(Socket& socket, const Address& bound) {
  set_common_options(socket, bound, limits::client_hwm_messages, limits::edge_message_bytes_max);
  set_router_options(socket);
}

void set_publish_options(Socket& socket, const Address& bound) {
  set_common_options(socket, bound, limits::publish_hwm_messages, limits::edge_message_bytes_max);
  socket.set(ZMQ_BACKLOG, backlog);
}

void set_answers_options(Socket& socket, const Address& bound) {
  set_common_options(socket, bound, limits::answers_hwm_messages, limits::edge_message_bytes_max);
  socket.set(ZMQ_BACKLOG, backlog);
}

void set_lane_options(Socket& socket, const Address& dialled, const std::string& routing_id, int hwm_messages) {
  set_common_options(socket, dialled, hwm_messages, limits::message_bytes_max);
  socket.set(ZMQ_ROUTING_ID, routing_id);
  socket.set(ZMQ_IMMEDIATE, 1);  // nothing waits for a peer that is not there: its next life must not get it
  socket.set(ZMQ_CONNECT_TIMEOUT, connect_ms);
  socket.set(ZMQ_RECONNECT_IVL, reconnect_ms);
  socket.set(ZMQ_RECONNECT_IVL_MAX, reconnect_ms_max);
}

}  // namespace shoal::actors
