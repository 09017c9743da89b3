// A bound ROUTER and who is connected to it, for the mesh's inbox and for the client edge alike. libzmq says by which
// file descriptor a message came and which descriptors were closed: together they tell that a peer is gone, less than a
// millisecond after its death, although nothing was sent to it. Loop thread.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "actors/net/address.h"
#include "actors/net/link.h"
#include "actors/net/monitor.h"
#include "actors/net/socket.h"

namespace shoal::actors {

// Binds, and returns where; an ipc path gets mode 0600, and one that a dead process left is removed. Errors:
// bad_config, or io with the address.
Result<std::string> bind(Socket& socket, const Address& address);

class BoundRouter {
public:
  using Got = std::function<void(const std::string& routing_id, const Incoming&)>;
  using Gone = std::function<void(const std::string& routing_id)>;

  // As bind(); `set_options` is one of options.h.
  Result<void> open(Context& context, const Address& address, void (*set_options)(Socket&, const Address&));

  bool is_open() const { return socket_.is_open(); }
  const std::string& bound() const { return bound_; }

  Sent send(std::span<std::string> frames) { return socket_.send(frames); }

  // Hands over at most `budget` messages, then the routing ids whose connections ended: each after its last message
  // that was read, once or, if it had last words later, again.
  void serve(std::size_t budget, const Got& got, const Gone& gone);

  void each_wait(const Link::Wait& visit);

  void close(int linger_ms);

private:
  // An open descriptor and who spoke there. Its number may have been another connection's, whose last messages are read
  // only now; which of several speakers is the living one shows when one of them speaks again.
  struct Connection {
    std::string speaker;
    std::vector<std::string> earlier;
    bool settled = false;  // everything that came before it was accepted is read: who speaks now is living
  };

  void read_monitor();
  void note_speaker(int fd, const std::string& routing_id);
  void end(std::string routing_id);
  void end_all(Connection& connection);
  void settle();

  Socket socket_;
  Monitor monitor_;
  std::string bound_;
  std::unordered_map<int, Connection> connected_;
  std::vector<int> unsettled_;
  std::vector<std::string> ended_;  // to be told when their last messages are read
  int ended_turns_ = 0;
  Incoming incoming_;
};

}  // namespace shoal::actors
