#include "sdk/call_core.h"

#include <stdexcept>

#include <doctest/doctest.h>

#include "tests/unit/services/bench.h"

namespace shoal::sdk {
namespace {

using actors::PeerDown;
using actors::PeerUp;
using protocol::Call;
using protocol::CallResult;
using test::Bench;
using test::entry;

constexpr Epoch caller = 7;
constexpr Epoch callee = 8;

// Does what the payload says, or what the test told it to do.
class Scripted : public CallCore {
public:
  std::function<void(const CallRequest&, Answer)> later;
  std::vector<actors::Event> events;
  std::vector<Result<std::string>> outcomes;  // of its own calls and jobs
  Time wake = time_never;

  using CallCore::call;
  using CallCore::run_job;

  // Runs `action` while an event is handled.
  void act(Bench& bench, std::function<void()> action) {
    action_ = std::move(action);
    bench.give(actors::Started{});
  }
  Answer keep() {
    return [this](Result<std::string> outcome) { outcomes.push_back(std::move(outcome)); };
  }

protected:
  Result<std::string> on_call(const std::string& method, const std::string& payload) override {
    if (method == "echo") return payload;
    if (method == "big") return std::string(limits::payload_bytes_max + 1, 'x');
    if (method == "throw") throw std::runtime_error("no good");
    if (method == "nothing") return Error{Code::ok, "an error without a code"};
    return CallCore::on_call(method, payload);
  }
  void on_request(const CallRequest& request, Answer answer) override {
    if (later) return later(request, std::move(answer));
    CallCore::on_request(request, std::move(answer));
  }
  void on_event(const actors::Event& event) override {
    events.push_back(event);
    if (action_) std::exchange(action_, {})();
  }
  Time wake_time() const override { return wake; }

private:
  std::function<void()> action_;
};

struct World {
  Scripted core;
  Bench bench{core};

