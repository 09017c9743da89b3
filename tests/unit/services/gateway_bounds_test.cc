// What a gateway refuses because it has enough of it, and when it says to come back.
#include <memory>

#include <doctest/doctest.h>

#include "gateway_bench.h"

using namespace shoal;
using namespace shoal::test;

TEST_CASE("long prompts in preparation are bounded, by a refusal that says so, and short ones are not touched") {
  Gateway gateway;
  const std::string longest(limits::prompt_bytes_max, 'x');
  std::size_t held = 0;
  for (; held + longest.size() <= limits::preparing_bytes_max; held += longest.size()) {
    gateway.ask({.id = std::to_string(held), .text = longest});
    REQUIRE(gateway.told("type") == "ACCEPTED");
  }
  gateway.ask({.id = "more", .text = longest});
  CHECK(gateway.last("code") == "busy");
  CHECK(gateway.last("message") ==
        "long prompts of 33554432 bytes are being prepared for this gateway, of 33554432 at a "
        "time; try again or ask another gateway");
  gateway.ask({.id = "short"});
  CHECK(gateway.told("type") == "ACCEPTED");
  gateway.say(request_of("CANCEL", "0"));
  gateway.ask({.id = "more", .text = longest});
  CHECK(gateway.told("type") == "ACCEPTED");
}

TEST_CASE("a long frame is read by a worker, and is owed until then") {
  Gateway gateway;
  gateway.bench.give(actors::ClientReceived{client, submit({.text = std::string(limits::prompt_bytes_max, 'x')})});
  CHECK(gateway.bench.replies.empty());
  REQUIRE(gateway.bench.jobs.size() == 1);
  CHECK_FALSE(gateway.bench.jobs[0].brief);
  CHECK(gateway.core.owes());
  gateway.bench.give(actors::Reported{gateway.bench.jobs[0].work()});
  CHECK(gateway.told("type") == "ACCEPTED");
}

TEST_CASE("a long prompt is in its connection's hand until it is prepared, a short one until it is read") {
  for (const bool is_long : {true, false}) {
    Gateway gateway;
    const auto hand = std::make_shared<int>();
    const std::string text(is_long ? limits::prompt_bytes_max : 10, 'x');
    gateway.bench.give(actors::ClientReceived{client, submit({.text = text}), hand});
    if (is_long) gateway.bench.give(actors::Reported{gateway.bench.jobs.at(0).work()});
    gateway.head = gateway.first<protocol::Prepare>()->head;
    gateway.bench.jobs.clear();
    CHECK(hand.use_count() == (is_long ? 2 : 1));
    gateway.prepared();
    CHECK(hand.use_count() == 1);
  }
}

TEST_CASE("a short frame is read at once") {
  Gateway gateway;
  gateway.bench.give(actors::ClientReceived{client, submit({.text = std::string(200'000, 'x')})});
  CHECK(gateway.bench.jobs.empty());
  CHECK(gateway.told("type") == "ACCEPTED");
}

TEST_CASE("the owner of a long prompt gives a busy preprocess the time that all long ones take") {
  Gateway gateway;
  gateway.up(other_preprocess, "preprocess");
  const std::string text(limits::prompt_bytes_max, 'x');
  gateway.ask({.text = text});
  const Epoch asked = gateway.to<protocol::Prepare>();
  gateway.bench.pass(milliseconds(limits::prepare_wait_ms));
  CHECK(gateway.to<protocol::Prepare>() == 0);
  gateway.bench.pass(milliseconds(text.size() / limits::prepare_bytes_a_ms));
  CHECK(gateway.to<protocol::Prepare>() != 0);
  CHECK(gateway.to<protocol::Prepare>() != asked);
}

TEST_CASE("a full gateway says how long its requests take to end, as measured") {
  Gateway gateway({.epoch = 1, .seed = 7, .streams_max = 1});
  for (int i = 0; i < 20; ++i) {
    gateway.ask();
    gateway.bench.now += seconds(10);
    gateway.say(request_of("CANCEL", "r"));
  }
  gateway.ask();
  gateway.ask({.id = "more"});
  CHECK(gateway.last("code") == "busy");
  const std::uint32_t wait_ms = gateway.last_number("retry_after_ms");
  CHECK(wait_ms > 8'000);
  CHECK(wait_ms <= 12'000);
}
