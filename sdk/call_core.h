// A core for services that are called: CALLs come decoded and their answers leave as RESULT, calls to other kinds and
// work on other threads are functions with a function for what comes of it. What a third party derives from. Pure, like
// every core; lives with its actor; everything here is called by that actor alone; not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>

#include "actors/core.h"
#include "actors/flow/peers.h"
#include "actors/flow/timers.h"
#include "base/result.h"

namespace shoal::sdk {

// One CALL to this service.
struct CallRequest {
  std::string kind;  // by which it was called
  std::string method;
  std::string payload;         // bytes, whose meaning is between the caller and this service
  Time deadline = time_never;  // later than that nobody waits for the answer
};

// Gets the payload of an answer, or why there is none. May be kept, and is called once; what comes second is ignored.
using Answer = std::function<void(Result<std::string>)>;

class CallCore : public actors::Core {
public:
  CallCore() = default;
  CallCore(const CallCore&) = delete;  // answers point to it
  CallCore& operator=(const CallCore&) = delete;

  void on(actors::Event event, Time now, actors::Effects& out) final;
  Time next_wake() const final;
  void fill_load(protocol::LoadReport& report, Epoch router, Time now) override;
  bool owes() const override { return !requests_.empty(); }

protected:
  // The answer to a CALL: a payload, or an Error, whose code and text reach the caller. So does the text of what is
  // thrown, under the code `internal`. Unless overridden, no method is known.
  virtual Result<std::string> on_call(const std::string& method, const std::string& payload);

  // The same for answers that come later. Whoever overrides it calls `answer` now or in a later event.
  virtual void on_request(const CallRequest& request, Answer answer);

  // Whatever else happens: Started, PeerUp, PeerDown, LinkLost, other messages, other reports, Tick.
  virtual void on_event(const actors::Event& /*event*/) {}

  // When on_event() shall get a Tick at the latest.
  virtual Time wake_time() const { return time_never; }

  // ---- for use while an event is handled, that is in all of the above and in answers

  // CALLs a living process of `kind`, or a client that serves it at a gateway, each in turn. `then` gets its answer, or
  // the error no_service (there is nobody), timeout, peer_lost (it went away and may have done it or not), busy (too
  // many calls wait already) or the callee's own. Never calls `then` at once.
  void call(const std::string& kind, const std::string& method, std::string payload, milliseconds timeout, Answer then);

  // Runs `work` on another thread; `then` gets what it returned, internal if it threw, busy if too much waits already.
  // `work` must not touch this core.
  void run_job(std::function<std::string()> work, Answer then);

  // One line of the log, as key=value.
  void log(actors::Note::Level level, std::string text);

  Time now() const { return now_; }
  actors::Effects& effects();
  const actors::Peers& peers() const { return peers_; }

private:
  struct Request {  // a CALL that was not answered yet
    Epoch from = 0;
    std::uint64_t id = 0;
  };
  struct Open {     // a CALL of this core's own, a job, or what failed at once
    Epoch to = 0;   // 0: nobody
    Error failure;  // at its time
    Answer then;
  };

  void on_received(const actors::Received& received);
  void on_called(Epoch from, const protocol::Message& message, const protocol::Call& call);
  void on_result(Epoch from, const protocol::CallResult& result);
  bool on_reported(const actors::Reported& reported);
  void on_lost(Epoch peer);
  void on_tick();
  void answer(std::uint64_t request, Result<std::string> outcome);
  void reply(Epoch to, std::uint64_t id, Result<std::string> outcome);
  std::uint64_t open(Open waiting, Time until);
  void close(std::uint64_t number, Result<std::string> outcome);
  Result<Epoch> choose(const std::string& kind, const std::string& method, const std::string& payload);

  actors::Peers peers_;
  std::unordered_map<std::uint64_t, Request> requests_;
  actors::Timers<std::uint64_t> request_times_;
  std::unordered_map<std::uint64_t, Open> open_;
  actors::Timers<std::uint64_t> open_times_;
  std::map<std::string, std::size_t> turns_;  // by kind
  std::uint64_t numbers_ = 0;                 // of requests, calls and jobs
  Time now_;
  actors::Effects* out_ = nullptr;  // of the event that is handled
};

}  // namespace shoal::sdk
