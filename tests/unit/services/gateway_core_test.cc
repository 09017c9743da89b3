#include <set>

#include <doctest/doctest.h>

#include "gateway_bench.h"

using namespace shoal;
using namespace shoal::test;

TEST_CASE("an answer without max_tokens asks for what every executor that holds the prompt can hold") {
  const auto wanted = [](const std::vector<std::string>& held) {
    Gateway gateway;
    Epoch epoch = executor;
    for (const std::string& tokens : held) {
      auto peer = entry(epoch++, "inference");
      peer.labels.push_back({"stream_tokens", tokens});
      gateway.bench.give(actors::PeerUp{peer});
    }
    gateway.ask();
    gateway.prepared();  // two ids, and a context of 100
    const auto* place = gateway.first<protocol::Place>();
    REQUIRE(place != nullptr);
    return std::get<protocol::Place>(place->body).max_tokens;
  };
  CHECK(wanted({}) == 98);
  CHECK(wanted({"64"}) == 62);
  CHECK(wanted({"64", "40"}) == 38);
  CHECK(wanted({"64", "2"}) == 62);  // one that cannot hold the prompt does not count
  CHECK(wanted({"1000"}) == 98);
}

TEST_CASE("a request is accepted, prepared, placed with its relay attached, generated and told to the end") {
  Gateway gateway;
  gateway.ask();
  CHECK(gateway.told("type") == "ACCEPTED");
  CHECK(gateway.to<protocol::Prepare>() == preprocess);
  gateway.prepared();
  CHECK(gateway.to<protocol::Attach>() == relay);
  CHECK(gateway.to<protocol::Place>() == router);
  gateway.placed();
  CHECK(gateway.bench.sends.empty());  // the handle is not here yet
  gateway.attached();
  CHECK(gateway.to<protocol::Generate>() == executor);
  CHECK(std::get<protocol::Generate>(gateway.first<protocol::Generate>()->body).handle == 9);
  gateway.text("hi", protocol::Finish::stop);
  CHECK(gateway.told("content") == "hi");
  CHECK(gateway.last("type") == "DONE");
  CHECK(gateway.bench.sent<protocol::Release>(executor) != nullptr);
  CHECK(gateway.bench.sent<protocol::Release>(relay) != nullptr);
  CHECK(gateway.streams() == 0);
}

TEST_CASE("budgets shrink from hop to hop") {
  Gateway gateway;
  gateway.ask({.deadline_ms = 5000});
  CHECK(gateway.head.budget_ms == 5000);
  gateway.bench.now += milliseconds(700);
  gateway.prepared();
  CHECK(gateway.head.budget_ms == 4300);
  gateway.placed();
  gateway.bench.now += milliseconds(200);
  gateway.attached();
  const auto* generate = gateway.first<protocol::Generate>();
  CHECK(generate->head.budget_ms == 4100);
  CHECK(std::get<protocol::Generate>(generate->body).grant.ttl_ms == 800);
}

TEST_CASE("a model is prepared by a process that serves it") {
  Gateway gateway;
  gateway.up(other_preprocess, "preprocess", "tiny");
  for (int i = 0; i < 4; ++i) {
    gateway.ask({.id = "a" + std::to_string(i), .model = "tiny"});
    CHECK(gateway.to<protocol::Prepare>() == other_preprocess);
    gateway.ask({.id = "b" + std::to_string(i), .model = "bytes"});
    CHECK(gateway.to<protocol::Prepare>() == preprocess);
  }
}

TEST_CASE("a model that nobody serves is refused at once with the names of those that are") {
  Gateway gateway;
  gateway.up(other_preprocess, "preprocess", "tiny");
  gateway.ask({.model = "gpt-5"});
  CHECK(gateway.told("code") == "unknown_model");
  CHECK(gateway.told("message").find("\"bytes\", \"tiny\"") != std::string::npos);
  CHECK(gateway.streams() == 0);
}

TEST_CASE("without a model the only one is meant, and several must be told apart") {
  Gateway gateway;
  gateway.ask();
  CHECK(std::get<protocol::Prepare>(gateway.first<protocol::Prepare>()->body).model == "bytes");
  gateway.up(other_preprocess, "preprocess", "tiny");
  gateway.ask({.id = "2"});
  CHECK(gateway.told("code") == "invalid_request");
  CHECK(gateway.told("message").find("tiny") != std::string::npos);
}

