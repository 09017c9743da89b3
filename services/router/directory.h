// Who is alive and how loaded, as one router heard it: entries come by HELLO, stay by LOAD and go with their link, with
// BYE, or after a silence that no stall explains. Before that they are late, and asked last. All of it is soft: a
// router that starts anew hears everything again. Pure; lives with the router core.
#pragma once

#include <deque>
#include <map>
#include <string_view>
#include <vector>

#include "actors/core.h"
#include "actors/flow/awake.h"
#include "protocol/edge/edge.h"
#include "services/router/snapshot.h"

namespace shoal::router {

// A grant that its executor has not reported as used.
struct Promise {
  Time expires;
  Tier tier = Tier::realtime;
  std::uint64_t grant = 0;  // its sequence
  Asked asked;
  bool withdrawn = false;  // by its owner: it will hardly be used
};

// One process, and what this router has promised of it.
struct Row {
  protocol::Entry entry;
  protocol::LoadReport load;
  Time heard;                         // HELLO or LOAD
  Time heard_awake;                   // likewise, in the time that this router was awake
  std::deque<Promise> grants;         // that the executor has not reported as used, oldest first
  std::uint64_t grants_consumed = 0;  // as last reported
  bool reported = false;              // LOAD came since this row was made

  // Streams that this router may still send there now.
  std::uint32_t free(Time now) const;

  // The executor reports one more as used, but not which: the oldest that was not withdrawn, if there is one.
  void take_used();
};

class Directory {
public:
  explicit Directory(protocol::Entry self) : self_(std::move(self)) {}

  // The time, at every event: silence counts only while this router is awake itself.
  void pass(Time now) { awake_.pass(now); }

  // A process said HELLO: it gets the whole table, and everybody else hears of it.
  void on_hello(const protocol::Entry& entry, Time now, actors::Effects& out);

  // Returns the row; null for an epoch that is not in the table: it is asked to say HELLO, and again ever more rarely.
  Row* on_load(Epoch epoch, const protocol::LoadReport& load, Time now, actors::Effects& out);

  // Its link broke, it said BYE, or was silent.
  void on_lost(Epoch epoch, const actors::LossCause& why, Time now, actors::Effects& out);

  // The owner of a stream will not use the grants that it has.
  void on_withdrawn(const StreamId& stream, Epoch owner);

  // Whether it missed three reports.
  bool is_late(const Row& row) const;

  // Takes out who was silent for silence_max_ms.
  void expire(Time now, actors::Effects& out);
  Time next_expiry() const;

  // Grants whose time was over since the last call before their executors reported them as used.
  struct LostGrant {
    Epoch executor = 0;
    Promise promise;
  };
  std::vector<LostGrant> take_lost_grants();

  std::map<Epoch, Row>& rows() { return rows_; }
  const std::map<Epoch, Row>& rows() const { return rows_; }
  bool any(std::string_view kind) const;
  std::vector<protocol::edge::Process> processes(Time now) const;

private:
  // Of an epoch that is not in the table.
  struct Unknown {
    Time ask_at;
    Duration pause{};  // until the question after that
  };

  void ask_who(Epoch epoch, actors::Effects& out);
  void note_joined(const protocol::Entry& entry, Time now, actors::Effects& out);
  void announce(std::vector<protocol::Entry> up, std::vector<Epoch> down, Epoch but, actors::Effects& out);

  protocol::Entry self_;
  std::map<Epoch, Row> rows_;
  std::map<Epoch, Unknown> unknown_;
  std::map<Epoch, Time> lost_;  // when; to say so if they come back
  actors::Awake awake_;
  std::vector<LostGrant> lost_grants_;
  std::uint64_t sequence_ = 0;
};

}  // namespace shoal::router