  const CallResult* call(const std::string& method, const std::string& payload = "", std::uint32_t budget_ms = 1000) {
    protocol::Head head;
    head.budget_ms = budget_ms;
    bench.receive(caller, Call{.id = 5, .kind = "test", .method = method, .payload = {payload}}, head);
    return bench.body<CallResult>(caller);
  }
  // A call of the core's own to one living "clock".
  Call make_call(milliseconds timeout = milliseconds(1000)) {
    bench.give(PeerUp{entry(callee, "clock")});
    core.act(bench, [this, timeout] { core.call("clock", "now", "zone", timeout, core.keep()); });
    REQUIRE(bench.body<Call>(callee) != nullptr);
    return *bench.body<Call>(callee);
  }
  Code only_error() {
    REQUIRE(core.outcomes.size() == 1);
    return core.outcomes[0] ? Code::ok : core.outcomes[0].error().code;
  }
};

}  // namespace

TEST_CASE("what on_call returns is the payload of the RESULT") {
  World world;
  const CallResult* result = world.call("echo", "hello");
  REQUIRE(result != nullptr);
  CHECK(result->id == 5);
  CHECK(result->code == Code::ok);
  CHECK(result->payload.bytes == "hello");
}

TEST_CASE("a method that nobody wrote is refused by its name") {
  World world;
  const CallResult* result = world.call("ehco");
  REQUIRE(result != nullptr);
  CHECK(result->code == Code::invalid_request);
  CHECK(result->text.find("\"ehco\"") != std::string::npos);
}

TEST_CASE("what is thrown is answered as internal, and the next call is served") {
  World world;
  const CallResult* result = world.call("throw");
  REQUIRE(result != nullptr);
  CHECK(result->code == Code::internal);
  CHECK(result->text == "no good");
  CHECK(world.call("echo", "again")->payload.bytes == "again");
}

TEST_CASE("what is thrown before a later answer is the answer") {
  World world;
  Answer kept;
  world.core.later = [&](const CallRequest&, Answer answer) {
    kept = std::move(answer);
    throw std::runtime_error("no good");
  };
  CHECK(world.call("echo")->code == Code::internal);
  world.core.act(world.bench, [&] { kept(std::string("too late")); });
  CHECK(world.bench.sends.empty());
}

TEST_CASE("an answer over the bound of a message is an error of its own") {
  World world;
  CHECK(world.call("big")->code == Code::too_large);
}

TEST_CASE("an error without a code does not look like success") {
  World world;
  CHECK(world.call("nothing")->code == Code::internal);
}

TEST_CASE("a call that comes after its time is not handed on") {
  World world;
  bool asked = false;
  world.core.later = [&](const CallRequest&, const Answer&) { asked = true; };
  CHECK(world.call("echo", "", 0)->code == Code::deadline_exceeded);
  CHECK_FALSE(asked);
}

TEST_CASE("an answer may come later, and once") {
  World world;
  Answer kept;
  world.core.later = [&](const CallRequest& request, Answer answer) {
    CHECK(request.deadline == world.bench.now + milliseconds(1000));
    kept = std::move(answer);
  };
  CHECK(world.call("echo") == nullptr);
  CHECK(world.bench.load(1).streams == 1);
  world.core.act(world.bench, [&] { kept(std::string("done")); });
  CHECK(world.bench.body<CallResult>(caller)->payload.bytes == "done");
  world.core.act(world.bench, [&] { kept(std::string("again")); });
  CHECK(world.bench.sends.empty());
  CHECK(world.bench.load(1).streams == 0);
}

TEST_CASE("an answer that does not come is deadline_exceeded at the caller's deadline") {
  World world;
  world.core.later = [](const CallRequest&, const Answer&) {};
  world.call("echo");
  world.bench.pass(milliseconds(999));
  CHECK(world.bench.sends.empty());
  world.bench.pass(milliseconds(1));
  REQUIRE(world.bench.body<CallResult>(caller) != nullptr);
  CHECK(world.bench.body<CallResult>(caller)->code == Code::deadline_exceeded);
}

TEST_CASE("a caller that goes away is not answered") {
  World world;
  Answer kept;
  world.core.later = [&](const CallRequest&, Answer answer) { kept = std::move(answer); };
  world.call("echo");
  world.bench.give(actors::LinkLost{caller});
  CHECK(world.bench.load(1).streams == 0);
  world.core.act(world.bench, [&] { kept(std::string("done")); });
  CHECK(world.bench.sends.empty());
}

TEST_CASE("more waiting calls than the bound are refused as busy") {
  World world;
  world.core.later = [](const CallRequest&, const Answer&) {};
  for (std::uint32_t i = 0; i < limits::calls_open_max; ++i) REQUIRE(world.call("echo") == nullptr);
  REQUIRE(world.call("echo") != nullptr);
  CHECK(world.bench.body<CallResult>(caller)->code == Code::busy);
}

TEST_CASE("a call reaches somebody of the kind, with its time, and the answer comes back") {
  World world;
  const Call call = world.make_call(milliseconds(300));
  CHECK(call.kind == "clock");
  CHECK(call.method == "now");
  CHECK(call.payload.bytes == "zone");
  CHECK(world.bench.sent<Call>(callee)->head.budget_ms == 300);
  world.bench.receive(callee, CallResult{.id = call.id, .code = Code::ok, .text = {}, .payload = {"noon"}});
  REQUIRE(world.core.outcomes.size() == 1);
  CHECK(world.core.outcomes[0].value() == "noon");
}

TEST_CASE("the callee's own error comes back with its code and text") {
  World world;
  const Call call = world.make_call();
  world.bench.receive(callee, CallResult{.id = call.id, .code = Code::busy, .text = "try again", .payload = {}});
  CHECK(world.only_error() == Code::busy);
  CHECK(world.core.outcomes[0].error().text == "try again");
}

TEST_CASE("an answer of somebody else than who was called does not count") {
  World world;
  const Call call = world.make_call();
  world.bench.receive(caller, CallResult{.id = call.id, .code = Code::ok, .text = {}, .payload = {"forged"}});
  CHECK(world.core.outcomes.empty());
}

TEST_CASE("calls go to all of a kind in turn, clients of gateways included") {
  World world;
  protocol::Entry gateway = entry(20, "gateway");
  gateway.labels.push_back({"serves", "spell,clock"});
  world.bench.give(PeerUp{entry(10, "clock")});
  world.bench.give(PeerUp{gateway});
  world.bench.give(PeerUp{entry(30, "clock")});
  world.bench.give(PeerUp{entry(40, "router")});
  std::vector<Epoch> called;
  for (int i = 0; i < 6; ++i) {
    world.core.act(world.bench, [&] { world.core.call("clock", "now", "", milliseconds(1), world.core.keep()); });
    for (const actors::Send& send : world.bench.sends) called.push_back(send.to);
  }
  CHECK(called == std::vector<Epoch>{10, 20, 30, 10, 20, 30});
}

TEST_CASE("a call that nobody answers in time ends with timeout, and a later answer is ignored") {
  World world;
  const Call call = world.make_call(milliseconds(300));
  world.bench.pass(milliseconds(299));
  CHECK(world.core.outcomes.empty());
  world.bench.pass(milliseconds(1));
  CHECK(world.only_error() == Code::timeout);
  world.bench.receive(callee, CallResult{.id = call.id, .code = Code::ok, .text = {}, .payload = {}});
  CHECK(world.core.outcomes.size() == 1);
}

TEST_CASE("the death of who was called ends the call at once") {
  World world;
  world.make_call();
  SUBCASE("by its link") { world.bench.give(actors::LinkLost{callee}); }
  SUBCASE("by the directory") { world.bench.give(PeerDown{entry(callee, "clock")}); }
  CHECK(world.only_error() == Code::peer_lost);
}

TEST_CASE("a call to a kind that nobody is of fails soon, but not within the call") {
  World world;
  world.core.act(world.bench, [&] {
    world.core.call("clock", "now", "", milliseconds(1000), world.core.keep());
    CHECK(world.core.outcomes.empty());
  });
  world.bench.pass(Duration(0));
  CHECK(world.only_error() == Code::no_service);
}

TEST_CASE("a call that no message can carry fails and sends nothing") {
  World world;
  world.bench.give(PeerUp{entry(callee, "clock")});
  std::string kind = "clock";
  std::string method = "now";
  std::string payload;
  Code expected = Code::invalid_request;
  SUBCASE("an empty method") { method.clear(); }
  SUBCASE("a long kind") { kind.assign(limits::name_bytes_max + 1, 'k'); }
  SUBCASE("a method that is no text") { method = "\xff"; }
  SUBCASE("a payload over its bound") {
    payload.assign(limits::payload_bytes_max + 1, 'p');
    expected = Code::too_large;
  }
  world.core.act(world.bench, [&] { world.core.call(kind, method, payload, milliseconds(1000), world.core.keep()); });
  CHECK(world.bench.sends.empty());
  world.bench.pass(Duration(0));
  CHECK(world.only_error() == expected);
}

TEST_CASE("more open calls than the bound end as busy") {
  World world;
  world.make_call();
  world.core.act(world.bench, [&] {
    for (std::uint32_t i = 0; i < limits::calls_open_max; ++i) {
      world.core.call("clock", "now", "", milliseconds(1000), world.core.keep());
    }
  });
  CHECK(world.bench.sends.size() == limits::calls_open_max - 1);
  world.bench.pass(Duration(0));
  CHECK(world.only_error() == Code::busy);
}

TEST_CASE("a job's value comes back, and what it throws as internal") {
  World world;
  world.core.act(world.bench, [&] {
    world.core.run_job([] { return std::string("done"); }, world.core.keep());
    world.core.run_job([]() -> std::string { throw std::runtime_error("no good"); }, world.core.keep());
  });
  const auto jobs = world.bench.jobs;
  REQUIRE(jobs.size() == 2);
  for (const auto& job : jobs) world.bench.give(actors::Reported{job.work()});
  REQUIRE(world.core.outcomes.size() == 2);
  CHECK(world.core.outcomes[0].value() == "done");
  CHECK(world.core.outcomes[1].error().code == Code::internal);
}

TEST_CASE("what is neither a call nor an answer is an event of the service's own") {
  World world;
  world.bench.give(actors::Started{});
  world.bench.give(actors::Reported{42});
  world.bench.receive(caller, protocol::Serve{"clock"});
  world.core.wake = world.bench.now + seconds(1);
  world.bench.pass(seconds(1));
  CHECK(world.core.events.size() == 4);
  CHECK(std::holds_alternative<actors::Tick>(world.core.events.back()));
}

}  // namespace shoal::sdk
