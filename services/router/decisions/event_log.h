// The decisions of one router: the last ones in memory, to be asked for by a CALL, and all of them to the process's
// file, if it has one. Writing is a job on a worker, one at a time, so that no decision waits for a disk and the order
// is kept; what cannot be written as fast as it is decided is counted and left out. Pure; lives with the router core.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "actors/core.h"
#include "base/result.h"
#include "services/router/decisions/event.h"

namespace shoal::router {

class EventLog {
public:
  // Called on a worker, one call at a time; takes the events to where they are kept.
  using Sink = std::function<void(const std::vector<EventPtr>&)>;

  EventLog(LogHeader header, Sink sink) : header_(std::move(header)), sink_(std::move(sink)) {}

  // The number that the next event must have.
  std::uint64_t next_sequence() const { return next_sequence_; }

  void add(Event event, actors::Effects& out);

  // A job's value came back; true if it was one of this log's.
  bool on_reported(const actors::Reported& reported, actors::Effects& out);

  // Answers "explain": `payload` is 8 to 32 hexadecimal digits, a request or how it begins. Returns a msgpack map
  // (event_json.h). Fails with invalid_request, and with unknown_id for a request that is not among the last ones.
  Result<std::string> explain(const std::string& payload, Time now) const;

  const std::deque<EventPtr>& last() const { return last_; }

private:
  void write(actors::Effects& out);

  LogHeader header_;
  Sink sink_;
  std::deque<EventPtr> last_;
  std::size_t candidates_ = 0;     // of those in `last_`
  std::vector<EventPtr> pending_;  // not yet handed to a job
  bool writing_ = false;
  std::uint64_t next_sequence_ = 1;
};

}  // namespace shoal::router
