// The executor: takes granted streams, has the engine run them, and sends the new ids of each step to their relays, one
// message per step and relay. Pure; lives with its actor; not thread-safe. The engine runs elsewhere (engine_port.h).
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "actors/core.h"
#include "actors/flow/peers.h"
#include "actors/flow/tombstones.h"
#include "base/limits.h"
#include "services/held_stream.h"
#include "services/inference/engine_port.h"
#include "services/inference/latency.h"
#include "services/inference/slots.h"

namespace shoal::inference {

class InferenceCore : public actors::Core {
public:
  struct Config {
    std::uint32_t slots = 32;                            // streams that may run at once
    std::size_t bytes_max = limits::journals_bytes_max;  // of their prompts
  };

  explicit InferenceCore(Config config) : config_(config), slots_(config.slots) {}

  void on(actors::Event event, Time now, actors::Effects& out) override;
  void fill_load(protocol::LoadReport& report, Epoch router, Time now) override;
  bool owes() const override { return !running_.empty(); }
  Time next_wake() const override { return slots_.next_wake(); }

private:
  struct Running : services::HeldStream {
    using HeldStream::HeldStream;
    Epoch owner = 0;
    Epoch relay = 0;
    std::string relay_address;
    std::uint32_t handle = 0;
    std::size_t bytes = 0;  // of the prompt
    Position credit_until = 0;
    Time accepted = time_never;  // while its first id is waited for
  };
  struct RouterShare {  // what one router sent here
    std::uint64_t consumed = 0;
    std::deque<Time> recent;  // placements of the last two reports
    std::uint32_t left = 0;   // of what the last report offered it
  };

  void on_message(Epoch from, protocol::Message message, Time now, actors::Effects& out);
  void on_generate(Epoch from, const protocol::Head& head, protocol::Generate generate, Time now, actors::Effects& out);
  void on_stop(const protocol::Head& head, actors::Effects& out);
  void on_unknown(Epoch from, const protocol::Head& head, const protocol::Unknown& unknown, Time now,
                  actors::Effects& out);
  void on_credit(const protocol::Head& head, const protocol::Credit& credit, actors::Effects& out);
  void yield_longest_parked(Time now, actors::Effects& out);
  void tell_if_scarce(actors::Effects& out) const;
  void on_mismatch(Epoch from, const protocol::Head& head, Time now, actors::Effects& out);
  void on_report(const EngineReport& report, Time now, actors::Effects& out);
  void send_tokens(const std::vector<engine::Generated>& generated, Time now, actors::Effects& out);
  void on_peer_lost(Epoch epoch, Time now, actors::Effects& out);
  void on_drain_over(Time now, actors::Effects& out);
  Duration longest_wait(Time now) const;
  void forget_old(RouterShare& share, Time now) const;
  void fail(const StreamId& stream, const Error& error, bool retryable, Time now, actors::Effects& out,
            Epoch blame = 0);
  void drop(const StreamId& stream, actors::Effects& out);
  void forget(const StreamId& stream, actors::Effects& out);

  Config config_;
  actors::Peers peers_;
  std::unordered_map<StreamId, Running, StreamHash> running_;
  std::map<Epoch, RouterShare> shares_;
  actors::Tombstones tombstones_{limits::tombstones_max};
  Slots slots_;
  std::size_t bytes_ = 0;
  bool draining_ = false;
  engine::EngineLoad engine_load_;
  std::deque<std::size_t> offered_;  // ids of the streams that the engine's last report does not count yet
  Latency latency_;
  std::uint64_t not_finite_ = 0;  // streams that ended with it
};

}  // namespace shoal::inference
