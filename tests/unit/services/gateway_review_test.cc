#include <doctest/doctest.h>

#include "edge_frames.h"
#include "protocol/stage.h"

using namespace shoal;
using namespace shoal::test;
using protocol::Finish;

namespace {

constexpr Epoch checker = 70, other_checker = 71, masker = 80;

gateway::GatewayCore::Config with_stages(std::size_t count, bool skip) {
  gateway::GatewayCore::Config config{.epoch = 1, .seed = 7};
  config.after = {{"check", skip}, {"mask", skip}};
  config.after.resize(count);
  return config;
}

// A stream that runs, and the stages after the model that its answer passes.
struct Reviewed : Gateway {
  explicit Reviewed(std::size_t count = 1, bool skip = false) : Gateway(with_stages(count, skip)) {
    up(checker, "check");
    up(masker, "mask");
  }
  // What the last event asked the stage of this process; an empty text for nothing.
  protocol::ReviewRequest asked(Epoch of = checker) {
    for (const auto& send : bench.sends) {
      const auto* call = std::get_if<protocol::Call>(&send.message.body);
      if (call == nullptr || send.to != of) continue;
      CHECK(call->method == "review");
      open[of] = call->id;
      return protocol::parse_review_request(call->payload).value();
    }
    return {};
  }
  void answer(const protocol::StageAnswer& verdict, Epoch from = checker) {
    bench.receive(from, protocol::CallResult{open[from], Code::ok, "", protocol::pack(verdict)});
  }
  std::size_t calls() const {
    return static_cast<std::size_t>(std::count_if(bench.sends.begin(), bench.sends.end(), [](const auto& send) {
      return std::holds_alternative<protocol::Call>(send.message.body);
    }));
  }
  std::map<Epoch, std::uint64_t> open;
};

}  // namespace

TEST_CASE("the client gets text when the stage after the model has passed it, and not before") {
  Reviewed gateway;
  gateway.running();
  gateway.text("hello");
  CHECK(gateway.bench.replies.empty());
  const auto asked = gateway.asked();
  CHECK(asked.text == "hello");
  CHECK(asked.position == 5);
  CHECK(asked.model == "bytes");
  gateway.answer(protocol::pass());
  CHECK(gateway.last("type") == "DELTA");
  CHECK(gateway.last("content") == "hello");
  CHECK(gateway.last("chain") == to_hex(gateway.head.chain));
}

TEST_CASE("one CALL is open at a time, and text that comes meanwhile joins the next one") {
  Reviewed gateway;
  gateway.running();
  gateway.text("one ");
  CHECK(gateway.asked().text == "one ");
  gateway.text("two ");
  CHECK(gateway.calls() == 0);
  gateway.text("three");
  CHECK(gateway.calls() == 0);
  gateway.answer(protocol::pass());
  CHECK(gateway.asked().text == "two three");
}

TEST_CASE("at the end the model's slot is given back at once, and DONE comes after the final verdict") {
  Reviewed gateway;
  gateway.running();
  gateway.text("hello", Finish::stop);
  CHECK(gateway.asked().is_final);
  CHECK(gateway.first<protocol::Release>() != nullptr);
  CHECK(gateway.bench.replies.empty());
  gateway.answer(protocol::pass());
  CHECK(gateway.told("content") == "hello");
  CHECK(gateway.last("type") == "DONE");
  CHECK(gateway.streams() == 0);
}

TEST_CASE("REFUSE ends the answer with the stage's sentence and word, and stops the model") {
  Reviewed gateway;
  gateway.running();
  gateway.text("how to build a bomb");
  gateway.asked();
  gateway.answer(protocol::refuse("listed_word", "This word is not allowed."));
  REQUIRE(gateway.bench.replies.size() == 1);
  CHECK(gateway.last("code") == "refused");
  CHECK(gateway.last("reason") == "listed_word");
  CHECK(gateway.first<protocol::Cancel>() != nullptr);
  CHECK(gateway.streams() == 0);
}

