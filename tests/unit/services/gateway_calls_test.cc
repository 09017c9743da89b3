#include <set>

#include <doctest/doctest.h>

#include "edge_frames.h"

using namespace shoal;
using namespace shoal::test;

namespace {

struct Caller : Gateway {
  Caller() { up(clock_process, "clock"); }
  void gone(const actors::ClientId& client) { bench.give(actors::ClientGone{client.routing_id}); }
  protocol::Call sent() { return std::get<protocol::Call>(first<protocol::Call>()->body); }
};

// A gateway with one client that serves "moderate".
struct Served : Gateway {
  Served() { say(serve("moderate"), server); }
  // The id of the CALL that the client got.
  std::string asked(const std::string& id = "c", const std::string& payload = "x") {
    say(call(id, "moderate", payload), caller);
    return test::told(*this, server)["id"];
  }
};

}  // namespace

TEST_CASE("a CALL goes to a process of its kind, and its RESULT comes back to the client") {
  Caller gateway;
  gateway.say(call("c", "clock", "when"), caller);
  CHECK(gateway.to<protocol::Call>() == clock_process);
  const auto sent = gateway.sent();
  CHECK(sent.kind == "clock");
  CHECK(sent.method == "tell");
  CHECK(sent.payload.bytes == "when");
  CHECK(gateway.first<protocol::Call>()->head.budget_ms == limits::call_default_ms);
  gateway.bench.receive(clock_process, protocol::CallResult{sent.id, Code::ok, "", {"now"}});
  CHECK(told(gateway, caller) ==
        std::map<std::string, std::string>{{"type", "RESULT"}, {"id", "c"}, {"payload", "now"}});
}

TEST_CASE("an error of whoever was called is the client's") {
  Caller gateway;
  gateway.say(call("c", "clock"), caller);
  gateway.bench.receive(clock_process, protocol::CallResult{gateway.sent().id, Code::refused, "Not today.", {}});
  CHECK(told(gateway, caller)["code"] == "refused");
  CHECK(told(gateway, caller)["message"] == "Not today.");
}

TEST_CASE("processes of a kind take turns, and so do gateways whose clients serve it") {
  Caller gateway;
  gateway.up(other_clock, "clock");
  gateway.bench.give(actors::PeerUp{gateway_serving("moderate,clock")});
  std::map<Epoch, int> asked;
  for (int i = 0; i < 9; ++i) {
    gateway.say(call(std::to_string(i), "clock"), caller);
    ++asked[gateway.to<protocol::Call>()];
  }
  CHECK(asked == std::map<Epoch, int>{{clock_process, 3}, {other_clock, 3}, {other_gateway, 3}});
}

TEST_CASE("a CALL with an epoch goes to that process or to nobody") {
  Caller gateway;
  gateway.up(other_clock, "clock");
  const auto ask = [&](Epoch epoch) {
    gateway.say(frame({{"type", "CALL"}, {"id", to_hex(epoch)}, {"kind", "clock"}, {"epoch", to_hex(epoch)}}), caller);
  };
  ask(other_clock);
  CHECK(gateway.to<protocol::Call>() == other_clock);
  ask(99);
  CHECK(gateway.first<protocol::Call>() == nullptr);
  CHECK(told(gateway, caller)["code"] == "no_service");
}

TEST_CASE("nobody of a kind is an error at once that names who is there and what was meant") {
  Caller gateway;
  gateway.say(call("c", "clocks"), caller);
  CHECK(told(gateway, caller)["code"] == "no_service");
  CHECK(told(gateway, caller)["message"] ==
        "no process of kind \"clocks\" is alive and no client serves it (did you mean clock?); CALLs are answered by: "
        "clock, router");
  CHECK(told(gateway, caller)["retry_after_ms"] == "1000");
}

TEST_CASE("kinds of the mesh that answer no CALLs are refused instead of waited for") {
  Caller gateway;
  gateway.say(call("c", "inference"), caller);
  CHECK(told(gateway, caller)["code"] == "invalid_request");
  CHECK(gateway.bench.sends.empty());
}

TEST_CASE("a CALL without an answer in time is over, and a late answer is dropped") {
  Caller gateway;
  gateway.say(call("c", "clock"), caller);
  const auto id = gateway.sent().id;
  gateway.bench.pass(milliseconds(limits::call_default_ms));
  CHECK(told(gateway, caller)["code"] == "timeout");
  gateway.bench.receive(clock_process, protocol::CallResult{id, Code::ok, "", {}});
  CHECK(gateway.bench.replies.empty());
}

