// A network under virtual time that behaves as the loop and its sockets do: links have addresses, dialled links come up
// after a while, messages of one link keep their order, a dead process breaks its links. Every message passes through
// the codec, so the simulator speaks the real bytes. One thread; one seed gives one history.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <set>
#include <string>
#include <vector>

#include "actors/flow/mesh_core.h"
#include "base/random.h"

namespace shoal::sim {

using actors::MeshCore;
using actors::WireEffects;
using actors::WireEvent;

// One process: its mesh core and what its threads would do.
class Process {
public:
  Process(std::string name, protocol::Entry self, std::unique_ptr<actors::Core> core);
  virtual ~Process() = default;

  // An EngineCommand of the service core; the inference process overrides it.
  virtual void engine_command(const std::any&, Time) {}

  std::string name;
  MeshCore mesh;
  std::string routing_id;
  bool alive = true;
  bool paused = false;
  bool ending = false;
  std::vector<WireEvent> held;  // while paused
  Time wake_scheduled = time_never;
};

class Network {
public:
  explicit Network(std::uint64_t seed) : random_(seed) {}

  Time now() const { return now_; }
  Random& random() { return random_; }

  // Starts a process: Started, then its router seeds. Returns it; the network keeps it.
  Process& start(std::unique_ptr<Process> process, const std::vector<std::string>& seeds);

  // Ends it as kill −9 does: its state is gone, its links break after a moment.
  void kill(Process& process);

  // Ends it in good order: BYE first.
  void stop(Process& process);

  // The same, after it has done what it owes, for up to `span`.
  void drain(Process& process, Duration span);

  // Holds everything that a process would do or be told for `span`, as SIGSTOP does, then lets it happen in order; its
  // own timers may come before what its sockets hold, or after it. Links to it come up when it goes on.
  void pause(Process& process, Duration span);

  // Ends the connections between two processes, as a fault of the network does. They are dialled again.
  void break_links(Process& one, Process& other);

  // Lets everything to and from a process pass at this rate; 0: at once.
  void set_line(const Process& process, std::uint64_t bytes_per_ms) { lines_[process.routing_id] = bytes_per_ms; }

  // Of a thousand messages, how many come a second time, up to `repeat_after` later.
  std::uint64_t repeats_permille = 0;
  Duration repeat_after = milliseconds(50);

  // A client's frame to a gateway; answers come to `on_reply`.
  void client_says(Process& gateway, const actors::ClientId& client, std::string frame);
  std::function<void(Process& gateway, const actors::ClientId&, const std::string& frame)> on_reply;

  // Something that happens later, in the process's own threads or in the test.
  void at(Time when, std::function<void()> what);
  void deliver(Process& process, const WireEvent& event);

  // Runs until `done` or until virtual time `until`; returns whether done.
  bool run(const std::function<bool()>& done, Time until);

  std::uint64_t events() const { return events_; }

private:
  struct Scheduled {
    Time when;
    std::uint64_t order;
    std::function<void()> what;
    bool operator>(const Scheduled& other) const { return std::tie(when, order) > std::tie(other.when, other.order); }
  };

  void apply(Process& process, WireEffects effects);
  void carry(Process& from, const actors::Post& post);
  void dial(Process& from, const std::string& address, Time since);
  void break_links(const std::function<bool(Process& dialler, Process& listener)>& wanted);
  Process* at_address(const std::string& address);
  Process* with_routing_id(const std::string& routing_id);
  Duration delay();
  Time in_order(const std::string& lane, Time arrival, Duration on_line);
  Duration time_on_line(const Process& process, std::size_t bytes);

  Time now_{};
  Random random_;
  std::vector<std::unique_ptr<Process>> processes_;
  std::priority_queue<Scheduled, std::vector<Scheduled>, std::greater<>> queue_;
  std::set<std::pair<std::string, std::string>> links_;   // that are up: (routing id of the dialler, address)
  std::set<std::pair<std::string, std::string>> wanted_;  // dialled and not hung up: tried again and again
  std::map<std::string, Time> last_arrival_;              // per lane, so that order is kept
  std::map<std::string, std::uint64_t> lines_;            // bytes per ms, by routing id
  std::uint64_t order_ = 0;
  std::uint64_t events_ = 0;
};

}  // namespace shoal::sim