TEST_CASE("a silent preprocess is replaced, three times at most") {
  Gateway gateway;
  gateway.up(other_preprocess, "preprocess");
  gateway.ask();
  const Epoch first = gateway.to<protocol::Prepare>();
  gateway.bench.pass(seconds(5));
  CHECK(gateway.to<protocol::Prepare>() != first);
  gateway.bench.pass(seconds(10));
  CHECK(gateway.to<protocol::Prepare>() == first);
  gateway.bench.pass(seconds(20));
  CHECK(gateway.last("code") != "");
  CHECK(gateway.streams() == 0);
}

TEST_CASE("a refusal counts in its phase and from whom it is awaited") {
  Gateway gateway;
  gateway.ask();
  gateway.refuse(other_preprocess, protocol::Type::prepare, Code::busy);
  gateway.prepared();
  gateway.refuse(preprocess, protocol::Type::prepare, Code::busy);
  gateway.refuse(other_router, protocol::Type::place, Code::busy);
  gateway.refuse(99, protocol::Type::attach, Code::busy);
  gateway.refuse(executor, protocol::Type::generate, Code::cancelled);
  CHECK(gateway.streams() == 1);
  gateway.refuse(router, protocol::Type::place, Code::busy);
  CHECK(gateway.last("code") == "busy");
}

TEST_CASE("a silent router is left after 250 ms with WITHDRAW, and the first grant that comes is used") {
  Gateway gateway;
  gateway.up(other_router, "router");
  gateway.ask();
  gateway.prepared();
  const Epoch first = gateway.to<protocol::Place>();
  const Epoch second = first == router ? other_router : router;
  gateway.bench.pass(milliseconds(limits::queued_wait_ms));
  CHECK(gateway.to<protocol::Place>() == second);
  CHECK(gateway.to<protocol::Withdraw>() == first);
  gateway.placed(executor, first);  // late, but here
  CHECK(gateway.to<protocol::Withdraw>() == second);
  gateway.attached();
  CHECK(gateway.to<protocol::Generate>() == executor);
  gateway.placed(other_executor, second);
  CHECK(gateway.bench.sends.empty());
}

TEST_CASE("QUEUED is waited for, and a router that dies meanwhile is replaced") {
  Gateway gateway;
  gateway.up(other_router, "router");
  gateway.ask();
  gateway.prepared();
  const Epoch first = gateway.to<protocol::Place>();
  gateway.bench.receive(first, protocol::Queued{3, 100}, gateway.head);
  gateway.bench.pass(seconds(60));
  CHECK(gateway.first<protocol::Place>() == nullptr);
  gateway.bench.give(actors::LinkLost{first});
  CHECK(gateway.to<protocol::Place>() == (first == router ? other_router : router));
}

TEST_CASE("a router that knows no executor is not the last word while this process knows one") {
  Gateway gateway;
  gateway.up(other_router, "router");
  gateway.ask();
  gateway.prepared();
  const Epoch first = gateway.to<protocol::Place>();
  gateway.refuse(first, protocol::Type::place, Code::no_inference);
  const Epoch second = gateway.to<protocol::Place>();
  CHECK(second != first);
  gateway.refuse(second, protocol::Type::place, Code::no_inference);
  CHECK(gateway.streams() == 1);
  gateway.bench.pass(seconds(2));
  gateway.refuse(gateway.to<protocol::Place>(), protocol::Type::place, Code::no_inference);
  CHECK(gateway.last("code") == "no_inference");
}

TEST_CASE("a router that knows no executor is the last word when this process knows none either") {
  Gateway gateway;
  gateway.ask();
  gateway.prepared();
  gateway.bench.give(actors::PeerDown{entry(executor, "inference")});
  gateway.refuse(router, protocol::Type::place, Code::no_inference);
  CHECK(gateway.last("code") == "no_inference");
}

TEST_CASE("an executor that is busy or got its grant too late costs no attempt") {
  for (const Code code : {Code::busy, Code::grant_expired}) {
    Gateway gateway;
    gateway.running();  // also after ACCEPTED, when the engine itself has no room
    gateway.refuse(executor, protocol::Type::generate, code);
    REQUIRE(gateway.first<protocol::Place>() != nullptr);
    CHECK(gateway.first<protocol::Place>()->head.attempt == Attempt{});
    gateway.placed(other_executor);
    CHECK(gateway.to<protocol::Generate>() == other_executor);
  }
}