TEST_CASE("what a stage REPLACEs is what the client and later stages see, without chain") {
  Reviewed gateway(2);
  gateway.running();
  gateway.text("4711");
  gateway.asked();
  gateway.answer(protocol::replace_text("****"));
  CHECK(gateway.bench.replies.empty());
  CHECK(gateway.asked(masker).text == "****");
  gateway.answer(protocol::pass(), masker);
  CHECK(gateway.last("content") == "****");
  CHECK(gateway.last("chain") == to_hex(std::uint64_t{0}));
}

TEST_CASE("an answer that is not streamed has what stages made of it, and log probabilities of all ids or none") {
  for (const bool replaced : {false, true}) {
    Reviewed gateway;
    gateway.ask({.stream = false, .logprobs = true});
    gateway.started();
    gateway.logprobs = {{{{"4"}, -1}, {}}};
    gateway.text("4");
    gateway.asked();
    gateway.answer(replaced ? protocol::replace_text("*") : protocol::pass());
    CHECK(gateway.bench.replies.empty());
    gateway.logprobs = {{{{"2"}, -1}, {}}};
    gateway.text("2", Finish::stop);
    gateway.asked();
    gateway.answer(protocol::pass());
    CHECK(gateway.last("type") == "DONE");
    CHECK(gateway.last("content") == (replaced ? "*2" : "42"));
    CHECK((gateway.bench.replies.back().frame.find("top_logprobs") == std::string::npos) == replaced);
  }
}

TEST_CASE("a stage after the model that is dead refuses, or is skipped for the rest of the answer") {
  for (const bool skip : {false, true}) {
    Reviewed gateway(1, skip);
    gateway.bench.give(actors::LinkLost{checker});
    gateway.running();
    gateway.text("hello");
    CHECK(gateway.last(skip ? "content" : "code") == (skip ? "hello" : "no_service"));
    if (!skip) continue;
    gateway.up(checker, "check");
    gateway.text(" world", Finish::stop);
    CHECK(gateway.calls() == 0);
    CHECK(gateway.last("type") == "DONE");
  }
}

TEST_CASE("a stage after the model that is silent refuses when its time is over, or is skipped") {
  for (const bool skip : {false, true}) {
    Reviewed gateway(1, skip);
    gateway.running();
    gateway.text("hello");
    gateway.bench.pass(milliseconds(limits::stage_wait_ms));
    CHECK(gateway.told(skip ? "content" : "code") == (skip ? "hello" : "timeout"));
    CHECK(gateway.streams() == (skip ? 1 : 0));
  }
}

TEST_CASE("a verdict that cannot be used refuses, and one that holds back more than it may is none") {
  for (const std::uint32_t hold : {0u, 1u}) {
    Reviewed gateway;
    gateway.running();
    gateway.text("hello", Finish::stop);
    gateway.asked();
    if (hold > 0) {
      gateway.answer(protocol::pass_all_but(hold));
    } else {
      gateway.bench.receive(checker, protocol::CallResult{gateway.open[checker], Code::ok, "", {"nonsense"}});
    }
    CHECK(gateway.last("code") == "no_service");
    CHECK(gateway.last("message").find("cannot be used") != std::string::npos);
  }
}

TEST_CASE("a window whose stage process is lost goes to another one") {
  Reviewed gateway;
  gateway.running();
  gateway.text("hello");
  gateway.asked();
  gateway.up(other_checker, "check");
  gateway.bench.give(actors::LinkLost{checker});
  CHECK(gateway.asked(other_checker).text == "hello");
  gateway.answer(protocol::pass(), other_checker);
  CHECK(gateway.last("content") == "hello");
}

TEST_CASE("CANCEL and the deadline end an answer that waits for a stage, and its verdict comes to nothing") {
  for (const Finish finish : {Finish::none, Finish::stop}) {
    for (const bool late : {false, true}) {
      Reviewed gateway;
      gateway.ask({.deadline_ms = 1000});
      gateway.started();
      gateway.text("hello", finish);
      gateway.asked();
      if (late) {
        gateway.bench.pass(milliseconds(1000));
      } else {
        gateway.say(request_of("CANCEL", "r"));
      }
      CHECK(gateway.last("type") == "ERROR");
      CHECK(gateway.streams() == 0);
      gateway.answer(protocol::pass());
      CHECK(gateway.bench.replies.empty());
      CHECK(gateway.bench.sends.empty());
    }
  }
}

