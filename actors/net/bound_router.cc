#include "actors/net/bound_router.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/stat.h>
#include <utility>

namespace shoal::actors {
namespace {

constexpr int ended_turns_max = 16;  // to read the last messages of a connection while others keep the socket full

}  // namespace

Result<std::string> bind(Socket& socket, const Address& address) {
  const bool is_path = address.transport == Address::Transport::ipc;
  if (is_path) SHOAL_TRY(prepare_ipc(address.host));
  SHOAL_TRY(socket.bind(address.text()));
  std::string bound = socket.last_endpoint();
  if (!is_path || address.host[0] == '@') return bound;
  const std::string path = bound.substr(std::strlen("ipc://"));
  if (chmod(path.c_str(), 0600) != 0)
    return Error{Code::io, "cannot close " + path + " to others: " + std::strerror(errno)};
  return bound;
}

Result<void> BoundRouter::open(Context& context, const Address& address, void (*set_options)(Socket&, const Address&)) {
  socket_ = Socket(context, ZMQ_ROUTER);
  set_options(socket_, address);
  monitor_.open(context, socket_);
  auto bound = bind(socket_, address);
  SHOAL_TRY(bound);
  bound_ = *std::move(bound);
  return {};
}

void BoundRouter::read_monitor() {
  while (const auto happening = monitor_.next()) {
    socket_.stir();  // what came before it is to be read
    if (happening->kind == Happening::Kind::accepted) {
      connected_[happening->fd] = {};
      unsettled_.push_back(happening->fd);
    } else if (happening->kind == Happening::Kind::disconnected) {
      const auto known = connected_.find(happening->fd);
      if (known == connected_.end()) continue;
      end_all(known->second);
      connected_.erase(known);
    }
  }
}

void BoundRouter::end(std::string routing_id) {
  const bool told = std::find(ended_.begin(), ended_.end(), routing_id) != ended_.end();
  if (!routing_id.empty() && !told) ended_.push_back(std::move(routing_id));
}

void BoundRouter::end_all(Connection& connection) {
  for (std::string& routing_id : std::exchange(connection.earlier, {})) end(std::move(routing_id));
  end(std::exchange(connection.speaker, {}));
}

void BoundRouter::settle() {
  for (const int fd : std::exchange(unsettled_, {})) {
    if (const auto known = connected_.find(fd); known != connected_.end()) known->second.settled = true;
  }
}

// A descriptor's number passes from a connection that ended to the next one. libzmq reports both before the next one's
// first message can be read, so whoever speaks on a number that was another's sends us to the monitor first.
void BoundRouter::note_speaker(int fd, const std::string& routing_id) {
  auto known = connected_.find(fd);
  const bool same = known != connected_.end() && known->second.speaker == routing_id;
  if (same && known->second.earlier.empty()) return;
  monitor_.stir();
  read_monitor();
  known = connected_.find(fd);
  if (known == connected_.end()) return end(routing_id);  // the last words of a connection that ended
  Connection& connection = known->second;
  if (connection.speaker == routing_id && !connection.settled) return;
  std::erase(connection.earlier, routing_id);
  if (!connection.settled) {
    if (!connection.speaker.empty()) connection.earlier.push_back(std::move(connection.speaker));
  } else {
    if (connection.speaker == routing_id) connection.speaker.clear();
    end_all(connection);
  }
  connection.speaker = routing_id;
}

void BoundRouter::serve(std::size_t budget, const Got& got, const Gone& gone) {
  if (!is_open()) return;
  read_monitor();
  bool drained = false;
  for (std::size_t n = 0; n < budget && !drained; ++n) {
    drained = !socket_.receive(incoming_);
    if (drained) break;
    const std::string routing_id(incoming_.views[0]);
    note_speaker(incoming_.fd, routing_id);
    got(routing_id, incoming_);
  }
  if (drained) settle();
  if (ended_.empty() || (!drained && ++ended_turns_ < ended_turns_max)) return;
  ended_turns_ = 0;
  for (const std::string& routing_id : std::exchange(ended_, {})) gone(routing_id);
}

void BoundRouter::each_wait(const Link::Wait& visit) {
  if (!is_open()) return;
  visit(socket_, true);
  visit(monitor_.socket(), false);
}

void BoundRouter::close(int linger_ms) {
  if (!is_open()) return;
  monitor_.close(socket_);
  socket_.close(linger_ms);
}

}  // namespace shoal::actors
