// Options of the sockets, with what each is for. Needs nothing that Debian's libzmq 4.3.4 lacks (its draft options).
// Loop thread.
#pragma once

#include <string>

#include "actors/net/address.h"
#include "actors/net/socket.h"

namespace shoal::actors {

// Heartbeats: a killed process is seen by its closed connection at once; these find hosts that vanished and processes
// that were stopped. On one host they are slow, because every link costs their share of an idle machine.
void set_heartbeat(Socket& socket, const Address& address);

// The inbox of a process.
void set_inbox_options(Socket& socket, const Address& bound);

// The client edge of a gateway.
void set_edge_options(Socket& socket, const Address& bound);

// The publish port of a gateway and the socket for its answers.
void set_publish_options(Socket& socket, const Address& bound);
void set_answers_options(Socket& socket, const Address& bound);

// A dialled lane; `hwm_messages` may wait in it.
void set_lane_options(Socket& socket, const Address& dialled, const std::string& routing_id, int hwm_messages);

}  // namespace shoal::actors