TEST_CASE("holders that are lost while the last verdict is waited for cost the answer nothing") {
  Reviewed gateway;
  gateway.running();
  gateway.text("hello", Finish::stop);
  gateway.asked();
  gateway.bench.give(actors::LinkLost{executor});
  gateway.bench.give(actors::LinkLost{relay});
  gateway.answer(protocol::pass());
  CHECK(gateway.last("type") == "DONE");
}

TEST_CASE("what a slow stage holds up is bounded by credit, which its verdicts give back") {
  Reviewed gateway;
  gateway.ask();
  gateway.started();
  const auto& generate = std::get<protocol::Generate>(gateway.first<protocol::Generate>()->body);
  CHECK(generate.credit_until == limits::ahead_ids_max);
  gateway.text(std::string(limits::ahead_ids_max, 'x'));
  CHECK(gateway.first<protocol::Credit>() == nullptr);
  gateway.asked();
  gateway.answer(protocol::pass());
  REQUIRE(gateway.first<protocol::Credit>() != nullptr);
  CHECK(std::get<protocol::Credit>(gateway.first<protocol::Credit>()->body).until == 2 * limits::ahead_ids_max);
}

TEST_CASE("an executor that is far from its credit is not told of every verdict") {
  Reviewed gateway;
  gateway.running();
  gateway.text("hello");
  gateway.asked();
  gateway.answer(protocol::pass());
  CHECK(gateway.first<protocol::Credit>() == nullptr);
}

TEST_CASE("a client's window counts what it was shown, and not what a stage holds back") {
  Reviewed gateway;
  gateway.ask({.window = 4});
  gateway.started();
  gateway.text("say 4");
  gateway.asked();
  gateway.say(request_of("CREDIT", "r", 5));  // of what it cannot have seen
  CHECK(std::get<protocol::Credit>(gateway.first<protocol::Credit>()->body).until == 4);
  gateway.answer(protocol::pass_all_but(1));
  CHECK(gateway.last("content") == "say ");
  REQUIRE(gateway.first<protocol::Credit>() != nullptr);  // or the two would wait for each other
  CHECK(std::get<protocol::Credit>(gateway.first<protocol::Credit>()->body).until == 9);
}

TEST_CASE("a stream that yielded while a stage was slow goes on when the verdict gives credit") {
  Reviewed gateway;
  gateway.running();
  gateway.text(std::string(limits::ahead_ids_max, 'x'));
  gateway.asked();
  gateway.bench.receive(executor, protocol::Yielded{}, gateway.head);
  CHECK(gateway.first<protocol::Place>() == nullptr);
  gateway.answer(protocol::pass());
  CHECK(gateway.first<protocol::Place>() != nullptr);
}

TEST_CASE("a keep-alive tells what the client was shown") {
  Reviewed gateway;
  gateway.running();
  gateway.text("hello");
  gateway.asked();
  gateway.bench.pass(milliseconds(limits::keepalive_interval_ms));
  auto keepalive = told(gateway, client);
  CHECK(keepalive["type"] == "KEEPALIVE");
  CHECK(keepalive["position"] == "0");
  CHECK(keepalive["chain"] != to_hex(gateway.head.chain));
}

TEST_CASE("a stage that has as many CALLs to answer as it may is asked again a little later") {
  Reviewed gateway;
  gateway.bench.give(actors::LinkLost{checker});
  gateway.say(serve("check"), server);
  gateway.running();
  for (std::uint32_t i = 0; i < limits::client_calls_max; ++i) {
    gateway.say(call("c" + std::to_string(i), "check"), caller);
  }
  const std::string open = told(gateway, server)["id"];
  gateway.text("hello");
  CHECK(gateway.bench.replies.empty());
  gateway.bench.pass(milliseconds(20));
  CHECK(gateway.bench.replies.empty());
  gateway.say(result(open, "done"), server);
  gateway.bench.pass(milliseconds(20));
  auto asked = told(gateway, server);
  CHECK(asked["method"] == "review");
  gateway.say(result(asked["id"], protocol::pack(protocol::pass()).bytes), server);
  CHECK(told(gateway, client)["content"] == "hello");
}
