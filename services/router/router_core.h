// The router: keeps the directory, admits requests and places each on an executor by a grant with a time to live. Off
// the data path: running streams never notice its death. Pure; lives with its actor; not thread-safe.
#pragma once

#include "actors/core.h"
#include "services/router/admission/admission.h"
#include "services/router/admission/queue.h"
#include "services/router/decisions/event_log.h"
#include "services/router/directory.h"
#include "services/router/placement/placement.h"

namespace shoal::router {

class RouterCore : public actors::Core {
public:
  struct Config {
    protocol::Entry self;
    Tiers tiers{};
    PolicyConfig policy{};
    EventLog::Sink log{};  // where decisions are written; may be empty
  };

  explicit RouterCore(Config config);

  void on(actors::Event event, Time now, actors::Effects& out) override;
  Time next_wake() const override;
  void fill_load(protocol::LoadReport& report, Epoch router, Time now) override;

  const Directory& directory() const { return directory_; }

private:
  void on_message(Epoch from, const protocol::Message& message, Time now, actors::Effects& out);
  void on_load(Epoch from, const protocol::LoadReport& report, Time now, actors::Effects& out);
  void on_place(Epoch from, const protocol::Head& head, const protocol::Place& place, Time now, actors::Effects& out);
  void on_withdraw(Epoch from, const protocol::Head& head, Time now, actors::Effects& out);
  void on_lost(Epoch peer, const actors::LossCause& why, Time now, actors::Effects& out);
  void on_tick(Time now, actors::Effects& out);
  void on_call(Epoch from, const protocol::Call& call, Time now, actors::Effects& out);

  // Places who can be placed, in the queue's order.
  void serve_queue(Time now, actors::Effects& out);
  // Refuses those that nobody alive could ever serve; not while this router is young.
  void refuse_hopeless(Time now, actors::Effects& out);
  bool place_now(const Waiting& request, Time now, actors::Effects& out);

  // The answers to PLACE that are no grant; each decision of admission goes through `say_queued` or `refuse`.
  void say_queued(const Waiting& request, bool again, Time now, actors::Effects& out);
  void refuse_overdue(const Waiting& request, Time now, actors::Effects& out);
  void refuse_full(const Waiting& request, Time now, actors::Effects& out);
  void refuse(const Waiting& request, const Error& error, std::uint32_t retry_after_ms, Time now, actors::Effects& out);

  // Writes a decision down, with every executor and what the policy would say now.
  void record(Outcome outcome, const Waiting& request, Error why, Time now, actors::Effects& out);
  void record_lost_grants(Time now, actors::Effects& out);

  Config config_;
  Directory directory_;
  Queue queue_;
  Admission admission_;
  Placement placement_;
  EventLog events_;
  Time bucket_ready_ = time_never;  // somebody waits for it
  Time young_until_ = time_never;   // until then whoever is alive may not have said HELLO here yet
  std::uint64_t grants_ = 0;
};

}  // namespace shoal::router
