// The echo and its caller as services of the mesh: production sockets, codec, actor and process.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <memory>
#include <unistd.h>
#include <utility>
#include <vector>

#include "actors/host/service.h"
#include "cli/bench/calls.h"
#include "cli/bench/parts.h"
#include "protocol/codec.h"

namespace shoal::cli::bench {
namespace {

using actors::Effects;

// Answers every CALL with its own payload.
class Echo : public actors::Core {
public:
  void on(actors::Event event, Time, Effects& out) override {
    auto* received = std::get_if<actors::Received>(&event);
    if (received == nullptr) return;
    auto* call = std::get_if<protocol::Call>(&received->message.body);
    if (call == nullptr) return;
    out.send(received->from,
             protocol::make_message(protocol::CallResult{call->id, Code::ok, "", std::move(call->payload)}));
  }
};

std::size_t wire_bytes(const protocol::Message& message) {
  std::size_t bytes = 0;
  for (const std::string& frame : protocol::encode(message)) bytes += frame.size();
  return bytes;
}

// Keeps `window` calls outstanding until all are answered.
class Caller : public actors::Core {
public:
  Caller(CallPlan plan, std::function<void(Calls&)> done)
      : plan_(std::move(plan)), calls_(plan_), done_(std::move(done)) {
    call_.kind = "bench-echo";
    call_.method = "echo";
    const std::size_t bare = wire_bytes(protocol::make_message(call_));
    call_.payload.bytes.assign(plan_.bytes > bare ? plan_.bytes - bare : 0, 'x');
  }

  void on(actors::Event event, Time, Effects& out) override {
    if (std::holds_alternative<actors::Started>(event)) {
      for (std::uint32_t i = 0; i < plan_.window; ++i) send(out);
    } else if (const auto* received = std::get_if<actors::Received>(&event)) {
      const auto* result = std::get_if<protocol::CallResult>(&received->message.body);
      if (result == nullptr || calls_.done()) return;
      calls_.answered(result->id);
      if (calls_.done()) return done_(calls_);
      send(out);
    }
  }

private:
  void send(Effects& out) {
    call_.id = calls_.sent();
    out.send(plan_.epoch, protocol::make_message(call_), plan_.peer);
  }

  CallPlan plan_;
  Calls calls_;
  std::function<void(Calls&)> done_;
  protocol::Call call_;
};

actors::ServiceConfig config_of(const std::string& kind, const std::string& bind) {
  actors::ServiceConfig config;
  config.kind = kind;
  config.bind = bind;
  return config;
}

}  // namespace

int run_echo(const std::string& bind) {
  return actors::run_service(config_of("bench-echo", bind),
                             [](actors::ServiceHandle&) { return actors::Service{.core = std::make_unique<Echo>()}; });
}

int run_caller(const CallPlan& plan, const std::string& bind) {
  return actors::run_service(config_of("bench-caller", bind), [&](actors::ServiceHandle&) {
    return actors::Service{.core = std::make_unique<Caller>(plan, [](Calls& calls) {
                             calls.print_result();
                             kill(getpid(), SIGTERM);  // as every service is asked to end
                           })};
  });
}

}  // namespace shoal::cli::bench
