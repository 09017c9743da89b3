// The CAF side of a process: one actor around the mesh core, and workers for its jobs. Free of CAF outside the .cc, so
// that the loop's callback and main() stay plain. All members but run() may be called from any thread.
#pragma once

#include <functional>
#include <memory>

#include "actors/flow/mesh_core.h"
#include "actors/flow/wire.h"

namespace shoal::actors {

class ServiceActor {
public:
  struct Ports {
    std::function<bool(WireEffect&&)> post;           // Dial, HangUp, Post, TurnAway, ReplyClient: to the loop
    std::function<void(std::any)> engine_command;     // may be empty
    std::function<std::uint32_t()> take_loop_lag_ms;  // worst lateness since the last call
    std::function<void()> wake{};  // any thread: somebody calls run() soon; empty: CAF's workers run the actor
  };

  // `workers` threads run jobs, one more the actor when its home cannot keep up.
  ServiceActor(std::unique_ptr<MeshCore> core, Ports ports, std::uint32_t workers);
  ~ServiceActor();

  // Hands an event to the core, in order per caller.
  void tell(WireEvent event);

  // What its home thread, the loop, does once a turn: lets the actor work off what it was told, up to a bound past
  // which a thread of CAF goes on. A message passes a process without changing threads that way. Whether there is more
  // to do. Only with `wake`.
  bool run();

  // Whether so many events wait that the loop should read no more for a while.
  bool congested() const;

  // Asks the core to end its work: at the latest `span` from now, which a later call may shorten. `drained` is called
  // once, on the actor's thread, when it has. Any thread, and nothing in it may wait.
  void drain(Duration span, std::function<void()> drained);

  // Lets the core say BYE and ends the actor; returns when both are done. After it tell() does nothing.
  void stop();

private:
  struct System;
  std::unique_ptr<System> system_;
};

}  // namespace shoal::actors
