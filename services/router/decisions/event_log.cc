#include "services/router/decisions/event_log.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "services/router/decisions/event_json.h"

namespace shoal::router {
namespace {

struct Written {};

bool is_hex(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); });
}

}  // namespace

void EventLog::add(Event event, actors::Effects& out) {
  SHOAL_CHECK(event.snapshot.sequence == next_sequence_);
  ++next_sequence_;
  const auto kept = std::make_shared<const Event>(std::move(event));
  candidates_ += kept->snapshot.candidates.size();
  last_.push_back(kept);
  while (last_.size() > limits::explained_max || candidates_ > limits::explained_candidates_max) {
    candidates_ -= last_.front()->snapshot.candidates.size();
    last_.pop_front();
  }
  if (!sink_) return;
  if (pending_.size() >= limits::event_log_pending_max) return out.count("decisions_not_logged");
  pending_.push_back(kept);
  write(out);
}

bool EventLog::on_reported(const actors::Reported& reported, actors::Effects& out) {
  if (std::any_cast<Written>(&reported.value) == nullptr) return false;
  writing_ = false;
  write(out);
  return true;
}

void EventLog::write(actors::Effects& out) {
  if (writing_ || pending_.empty()) return;
  writing_ = true;
  out.start_job([sink = sink_, events = std::exchange(pending_, {})]() -> std::any {
    sink(events);
    return Written{};
  });
}

Result<std::string> EventLog::explain(const std::string& payload, Time now) const {
  if (payload.size() < limits::explain_digits_min || payload.size() > 32 || !is_hex(payload)) {
    return Error{Code::invalid_request, "explain: expected a request's 32 hexadecimal digits, or the first " +
                                            std::to_string(limits::explain_digits_min) + " of them or more"};
  }
  std::string digits = payload;
  for (char& c : digits) c = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  std::vector<EventPtr> found;
  for (const EventPtr& event : last_) {
    const RequestId& request = event->snapshot.asked.stream.request;
    if (to_hex(request).compare(0, digits.size(), digits) != 0) continue;
    if (!found.empty() && found.front()->snapshot.asked.stream.request != request) {
      return Error{Code::invalid_request, "explain: several requests begin with " + digits + "; give more digits"};
    }
    found.push_back(event);
  }
  if (found.empty()) {
    return Error{Code::unknown_id, "this router does not remember the request " + digits + " among its last " +
                                       std::to_string(last_.size()) + " decisions; its log may"};
  }
  // The last ones, if there are many of a request.
  while (found.size() > limits::explained_events_max) found.erase(found.begin());
  return pack_explanation(header_, found, now);
}

}  // namespace shoal::router
