// Clients that do not read as fast as they are answered.
#include <doctest/doctest.h>

#include "base/limits.h"
#include "gateway_bench.h"

using namespace shoal;
using namespace shoal::test;

namespace {

void slow(Gateway& gateway, bool is_slow) { gateway.bench.give(actors::ClientSlow{client.routing_id, is_slow}); }

Position granted(const Gateway& gateway) {
  const auto* credit = gateway.bench.body<protocol::Credit>(executor);
  return credit == nullptr ? 0 : credit->until;
}

}  // namespace

TEST_CASE("a streamed answer is generated a bound ahead of what its client was sent") {
  Gateway gateway;
  gateway.ask();
  gateway.started();
  CHECK(gateway.bench.body<protocol::Generate>(executor)->credit_until == limits::ahead_ids_max);
  gateway.bench.receive(executor, protocol::Accepted{}, gateway.head);
  gateway.text(std::string(limits::ahead_ids_max / 2, 'x'));
  CHECK(granted(gateway) == 0);  // half of it is left
  gateway.text("x");
  CHECK(granted(gateway) == limits::ahead_ids_max + limits::ahead_ids_max / 2 + 1);
}

TEST_CASE("with log probabilities the bound is lower, because they take more bytes") {
  Gateway gateway;
  gateway.ask({.logprobs = true});
  gateway.started();
  CHECK(gateway.bench.body<protocol::Generate>(executor)->credit_until == limits::ahead_logprobs_max);
}

TEST_CASE("an answer that is not streamed needs nobody's leave") {
  Gateway gateway;
  gateway.ask({.stream = false});
  gateway.started();
  CHECK(gateway.bench.body<protocol::Generate>(executor)->credit_until == actors::Credit::unlimited);
}

TEST_CASE("text before ACCEPTED brings credit too: it shows that GENERATE was not overtaken") {
  Gateway gateway;
  gateway.ask();
  gateway.started();
  gateway.text(std::string(limits::ahead_ids_max, 'x'));
  CHECK(granted(gateway) == 2 * limits::ahead_ids_max);
}

TEST_CASE("a slow client's streams get no credit, and the rest when it has caught up") {
  Gateway gateway;
  gateway.running();
  slow(gateway, true);
  gateway.text(std::string(limits::ahead_ids_max, 'x'));
  CHECK(granted(gateway) == 0);
  slow(gateway, false);
  CHECK(granted(gateway) == 2 * limits::ahead_ids_max);
}

TEST_CASE("a slow client's own CREDIT is heard when it has caught up") {
  Gateway gateway;
  gateway.ask({.window = 2});
  gateway.started();
  gateway.bench.receive(executor, protocol::Accepted{}, gateway.head);
  slow(gateway, true);
  gateway.text("ab");
  gateway.say(request_of("CREDIT", "r", 2));  // was on its way
  CHECK(granted(gateway) <= 2);
  slow(gateway, false);
  CHECK(granted(gateway) == 4);
}

TEST_CASE("a stream that yielded while its client was slow goes on under a new attempt") {
  Gateway gateway;
  gateway.running();
  slow(gateway, true);
  gateway.text(std::string(limits::ahead_ids_max, 'x'));
  gateway.bench.receive(executor, protocol::Yielded{}, gateway.head);
  CHECK(gateway.first<protocol::Attach>() == nullptr);
  slow(gateway, false);
  REQUIRE(gateway.first<protocol::Attach>() != nullptr);
  CHECK(gateway.first<protocol::Attach>()->head.attempt.redispatch == 1);
}

TEST_CASE("a slow client is sent no KEEPALIVE, and others are") {
  Gateway gateway;
  gateway.ask();
  gateway.say(submit({}), actors::ClientId{"other", false});
  slow(gateway, true);
  gateway.bench.pass(seconds(1));
  REQUIRE(gateway.bench.replies.size() == 1);
  CHECK(gateway.bench.replies[0].client.routing_id == "other");
}

TEST_CASE("a stalled client's streams end with an error, and who works on them is stopped") {
  Gateway gateway;
  gateway.running();
  gateway.say(submit({.id = "whole", .stream = false}));
  slow(gateway, true);
  gateway.bench.give(actors::ClientStalled{client.routing_id});
  REQUIRE(gateway.bench.replies.size() == 1);
  CHECK(gateway.told("id") == "r");
  CHECK(gateway.told("code") == "client_stalled");
  CHECK(gateway.bench.sent<protocol::Cancel>(executor) != nullptr);
  CHECK(gateway.streams() == 1);  // the whole answer is one message
}

TEST_CASE("who leaves takes everybody on its connection along, and nobody else") {
  Gateway gateway;
  actors::ClientId behind_proxy = client, published = client;
  behind_proxy.envelope = "\x01\x01a";
  published.published = true;
  for (const auto& one : {client, behind_proxy, actors::ClientId{"other", false}}) gateway.say(submit({}), one);
  CHECK(gateway.streams() == 3);
  gateway.bench.give(actors::ClientGone{client.routing_id});
  CHECK(gateway.streams() == 1);
}

TEST_CASE("two clients behind one connection may use the same id") {
  Gateway gateway;
  actors::ClientId first = client, second = client;
  first.envelope = "\x01\x01a";
  second.envelope =
      "\x01\x01"
      "b";
  gateway.say(submit({}), first);
  gateway.say(submit({}), second);
  CHECK(gateway.told("type") == "ACCEPTED");
  CHECK(gateway.bench.replies[0].client == second);
}
