// What the io thread tells about the connections of one socket (zmq_socket_monitor, version 1). Lives with its socket
// on the loop thread.
#pragma once

#include <optional>

#include "actors/net/socket.h"

namespace shoal::actors {

struct Happening {
  enum class Kind {
    accepted,      // a bound socket has a new connection
    handshaken,    // a dialled one can be used
    disconnected,  // a connection ended, or broke before it could be used
    retried,       // nobody answered
  } kind;
  int fd = -1;  // of accepted and disconnected. libzmq reports the end of one before it reuses its number

  // Of a dialled socket: nothing more will come through it.
  bool ends_link() const { return kind == Kind::disconnected || kind == Kind::retried; }
};

class Monitor {
public:
  // Watches `socket`, from before its first bind or connect. Once.
  void open(Context& context, Socket& socket);

  Socket& socket() { return events_; }

  // The next one, in order; nothing when there is none yet. After stir() also one whose wake has not been seen.
  std::optional<Happening> next();
  void stir() { events_.stir(); }

  // Before the socket is closed.
  void close(Socket& socket);

private:
  Socket events_;
};

}  // namespace shoal::actors