TEST_CASE("a grant that is over before ATTACHED came is not used, and ATTACH goes out again") {
  Gateway gateway;
  gateway.ask();
  gateway.prepared();
  gateway.placed();
  gateway.bench.pass(milliseconds(1000));
  CHECK(gateway.to<protocol::Attach>() == relay);
  CHECK(gateway.to<protocol::Place>() == router);
  gateway.attached();
  CHECK(gateway.first<protocol::Generate>() == nullptr);
  for (int i = 0; i < 3; ++i) gateway.prepared();  // late ones change nothing
  CHECK(gateway.bench.sends.empty());
}

TEST_CASE("a relay that never answers ATTACH ends the request") {
  Gateway gateway;
  gateway.ask();
  gateway.prepared();
  for (int i = 0; i < 4 && gateway.streams() == 1; ++i) {
    gateway.placed();
    gateway.bench.pass(milliseconds(1000));
  }
  CHECK(gateway.last("code") == "timeout");
}

TEST_CASE("a stream without credit waits, and goes on under a new attempt when credit returns") {
  Gateway gateway;
  gateway.ask({.window = 2});
  gateway.started();
  auto yielded = gateway.head;
  yielded.position = 2;
  gateway.bench.receive(executor, protocol::Yielded{}, yielded);
  CHECK(gateway.bench.sends.empty());  // its last text is on the way
  gateway.text("ab");
  CHECK(gateway.first<protocol::Place>() == nullptr);  // what was on the way is not new credit
  gateway.say(request_of("CREDIT", "r", 2));
  REQUIRE(gateway.first<protocol::Attach>() != nullptr);
  CHECK(gateway.first<protocol::Attach>()->head.attempt.redispatch == 1);
  CHECK(std::get<protocol::Attach>(gateway.first<protocol::Attach>()->body).journal.generated.ids.size() == 2);
  gateway.adopt_head();
  gateway.say(request_of("CREDIT", "r", 2));  // while it is placed
  gateway.attached();
  gateway.placed();
  CHECK(std::get<protocol::Generate>(gateway.first<protocol::Generate>()->body).credit_until == 4);
}

TEST_CASE("a waiting stream outlives the executor and the relay that it had") {
  Gateway gateway;
  gateway.ask({.window = 1});
  gateway.started();
  gateway.text("a");
  gateway.bench.receive(executor, protocol::Yielded{}, gateway.head);
  gateway.bench.give(actors::LinkLost{executor});
  gateway.up(41, "postprocess");
  gateway.bench.give(actors::LinkLost{relay});
  CHECK(gateway.streams() == 1);
  gateway.say(request_of("CREDIT", "r", 1));
  CHECK(gateway.to<protocol::Attach>() == 41);
}

TEST_CASE("CREDIT goes to the executor, again after ACCEPTED, because it may overtake GENERATE") {
  Gateway gateway;
  gateway.ask({.window = 2});
  gateway.started();
  gateway.bench.receive(executor, protocol::Accepted{}, gateway.head);
  REQUIRE(gateway.bench.body<protocol::Credit>(executor) != nullptr);
  gateway.text("ab");
  gateway.say(request_of("CREDIT", "r", 2));
  CHECK(gateway.bench.body<protocol::Credit>(executor)->until == 4);
  gateway.say(request_of("CREDIT", "r", 4000));  // more than was ever sent
  CHECK(gateway.bench.body<protocol::Credit>(executor)->until == 4);
}

TEST_CASE("a cancelled request ends once in every phase, and who works on it is stopped") {
  for (int phase = 0; phase < 5; ++phase) {
    Gateway gateway;
    gateway.ask();
    if (phase >= 1) gateway.prepared();
    if (phase >= 2) gateway.placed();
    if (phase >= 3) gateway.attached();
    if (phase >= 4) gateway.text("a");
    gateway.say(request_of("CANCEL", "r"));
    CHECK(gateway.last("code") == "cancelled");
    CHECK(gateway.bench.replies.size() == 1);
    CHECK((gateway.bench.sent<protocol::Cancel>(relay) != nullptr) == (phase >= 1));
    CHECK((gateway.bench.sent<protocol::Cancel>(executor) != nullptr) == (phase >= 2));
    CHECK((gateway.bench.sent<protocol::Withdraw>(router) != nullptr) == (phase == 1 || phase == 2));
    gateway.say(request_of("CANCEL", "r"));
    CHECK(gateway.last("code") == "cancelled");
    CHECK(gateway.streams() == 0);
  }
}

