#include "sdk/call_core.h"

#include <algorithm>
#include <any>
#include <exception>
#include <memory>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/utf8.h"

namespace shoal::sdk {
namespace {

using protocol::make_message;

constexpr std::size_t kinds_max = 1024;                                   // whose turns are remembered
constexpr auto request_keep = milliseconds(limits::deadline_default_ms);  // of a CALL that names no deadline

struct JobDone {
  std::uint64_t number = 0;
  Result<std::string> outcome;
};

// Calls `work`; what it throws is an error.
template <class Work>
Result<std::string> attempt(const Work& work) {
  try {
    return work();
  } catch (const std::exception& thrown) {
    return Error{Code::internal, thrown.what()};
  } catch (...) {
    return Error{Code::internal, "something was thrown that is no std::exception"};
  }
}

// An outcome as a message can carry it.
Result<std::string> fit(Result<std::string> outcome) {
  if (!outcome && outcome.error().code == Code::ok) return Error{Code::internal, outcome.error().text};
  if (outcome && outcome->size() > limits::payload_bytes_max) {
    return Error{Code::too_large, "the answer has " + std::to_string(outcome->size()) + " bytes; at most " +
                                      std::to_string(limits::payload_bytes_max) + " fit a message"};
  }
  return outcome;
}

Result<void> check_name(const char* what, const std::string& name) {
  if (!name.empty() && name.size() <= limits::name_bytes_max && is_utf8(name)) return {};
  return Error{Code::invalid_request, std::string(what) + " \"" + printable(name) + "\": expected 1 to " +
                                          std::to_string(limits::name_bytes_max) + " bytes of UTF-8"};
}

}  // namespace

void CallCore::on(actors::Event event, Time now, actors::Effects& out) {
  now_ = now;
  out_ = &out;
  if (const auto* up = std::get_if<actors::PeerUp>(&event)) peers_.up(up->peer);
  if (const auto* down = std::get_if<actors::PeerDown>(&event)) {
    peers_.down(down->peer.epoch);
    on_lost(down->peer.epoch);
  }
  if (const auto* lost = std::get_if<actors::LinkLost>(&event)) on_lost(lost->epoch);

  const auto* received = std::get_if<actors::Received>(&event);
  const auto* reported = std::get_if<actors::Reported>(&event);
  if (received != nullptr) {
    on_received(*received);
  } else if (std::holds_alternative<actors::Tick>(event)) {
    on_tick();
  } else if (reported == nullptr || !on_reported(*reported)) {
    on_event(event);
  }
  out_ = nullptr;
}

Time CallCore::next_wake() const { return std::min({request_times_.next(), open_times_.next(), wake_time()}); }

void CallCore::fill_load(protocol::LoadReport& report, Epoch, Time) {
  report.streams = static_cast<std::uint32_t>(requests_.size());
}

Result<std::string> CallCore::on_call(const std::string& method, const std::string&) {
  return Error{Code::invalid_request, "this service has no method \"" + printable(method) + "\""};
}

void CallCore::on_request(const CallRequest& request, Answer answer) {
  const Answer tell = std::move(answer);
  tell(attempt([&] { return on_call(request.method, request.payload); }));
}

void CallCore::call(const std::string& kind, const std::string& method, std::string payload, milliseconds timeout,
                    Answer then) {
  const auto to = choose(kind, method, payload);
  if (!to) {
    open({.to = 0, .failure = to.error(), .then = std::move(then)}, now_);
    return;
  }
  const Error late{Code::timeout, "no " + kind + " answered within " + std::to_string(timeout.count()) + " ms"};
  const Time until = now_ + std::max(timeout, milliseconds(1));
  const auto id = open({.to = *to, .failure = late, .then = std::move(then)}, until);
  protocol::Head head;
  head.budget_ms = budget_ms(until, now_);
  effects().send(*to, make_message(protocol::Call{id, kind, method, {std::move(payload)}}, head));
  effects().count("calls_made");
}

void CallCore::run_job(std::function<std::string()> work, Answer then) {
  if (open_.size() >= limits::calls_open_max) {
    open({.to = 0, .failure = {Code::busy, "as many jobs as allowed wait already"}, .then = std::move(then)}, now_);
    return;
  }
  const auto number = open({.to = 0, .failure = {}, .then = std::move(then)}, time_never);
  effects().start_job([number, work = std::move(work)]() -> std::any {
    return std::make_shared<JobDone>(JobDone{number, attempt([&]() -> Result<std::string> { return work(); })});
  });
}

void CallCore::log(actors::Note::Level level, std::string text) { effects().note(level, std::move(text)); }

actors::Effects& CallCore::effects() {
  SHOAL_CHECK(out_ != nullptr);  // only while an event is handled
  return *out_;
}

void CallCore::on_received(const actors::Received& received) {
  if (const auto* called = std::get_if<protocol::Call>(&received.message.body)) {
    on_called(received.from, received.message, *called);
  } else if (const auto* result = std::get_if<protocol::CallResult>(&received.message.body)) {
    on_result(received.from, *result);
  } else {
    on_event(received);
  }
}

void CallCore::on_called(Epoch from, const protocol::Message& message, const protocol::Call& call) {
  const std::uint32_t budget = message.head.budget_ms;
  if (budget == 0) return reply(from, call.id, Error{Code::deadline_exceeded, "the call came after its time"});
  if (requests_.size() >= limits::calls_open_max) {
    effects().count("calls_refused");
    return reply(from, call.id, Error{Code::busy, "as many calls as allowed wait here already; try again"});
  }
  effects().count("calls");
  const auto number = ++numbers_;
  const Time deadline = deadline_of(budget, now_);
  requests_[number] = {from, call.id};
  request_times_.set(number, std::min(deadline, now_ + request_keep));
  const CallRequest request{call.kind, call.method, call.payload.bytes, deadline};
  const auto handled = attempt([&]() -> Result<std::string> {
    on_request(request, [this, number](Result<std::string> outcome) { answer(number, std::move(outcome)); });
    return std::string();
  });
  if (!handled) answer(number, handled.error());
}

void CallCore::on_result(Epoch from, const protocol::CallResult& result) {
  const auto found = open_.find(result.id);
  if (found == open_.end() || found->second.to != from) return effects().count("results_late");
  if (result.code == Code::ok) return close(result.id, result.payload.bytes);
  close(result.id, Error{result.code, result.text});
}

// Whether it was a job of this core's.
bool CallCore::on_reported(const actors::Reported& reported) {
  const auto* done = std::any_cast<std::shared_ptr<JobDone>>(&reported.value);
  if (done != nullptr) close((*done)->number, std::move((*done)->outcome));
  return done != nullptr;
}

void CallCore::on_lost(Epoch peer) {
  std::vector<std::uint64_t> lost;
  for (const auto& [number, waiting] : open_) {
    if (waiting.to == peer) lost.push_back(number);
  }
  std::sort(lost.begin(), lost.end());
  for (const auto number : lost) {
    close(number, Error{Code::peer_lost, "who was called went away; whether it did what was asked is not known"});
  }
  std::erase_if(requests_, [&](const auto& item) {
    if (item.second.from != peer) return false;
    request_times_.cancel(item.first);
    return true;
  });
}

void CallCore::on_tick() {
  for (const auto number : request_times_.take_due(now_)) {
    const auto found = requests_.find(number);
    const Request request = found->second;
    requests_.erase(found);
    reply(request.from, request.id, Error{Code::deadline_exceeded, "the call's time is over"});
  }
  for (const auto number : open_times_.take_due(now_)) {
    const auto found = open_.find(number);
    if (found != open_.end()) close(number, Error(found->second.failure));
  }
  if (now_ >= wake_time()) on_event(actors::Tick{});
}

void CallCore::answer(std::uint64_t request, Result<std::string> outcome) {
  const auto found = requests_.find(request);
  if (found == requests_.end()) return;  // answered, too late, or the caller went away
  const auto [from, id] = found->second;
  requests_.erase(found);
  request_times_.cancel(request);
  reply(from, id, std::move(outcome));
}

void CallCore::reply(Epoch to, std::uint64_t id, Result<std::string> outcome) {
  outcome = fit(std::move(outcome));
  protocol::CallResult result{.id = id, .code = Code::ok, .text = {}, .payload = {}};
  if (outcome) {
    result.payload.bytes = *std::move(outcome);
  } else {
    result.code = outcome.error().code;
    result.text = as_sentence(outcome.error().text, limits::text_bytes_max);
  }
  effects().send(to, make_message(std::move(result)));
}

std::uint64_t CallCore::open(Open waiting, Time until) {
  const auto number = ++numbers_;
  open_.emplace(number, std::move(waiting));
  open_times_.set(number, until);
  return number;
}

void CallCore::close(std::uint64_t number, Result<std::string> outcome) {
  const auto found = open_.find(number);
  if (found == open_.end()) return;
  const Answer then = std::move(found->second.then);
  open_.erase(found);
  open_times_.cancel(number);
  if (then) then(std::move(outcome));
}

// Who is called next, unless the call cannot be made.
Result<Epoch> CallCore::choose(const std::string& kind, const std::string& method, const std::string& payload) {
  SHOAL_TRY(check_name("kind", kind));
  SHOAL_TRY(check_name("method", method));
  if (payload.size() > limits::payload_bytes_max) {
    return Error{Code::too_large, "the payload has " + std::to_string(payload.size()) + " bytes; at most " +
                                      std::to_string(limits::payload_bytes_max) + " fit a message"};
  }
  if (open_.size() >= limits::calls_open_max) return Error{Code::busy, "as many calls as allowed wait already"};
  const auto able = peers_.serving(kind);
  if (able.empty()) {
    return Error{Code::no_service, "no " + kind + " is alive, neither a process nor a client that serves it"};
  }
  if (turns_.size() >= kinds_max) turns_.clear();
  return able[turns_[kind]++ % able.size()]->epoch;
}

}  // namespace shoal::sdk
