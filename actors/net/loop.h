// The loop: one thread that owns every ZeroMQ socket of the process. Others post effects to it; it hands events to a
// callback. It never blocks on a peer: whoever does not read is a broken link, or a client whose frames wait in a
// bound.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <poll.h>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "actors/flow/wire.h"
#include "actors/net/bound_router.h"
#include "actors/net/client_edge.h"
#include "actors/net/link.h"
#include "actors/net/outbox.h"
#include "actors/net/publish_port.h"
#include "base/limits.h"

namespace shoal::actors {

struct LoopConfig {
  std::string routing_id{};        // of this process (wire.h)
  std::string bind{};              // the mesh's inbox
  std::string advertise{};         // empty: what was bound
  std::string client_bind{};       // empty: no client edge
  std::string client_advertise{};  // empty: what was bound
  std::string publish_bind{};      // empty: no publish port
  std::string answers_bind{};      // of the publish port
  bool insecure = false;           // other hosts may reach it, without keys
  zmtp::ServerBounds client_bounds{};
  std::size_t clients_max = limits::clients_max;
};

class Loop {
public:
  // Called on the loop thread; must not block.
  using Deliver = std::function<void(WireEvent)>;
  using Congested = std::function<bool()>;
  using Work = std::function<bool()>;

  // Binds what is to be bound. Errors: bad_config, and io with the address.
  static Result<std::unique_ptr<Loop>> open(LoopConfig config);
  ~Loop();

  // Where others reach the inbox and the client edge ("" without one), and where the inbox listens.
  const std::string& bound() const { return bound_; }
  const std::string& advertised() const { return advertised_; }
  const std::string& client_advertised() const { return client_advertised_; }
  const PublishPort& publish_port() const { return publish_port_; }

  // Starts the thread. `congested` is asked before reading: while it says yes, nothing is taken from the sockets.
  // `work` has its turn after the sockets; while it says that there is more, the loop does not wait.
  void start(
      Deliver deliver, Congested congested = [] { return false; }, Work work = [] { return false; });

  // Any thread; Dial, HangUp, Post, TurnAway, ReplyClient and TakePublished, nothing else. False: the outbox is full,
  // or the loop has ended, and nothing was kept.
  bool post(WireEffect&& effect) { return outbox_.push(std::move(effect)); }

  // Any thread: a turn, and with it `work`, begins soon.
  void wake() { outbox_.wake(); }

  // Any thread: the longest time that one turn took since the last call, in ms; a message may have waited as long.
  std::uint32_t take_lag_ms() { return lag_ms_.exchange(0); }

  // Carries out what was posted, leaves the sockets half a second to send it, and ends the thread. Idempotent; the time
  // is spent in the destructor.
  void stop();

private:
  // Which connections a peer has open to the inbox.
  struct Peer {
    std::string plain;
    std::string bulk;
  };

  explicit Loop(LoopConfig config);

  void run();
  void wait();
  int wait_ms(bool congested) const;
  void carry_out_posted();
  void carry_out(WireEffect& effect);
  void deliver(WireEvent event);
  void dial(const std::string& address);
  void send(Post& post);
  void turn_away(const TurnAway& stray);
  void read_links(std::size_t budget);
  void read_inbox(std::size_t budget);
  void read_clients(std::size_t budget);
  void flush_clients();
  void reply(ReplyClient& reply);
  void got_from_peer(const std::string& connection, const Incoming& incoming);
  void lost_peer(const std::string& connection);
  void arrive(Route from, const Incoming& incoming, std::size_t first);

  LoopConfig config_;
  Context context_;  // before its sockets
  BoundRouter inbox_;
  ClientEdge edge_;
  PublishPort publish_port_;
  std::string bound_;
  std::string advertised_;
  std::string client_advertised_;
  Outbox outbox_;
  Deliver deliver_;
  Congested congested_;
  Work work_;
  bool has_work_ = false;                               // something was delivered that `work` has not seen
  std::map<std::string, std::unique_ptr<Link>> links_;  // by address
  std::unordered_map<std::string, Peer> peers_;         // that dialled us, by the routing id of the process
  std::vector<pollfd> items_;
  std::vector<Source*> waited_for_;  // one for each item but the first
  std::atomic<std::uint32_t> lag_ms_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace shoal::actors