TEST_CASE("a request's deadline and its client's leaving end it in every phase") {
  for (const bool leaves : {false, true}) {
    for (int phase = 0; phase < 5; ++phase) {
      Gateway gateway;
      gateway.ask({.deadline_ms = 100});
      if (phase >= 1) gateway.prepared();
      if (phase >= 2) gateway.placed();
      if (phase >= 3) gateway.attached();
      if (phase >= 4) gateway.text("a");
      if (leaves) gateway.bench.give(actors::ClientGone{client.routing_id});
      if (!leaves) gateway.bench.pass(milliseconds(100));
      CHECK(gateway.streams() == 0);
      CHECK((gateway.last("code") == "deadline_exceeded") != leaves);
      CHECK((gateway.bench.sent<protocol::Cancel>(relay) != nullptr) == (phase >= 1));
      CHECK(gateway.core.next_wake() > gateway.bench.now);
    }
  }
}

TEST_CASE("past its bounds a gateway is busy at once") {
  Gateway gateway({.epoch = 1, .seed = 7, .streams_max = 2, .bytes_max = 10});
  gateway.ask({.id = "1", .text = "12345678"});
  gateway.ask({.id = "2", .text = "123"});
  CHECK(gateway.told("code") == "busy");
  gateway.ask({.id = "2", .text = "12"});
  CHECK(gateway.told("type") == "ACCEPTED");
  gateway.ask({.id = "3", .text = ""});
  CHECK(gateway.last("type") == "ERROR");
  gateway.say(request_of("CANCEL", "1"));
  gateway.ask({.id = "4", .text = "12345678"});
  CHECK(gateway.told("type") == "ACCEPTED");
}

TEST_CASE("a live id cannot be used twice on one connection, but on another") {
  Gateway gateway;
  gateway.ask();
  gateway.ask();
  CHECK(gateway.told("code") == "duplicate_id");
  gateway.say(submit({}), {"another", false});
  CHECK(gateway.told("type") == "ACCEPTED");
}

TEST_CASE("a REQ client gets one reply, also to what has none") {
  Gateway gateway;
  const actors::ClientId req{"req", true};
  gateway.say(submit({}), req);
  CHECK(gateway.bench.replies.empty());
  gateway.started();
  gateway.text("hi");
  gateway.bench.pass(seconds(1));
  CHECK(gateway.bench.replies.empty());
  gateway.text("", protocol::Finish::stop);
  REQUIRE(gateway.bench.replies.size() == 1);
  CHECK(gateway.told("content") == "hi");
  gateway.say(request_of("CREDIT", "r", 1), req);
  CHECK(gateway.told("code") == "invalid_request");
}

TEST_CASE("each second an open stream is kept alive, streamed or not") {
  Gateway gateway;
  gateway.ask({.stream = false});
  gateway.prepared();
  gateway.bench.receive(router, protocol::Queued{}, gateway.head);
  gateway.bench.pass(seconds(1));
  CHECK(gateway.told("type") == "KEEPALIVE");
}

TEST_CASE("STATUS is answered from a router's table, or after a second by an error") {
  Gateway gateway;
  gateway.say(request_of("STATUS", "s"));
  CHECK(gateway.to<protocol::Call>() == router);
  gateway.bench.pass(seconds(1));
  CHECK(gateway.told("code") == "timeout");
}

TEST_CASE("requests take turns at routers as well as at preprocesses, whatever the numbers of both") {
  Gateway gateway;
  gateway.up(other_preprocess, "preprocess");
  gateway.up(other_router, "router");
  std::set<Epoch> preprocesses;
  std::set<Epoch> routers;
  for (const std::string id : {"a", "b"}) {
    gateway.ask({.id = id});
    const Epoch prepares = gateway.to<protocol::Prepare>();
    preprocesses.insert(prepares);
    protocol::Prepared prepared;
    prepared.model = "bytes";
    prepared.tokenizer_digest = "t";
    prepared.context_tokens = 100;
    prepared.prompt.ids = {1, 2};
    gateway.bench.receive(prepares, prepared, gateway.head);
    routers.insert(gateway.to<protocol::Place>());
  }
  CHECK(preprocesses.size() == 2);
  CHECK(routers.size() == 2);
}