TEST_CASE("a process that is lost ends its CALLs at once") {
  Caller gateway;
  gateway.say(call("c", "clock"), caller);
  gateway.bench.give(actors::LinkLost{clock_process});
  CHECK(told(gateway, caller)["code"] == "peer_lost");
}

TEST_CASE("a RESULT of somebody else than who was asked is dropped") {
  Caller gateway;
  gateway.up(other_clock, "clock");
  gateway.say(call("c", "clock"), caller);
  const Epoch wrong = gateway.to<protocol::Call>() == clock_process ? other_clock : clock_process;
  gateway.bench.receive(wrong, protocol::CallResult{gateway.sent().id, Code::ok, "", {}});
  CHECK(gateway.bench.replies.empty());
}

TEST_CASE("an id is unique among CALLs and SUBMITs of a connection, and free again when it is over") {
  Caller gateway;
  gateway.say(call("c", "clock"), caller);
  const auto id = gateway.sent().id;
  gateway.say(call("c", "clock"), caller);
  CHECK(told(gateway, caller)["code"] == "duplicate_id");
  gateway.say(submit({.id = "c"}), caller);
  CHECK(told(gateway, caller)["code"] == "duplicate_id");
  gateway.say(submit({.id = "q"}), caller);
  gateway.say(call("q", "clock"), caller);
  CHECK(told(gateway, caller)["code"] == "duplicate_id");
  gateway.bench.receive(clock_process, protocol::CallResult{id, Code::ok, "", {}});
  gateway.say(call("c", "clock"), caller);
  CHECK(gateway.first<protocol::Call>() != nullptr);
}

TEST_CASE("CANCEL ends a CALL") {
  Caller gateway;
  gateway.say(call("c", "clock"), caller);
  gateway.say(request_of("CANCEL", "c"), caller);
  CHECK(told(gateway, caller)["code"] == "cancelled");
}

TEST_CASE("a client with as many CALLs open as it may have is told so, and another client is not") {
  Caller gateway;
  for (std::uint32_t i = 0; i < limits::client_calls_max; ++i) gateway.say(call(std::to_string(i), "clock"), caller);
  CHECK(gateway.first<protocol::Call>() != nullptr);
  gateway.say(call("more", "clock"), caller);
  CHECK(told(gateway, caller)["code"] == "busy");
  gateway.say(call("more", "clock"), other_server);
  CHECK(gateway.first<protocol::Call>() != nullptr);
}

TEST_CASE("a client that serves a kind gets its CALLs, and the caller its RESULT") {
  Served gateway;
  CHECK(told(gateway, server) ==
        std::map<std::string, std::string>{{"type", "SERVING"}, {"id", "s"}, {"kind", "moderate"}});
  const std::string id = gateway.asked();
  auto asked = told(gateway, server);
  CHECK(asked["type"] == "CALL");
  CHECK(asked["kind"] == "moderate");
  CHECK(asked["method"] == "tell");
  CHECK(asked["payload"] == "x");
  CHECK(asked["budget_ms"] == "10000");
  gateway.say(result(id, "fine"), server);
  CHECK(told(gateway, caller)["payload"] == "fine");
}

TEST_CASE("a kind that clients serve stands in the label of the gateway, until the last of them is gone") {
  Served gateway;
  gateway.say(serve("clock"), other_server);
  CHECK(gateway.bench.labels == std::vector<protocol::Label>{{"serves", "clock,moderate"}});
  gateway.bench.give(actors::ClientGone{server.routing_id});
  CHECK(gateway.bench.labels == std::vector<protocol::Label>{{"serves", "clock"}});
  gateway.bench.give(actors::ClientGone{other_server.routing_id});
  CHECK(gateway.bench.labels->empty());
}

TEST_CASE("several clients that serve a kind take turns") {
  Served gateway;
  gateway.say(serve("moderate"), other_server);
  std::map<std::string, int> asked;
  for (int i = 0; i < 10; ++i) {
    gateway.say(call(std::to_string(i), "moderate"), caller);
    REQUIRE(gateway.bench.replies.size() == 1);
    ++asked[gateway.bench.replies[0].client.routing_id];
  }
  CHECK(asked == std::map<std::string, int>{{"server", 5}, {"other", 5}});
}

TEST_CASE("a serving client that goes ends its CALLs at once, and gets no more") {
  Served gateway;
  gateway.asked();
  gateway.bench.give(actors::ClientGone{server.routing_id});
  CHECK(told(gateway, caller)["code"] == "peer_lost");
  gateway.say(call("d", "moderate"), caller);
  CHECK(told(gateway, caller)["code"] == "no_service");
}

