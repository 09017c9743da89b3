// Keeps a set of children running: starts them, reads what they say, and starts again what died, after a pause that
// doubles from 50 ms to 5 s while it keeps dying. Plain processes and poll(), no threads. Lives on the main thread.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/time.h"
#include "cli/signals.h"
#include "cli/up/child.h"

namespace shoal::cli {

// The pause before the next start of a child that has died `deaths` times in a row.
milliseconds restart_pause(std::uint32_t deaths);

// Something that happened to a child: it has "ended" or is "back".
struct ChildNews {
  std::string event;
  const Child& child;
  std::string sentence;  // for people
  std::string reason{};  // of an end
  milliseconds pause{};  // until it is started again
};

class Supervisor {
public:
  using Clock = std::chrono::steady_clock;

  // `tell` is called whenever a child dies or is back.
  Supervisor(std::vector<ChildSpec> specs, std::function<void(const ChildNews&)> tell);
  // Kills what still runs.
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Starts all children. Fails with io.
  Result<void> start();

  // Handles what happens within `wait`: lines, deaths, restarts that are due, signals. Returns early when anything did.
  void step(milliseconds wait);

  // Whether somebody asked for the end, by Ctrl-C or SIGTERM.
  bool asked_to_end() const { return asked_to_end_; }

  bool all_ready() const;

  // While a mesh starts: an error once a child cannot be expected to come up, because it ended by itself before it was
  // ever ready, or keeps dying. The text shows the end of its log.
  Result<void> hopeful() const;

  // Asks all children to end, and kills those that still run after `patience` or at a second Ctrl-C.
  void end(milliseconds patience);

  // In the order of the specs.
  std::vector<const Child*> children() const;

private:
  struct Kept {
    Child child;
    std::uint32_t deaths = 0;  // in a row, each soon after the start
    bool was_ready = false;    // ever
    bool by_itself = false;    // how it ended last
    std::string ended;         // in words; empty while nothing happened
    Clock::time_point started;
    Clock::time_point restart;  // when it does not run
  };

  void wait_for_something(milliseconds wait);
  void take_signals();
  void watch(Kept& kept);
  void on_death(Kept& kept, const Child::End& end);
  bool any_running() const;

  std::vector<Kept> kept_;
  std::function<void(const ChildNews&)> tell_;
  Signals signals_;
  bool asked_to_end_ = false;
  bool asked_twice_ = false;
  bool ending_ = false;
};

}  // namespace shoal::cli
