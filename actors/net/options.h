// Options of the sockets, with what each is for. Needs nothing that Debian's libzmq 4.3.4 lacks (its draft options).
// Loop thread.
//
// Two things that libzmq offers are not used, because with them a peer can end this process (4.3.4):
// - ZMTP heartbeats. They call a process dead that stands still, and a connection that ends while its receive queue is
//   at its mark aborts at the next beat (`!_io_error`, stream_engine_base.cpp). MeshCore asks its peers itself.
// - ZMQ_IMMEDIATE, and reconnecting by the library. With either, the end of a connection ends the socket's pipe between
//   two frames of one message, which aborts whoever reads it (`!_more`, fq.cpp). Link sends only while its connection
//   lasts, and makes a new socket for the next one.
#pragma once

#include <string>

#include "actors/net/address.h"
#include "actors/net/socket.h"

namespace shoal::actors {

// The inbox of a process.
void set_inbox_options(Socket& socket, const Address& bound);

// A dialled lane; `hwm_messages` may wait in it.
void set_lane_options(Socket& socket, const Address& dialled, const std::string& routing_id, int hwm_messages);

}  // namespace shoal::actors
