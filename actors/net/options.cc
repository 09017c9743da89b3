#include "actors/net/options.h"

namespace shoal::actors {
namespace {

constexpr int handshake_ms = 5000;  // a process that stands still for 3 s is late, not dead
constexpr int connect_ms = 2000;
constexpr int reconnect_ms = 86'400'000;  // never, as a link lives: Link dials anew with another socket
constexpr int probe_after_s = 5;          // TCP keep-alive, which finds hosts that vanished
constexpr int probe_every_s = 2;
constexpr int probes_max = 3;
constexpr int unacknowledged_ms = 20'000;  // what was sent and not acknowledged by the other host
constexpr int backlog = 1024;  // connections that wait to be accepted: a restarted router is dialled by everybody

void set_common_options(Socket& socket, const Address& address, int hwm_messages) {
  socket.set(ZMQ_IPV6, address.host.find(':') != std::string::npos);  // else IPv4 would show as ::ffff:127.0.0.1
  socket.set(ZMQ_LINGER, 0);
  socket.set(ZMQ_SNDHWM, hwm_messages);
  socket.set(ZMQ_RCVHWM, hwm_messages);
  socket.set_int64(ZMQ_MAXMSGSIZE, static_cast<std::int64_t>(limits::message_bytes_max));
  socket.set(ZMQ_HANDSHAKE_IVL, handshake_ms);
  socket.set(ZMQ_TCP_KEEPALIVE, 1);
  socket.set(ZMQ_TCP_KEEPALIVE_IDLE, probe_after_s);
  socket.set(ZMQ_TCP_KEEPALIVE_INTVL, probe_every_s);
  socket.set(ZMQ_TCP_KEEPALIVE_CNT, probes_max);
  socket.set(ZMQ_TCP_MAXRT, unacknowledged_ms);
}

}  // namespace

void set_inbox_options(Socket& socket, const Address& bound) {
  set_common_options(socket, bound, limits::link_hwm_messages);
  socket.set(ZMQ_ROUTER_MANDATORY, 1);  // an unknown peer is an error, not silence
  socket.set(ZMQ_ROUTER_HANDOVER, 0);   // nobody takes over the name of a living connection
  socket.set(ZMQ_BACKLOG, backlog);
}

void set_lane_options(Socket& socket, const Address& dialled, const std::string& routing_id, int hwm_messages) {
  set_common_options(socket, dialled, hwm_messages);
  socket.set(ZMQ_ROUTING_ID, routing_id);
  socket.set(ZMQ_CONNECT_TIMEOUT, connect_ms);
  socket.set(ZMQ_RECONNECT_IVL, reconnect_ms);
}

}  // namespace shoal::actors