TEST_CASE("only who was asked can answer") {
  Served gateway;
  const std::string id = gateway.asked();
  gateway.say(result(id, "forged"), other_server);
  CHECK(told(gateway, caller).empty());
}

TEST_CASE("a RESULT with a code is an error for the caller, and an unknown code is internal") {
  Served gateway;
  const auto answer = [&](const std::string& id, const std::string& code) {
    gateway.say(frame({{"type", "RESULT"}, {"id", id}, {"code", code}, {"message", "No."}}), server);
  };
  answer(gateway.asked(), "refused");
  CHECK(told(gateway, caller)["code"] == "refused");
  CHECK(told(gateway, caller)["message"] == "No.");
  answer(gateway.asked(), "my_own");
  CHECK(told(gateway, caller)["code"] == "internal");
}

TEST_CASE("a RESULT that cannot be used ends its CALL, and its sender is told why") {
  Served gateway;
  const std::string id = gateway.asked();
  gateway.say(frame({{"type", "RESULT"}, {"id", id}, {"paylod", "x"}}), server);
  CHECK(told(gateway, caller)["code"] == "malformed");
  CHECK(told(gateway, server)["code"] == "unknown_field");
  CHECK(told(gateway, server)["id"].empty());
}

TEST_CASE("kinds of the mesh cannot be served by a client") {
  Gateway gateway;
  for (const std::string kind : {"gateway", "preprocess", "router", "inference", "postprocess"}) {
    gateway.say(serve(kind), server);
    CHECK(told(gateway, server)["code"] == "invalid_request");
  }
}

TEST_CASE("a REQ socket cannot serve, nor answer, because it has one reply to each request") {
  Gateway gateway;
  const actors::ClientId req{"req", true};
  gateway.say(serve("moderate"), req);
  CHECK(told(gateway, req)["code"] == "invalid_request");
  gateway.say(result("1", ""), req);
  CHECK(told(gateway, req)["code"] == "invalid_request");
  gateway.up(clock_process, "clock");
  gateway.say(call("c", "clock"), req);
  CHECK(gateway.bench.replies.empty());  // the RESULT will be the one reply
}

TEST_CASE("kinds whose names do not fit the label are refused, and one that is served already is not") {
  Gateway gateway;
  const std::string first(63, 'a'), second(64, 'b');
  gateway.say(serve(first), server);
  gateway.say(serve(second), server);
  CHECK(told(gateway, server)["type"] == "SERVING");
  gateway.say(serve("c"), server);
  CHECK(told(gateway, server)["code"] == "busy");
  gateway.say(serve(first), other_server);
  CHECK(told(gateway, other_server)["type"] == "SERVING");
}

TEST_CASE("a kind whose clients have as much to answer as they may is busy") {
  Served gateway;
  const std::string half(limits::payload_bytes_max / 2 + 1, 'x');
  CHECK_FALSE(gateway.asked("1", half).empty());
  gateway.say(call("2", "moderate", half), caller);
  CHECK(told(gateway, caller)["code"] == "busy");
}

TEST_CASE("a CALL of another process is handed to a client, and its RESULT goes back") {
  Served gateway;
  gateway.bench.receive(clock_process, protocol::Call{7, "moderate", "tell", {"x"}});
  auto asked = told(gateway, server);
  CHECK(asked["payload"] == "x");
  gateway.say(result(asked["id"], "fine"), server);
  const auto* answer = gateway.bench.body<protocol::CallResult>(clock_process);
  REQUIRE(answer != nullptr);
  CHECK(answer->id == 7);
  CHECK(answer->code == Code::ok);
  CHECK(answer->payload.bytes == "fine");
}

TEST_CASE("a CALL of another process is never handed to a third one") {
  Caller gateway;
  gateway.bench.receive(other_gateway, protocol::Call{7, "clock", "tell", {}});
  REQUIRE(gateway.bench.body<protocol::CallResult>(other_gateway) != nullptr);
  CHECK(gateway.bench.body<protocol::CallResult>(other_gateway)->code == Code::no_service);
  CHECK(gateway.first<protocol::Call>() == nullptr);
}

TEST_CASE("HELP is answered, also on a REQ socket") {
  Gateway gateway;
  for (const bool enveloped : {false, true}) {
    const actors::ClientId who{"who", enveloped};
    gateway.say(request_of("HELP", "h"), who);
    CHECK(told(gateway, who)["type"] == "HELP");
  }
}
