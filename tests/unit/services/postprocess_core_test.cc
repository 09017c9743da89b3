#include "services/postprocess/postprocess_core.h"

#include <doctest/doctest.h>

#include "bench.h"

using namespace shoal;
using namespace shoal::test;

namespace {

constexpr Epoch owner = 10, executor = 20;

struct Relay {
  explicit Relay(std::uint32_t streams_max = 4, std::size_t bytes_max = 1000)
      : core({.tokenizer_digest = "t", .streams_max = streams_max, .bytes_max = bytes_max, .first_handle = 7},
             text::Tokenizer::bytes_tokenizer()),
        bench(core) {}

  static protocol::Attach attach_of(std::vector<TokenId> generated = {}) {
    protocol::Attach attach;
    attach.owner = owner;
    attach.journal.tokenizer_digest = "t";
    attach.journal.prompt.ids = {1, 2, 3};
    attach.journal.generated.ids = std::move(generated);
    attach.journal.parameters.max_tokens = 10;
    attach.journal.parameters.stop_ids = {256};
    return attach;
  }
  std::uint32_t attach(std::uint8_t number, std::uint16_t redispatch = 0, const std::vector<TokenId>& ids = {}) {
    const auto head = head_of(number, redispatch, ids);
    bench.receive(owner, attach_of(ids), head);
    const auto* attached = bench.body<protocol::Attached>(owner);
    return attached == nullptr ? 0 : attached->handle;
  }
  void tokens(std::uint32_t handle, const protocol::Head& head, std::vector<TokenId> ids) {
    protocol::Tokens tokens{{handle},
                            {head.attempt.to_u32()},
                            {head.position},
                            {head.chain},
                            {static_cast<std::uint32_t>(ids.size())},
                            {0},
                            {ids},
                            {}};
    bench.receive(executor, tokens);
  }
  Code refused() const {
    const auto* body = bench.body<protocol::Refused>(owner);
    return body == nullptr ? Code::ok : body->code;
  }

  postprocess::PostprocessCore core;
  Bench bench;
};

}  // namespace

TEST_CASE("new ids become text for the owner, with position and chain before them") {
  Relay relay;
  const auto handle = relay.attach(1);
  relay.tokens(handle, head_of(1), {'h', 'i'});
  const auto* message = relay.bench.sent<protocol::Text>(owner);
  REQUIRE(message != nullptr);
  CHECK(std::get<protocol::Text>(message->body).content == "hi");
  CHECK(message->head.position == 0);
  relay.tokens(handle, head_of(1, 0, {'h', 'i'}), {'!'});
  CHECK(relay.bench.sent<protocol::Text>(owner)->head.chain == head_of(1, 0, {'h', 'i'}).chain);
}

TEST_CASE("text is sent for every step, also when nothing became visible") {
  Relay relay;
  const auto handle = relay.attach(1);
  relay.tokens(handle, head_of(1), {0xe4});  // the first byte of three
  REQUIRE(relay.bench.body<protocol::Text>(owner) != nullptr);
  CHECK(relay.bench.body<protocol::Text>(owner)->content.empty());
  CHECK(relay.bench.body<protocol::Text>(owner)->ids.ids.size() == 1);
}

TEST_CASE("handles begin where this life of the process was told to") {
  Relay relay;
  CHECK(relay.attach(1) == 7);
  CHECK(relay.attach(2) == 8);
}

TEST_CASE("ATTACH twice gets one handle") {
  Relay relay;
  const auto handle = relay.attach(1);
  CHECK(relay.attach(1) == handle);
  CHECK(relay.bench.load(0).streams == 1);
}

TEST_CASE("a higher attempt takes the place of a lower one, and the old handle is unknown") {
  Relay relay;
  const auto old = relay.attach(1);
  relay.tokens(old, head_of(1), {'a'});
  const auto handle = relay.attach(1, 1, {'a'});
  CHECK(handle != old);
  CHECK(relay.bench.load(0).streams == 1);
  relay.tokens(old, head_of(1, 0, {'a'}), {'x'});
  REQUIRE(relay.bench.body<protocol::Unknown>(executor) != nullptr);
  CHECK(relay.bench.body<protocol::Unknown>(executor)->handles == std::vector<std::uint32_t>{old});
  relay.tokens(handle, head_of(1, 1, {'a'}), {'b'});
  CHECK(relay.bench.body<protocol::Text>(owner)->content == "b");
}

TEST_CASE("a lower attempt is answered FENCED with the current one") {
  Relay relay;
  relay.attach(1, 2);
  relay.attach(1, 1);
  const auto* fenced = relay.bench.sent<protocol::Fenced>(owner);
  REQUIRE(fenced != nullptr);
  CHECK(fenced->head.attempt.redispatch == 2);
}

TEST_CASE("a second owner of the same attempt is answered OWNED") {
  Relay relay;
  relay.attach(1);
  relay.bench.receive(11, Relay::attach_of(), head_of(1));
  REQUIRE(relay.bench.body<protocol::Owned>(11) != nullptr);
  CHECK(relay.bench.body<protocol::Owned>(11)->owner == owner);
}

TEST_CASE("a journal whose chain is not that of its ids is answered MISMATCH") {
  Relay relay;
  relay.bench.receive(owner, Relay::attach_of({'a'}), head_of(1, 0, {'b'}));
  CHECK(relay.bench.sent<protocol::Mismatch>(owner) != nullptr);
  CHECK(relay.bench.load(0).streams == 0);
}

TEST_CASE("a row of the attempt before, under a handle of today, is unknown") {
  Relay relay;
  const auto handle = relay.attach(1, 1);
  relay.tokens(handle, head_of(1, 0), {'x'});
  CHECK(relay.bench.body<protocol::Text>(owner) == nullptr);
  CHECK(relay.bench.body<protocol::Unknown>(executor) != nullptr);
}

TEST_CASE("a row whose chain differs is dropped and answered MISMATCH") {
  Relay relay;
  const auto handle = relay.attach(1);
  relay.tokens(handle, head_of(1), {'a'});
  relay.tokens(handle, head_of(1, 0, {'z'}), {'b'});
  CHECK(relay.bench.body<protocol::Text>(owner) == nullptr);
  CHECK(relay.bench.sent<protocol::Mismatch>(executor) != nullptr);
}

TEST_CASE("a row that leaves a gap is dropped and answered MISMATCH") {
  Relay relay;
  const auto handle = relay.attach(1);
  relay.tokens(handle, head_of(1, 0, {'a'}), {'b'});
  CHECK(relay.bench.body<protocol::Text>(owner) == nullptr);
  CHECK(relay.bench.sent<protocol::Mismatch>(executor) != nullptr);
}

TEST_CASE("a repeated row is dropped and harms nobody") {
  Relay relay;
  const auto handle = relay.attach(1);
  relay.tokens(handle, head_of(1), {'a'});
  relay.tokens(handle, head_of(1), {'a'});
  CHECK(relay.bench.sends.empty());
  relay.tokens(handle, head_of(1, 0, {'a'}), {'b'});
  CHECK(relay.bench.body<protocol::Text>(owner)->content == "b");
}

TEST_CASE("columns of different length are refused as malformed and change nothing") {
  Relay relay;
  const auto handle = relay.attach(1);
  protocol::Tokens tokens{{handle}, {0}, {0}, {head_of(1).chain}, {2}, {0}, {{'a'}}, {}};
  relay.bench.receive(executor, tokens);
  REQUIRE(relay.bench.body<protocol::Reset>(executor) != nullptr);
  CHECK(relay.bench.body<protocol::Reset>(executor)->code == Code::malformed);
  tokens = {{handle}, {}, {0}, {head_of(1).chain}, {1}, {0}, {{'a'}}, {}};
  relay.bench.receive(executor, tokens);
  CHECK(relay.bench.body<protocol::Text>(owner) == nullptr);
  relay.tokens(handle, head_of(1), {'a'});
  CHECK(relay.bench.body<protocol::Text>(owner) != nullptr);
}

TEST_CASE("a stop string ends a stream, and ids that come after it are not text") {
  Relay relay;
  auto attach = Relay::attach_of();
  attach.journal.parameters.stop = {"b"};
  relay.bench.receive(owner, attach, head_of(1));
  const auto handle = relay.bench.body<protocol::Attached>(owner)->handle;
  relay.tokens(handle, head_of(1), {'a', 'b', 'c'});
  const auto* text = relay.bench.body<protocol::Text>(owner);
  REQUIRE(text != nullptr);
  CHECK(text->content == "a");
  CHECK(text->finish == protocol::Finish::stop);
  CHECK(text->ids.ids.size() == 2);
  relay.tokens(handle, head_of(1, 0, {'a', 'b', 'c'}), {'d'});
  CHECK(relay.bench.sends.empty());
}

TEST_CASE("a journal that is finished already gets its end at once") {
  Relay relay;
  relay.attach(1, 1, {'a', 256});
  const auto* text = relay.bench.body<protocol::Text>(owner);
  REQUIRE(text != nullptr);
  CHECK(text->finish == protocol::Finish::stop);
  CHECK(text->ids.ids.empty());
}

TEST_CASE("ATTACH that its CANCEL or RELEASE overtook is refused") {
  for (const bool cancel : {true, false}) {
    Relay relay;
    if (cancel) relay.bench.receive(owner, protocol::Cancel{}, head_of(1));
    if (!cancel) relay.bench.receive(owner, protocol::Release{}, head_of(1));
    relay.attach(1);
    CHECK(relay.refused() == Code::cancelled);
    CHECK(relay.bench.load(0).streams == 0);
    CHECK(relay.attach(1, 1) != 0);  // a later attempt is not meant
  }
}

TEST_CASE("the words of an owner of before do not end the attempt of today") {
  Relay relay;
  relay.attach(1, 1);
  relay.bench.receive(owner, protocol::Cancel{}, head_of(1, 0));
  CHECK(relay.bench.load(0).streams == 1);
}

TEST_CASE("a relay refuses what it cannot serve: another tokenizer, no time, bad stop strings") {
  Relay relay;
  auto attach = Relay::attach_of();
  attach.journal.tokenizer_digest = "other words";
  relay.bench.receive(owner, attach, head_of(1));
  CHECK(relay.refused() == Code::no_compatible_worker);
  auto head = head_of(1);
  head.budget_ms = 0;
  relay.bench.receive(owner, Relay::attach_of(), head);
  CHECK(relay.refused() == Code::deadline_exceeded);
  attach = Relay::attach_of();
  attach.journal.parameters.stop = {""};
  relay.bench.receive(owner, attach, head_of(1));
  CHECK(relay.refused() == Code::invalid_request);
}

TEST_CASE("past its bounds a relay is busy, and its streams go on") {
  Relay relay(2);
  relay.attach(1);
  relay.attach(2);
  relay.attach(3);
  CHECK(relay.refused() == Code::busy);
  CHECK(relay.attach(2, 1) != 0);  // a new attempt of a stream that is here
  Relay small(4, 20);
  small.attach(1);
  small.attach(2);
  CHECK(small.refused() == Code::busy);
  small.bench.receive(owner, protocol::Release{}, head_of(1));
  CHECK(small.attach(2) != 0);
}

TEST_CASE("a stream is forgotten at its deadline") {
  Relay relay;
  relay.attach(1);
  relay.bench.pass(milliseconds(59'999));
  CHECK(relay.bench.load(0).streams == 1);
  relay.bench.pass(milliseconds(1));
  CHECK(relay.bench.load(0).streams == 0);
}

TEST_CASE("an owner that is taken for dead is told what was dropped") {
  Relay relay;
  relay.attach(1);
  relay.bench.give(actors::PeerDown{entry(owner, "gateway")});
  CHECK(relay.bench.load(0).streams == 0);
  REQUIRE(relay.bench.body<protocol::Failed>(owner) != nullptr);
  CHECK(relay.bench.body<protocol::Failed>(owner)->code == Code::peer_lost);
}

TEST_CASE("MISMATCH of an owner that holds a prefix is a repetition, any other ends the stream") {
  Relay relay;
  const auto handle = relay.attach(1);
  relay.tokens(handle, head_of(1), {'a', 'b'});
  relay.bench.receive(owner, protocol::Mismatch{}, head_of(1, 0, {'a'}));
  CHECK(relay.bench.load(0).streams == 1);
  relay.bench.receive(owner, protocol::Mismatch{}, head_of(1, 0, {'z'}));
  CHECK(relay.bench.load(0).streams == 0);
  CHECK(relay.bench.body<protocol::Failed>(owner) != nullptr);
}

TEST_CASE("UNKNOWN of the owner ends a stream") {
  Relay relay;
  relay.attach(1);
  relay.bench.receive(owner, protocol::Unknown{}, head_of(1));
  CHECK(relay.bench.load(0).streams == 0);
}

TEST_CASE("log probabilities are sent with their ids, spelled as bytes, whether the ids are visible or held back") {
  Relay relay;
  auto attach = Relay::attach_of();
  attach.journal.parameters.stop = {"no"};
  relay.bench.receive(owner, attach, head_of(1));
  const auto handle = relay.bench.body<protocol::Attached>(owner)->handle;
  const auto text_of = [&](std::vector<TokenId> before, TokenId id) {
    const auto head = head_of(1, 0, std::move(before));
    protocol::Tokens tokens{{handle}, {0}, {head.position}, {head.chain}, {1}, {protocol::row_has_logprobs},
                            {{id}},   {}};
    tokens.logprobs = {{-0.25F, {id, 256, 400}, {-0.25F, -2, -3}}};
    relay.bench.receive(executor, tokens);
    const auto* text = relay.bench.body<protocol::Text>(owner);
    return text == nullptr ? protocol::Text{} : *text;
  };
  const auto spelled = [](std::string bytes) {
    return std::vector<protocol::TextLogprobs>{
        {{{bytes}, -0.25F}, {{{bytes}, -0.25F}, {{"<eos>"}, -2}, {{""}, -3}}}};  // 400: no id of this tokenizer
  };
  const std::string eos(text::Tokenizer::bytes_tokenizer()->bytes(256));
  const auto expected = [&](std::string bytes) {
    auto entries = spelled(std::move(bytes));
    entries[0].top[1].token.bytes = eos;
    return entries;
  };
  CHECK(text_of({}, 0xe4).logprobs == expected("\xe4"));  // a part of a character
  const auto held = text_of({0xe4}, 'n');                 // what may become a stop string
  CHECK(held.content == "\xef\xbf\xbd");
  CHECK(held.logprobs == expected("n"));
  const auto stopped = text_of({0xe4, 'n'}, 'o');
  CHECK(stopped.content.empty());
  CHECK(stopped.finish == protocol::Finish::stop);
  CHECK(stopped.logprobs == expected("o"));
}

TEST_CASE("each row has its own log probabilities, and one that nobody asked them for has none") {
  Relay relay;
  const auto with = protocol::row_has_logprobs;
  protocol::Tokens tokens;
  for (const std::uint8_t number : {1, 2, 3}) {
    tokens.handles.push_back(relay.attach(number));
    tokens.attempts.push_back(0);
    tokens.positions.push_back(0);
    tokens.chains.push_back(head_of(number).chain);
  }
  tokens.counts = {1, 1, 2};
  tokens.flags = {with, 0, with};
  tokens.ids.ids = {'a', 'b', 'c', 'd'};
  tokens.logprobs = {{-1, {}, {}}, {-2, {}, {}}, {-3, {}, {}}};
  relay.bench.receive(executor, tokens);
  REQUIRE(relay.bench.sends.size() == 3);
  std::vector<std::vector<protocol::TextLogprobs>> told;
  for (const auto& send : relay.bench.sends) told.push_back(std::get<protocol::Text>(send.message.body).logprobs);
  CHECK(told[0] == std::vector<protocol::TextLogprobs>{{{{"a"}, -1}, {}}});
  CHECK(told[1].empty());
  CHECK(told[2] == std::vector<protocol::TextLogprobs>{{{{"c"}, -2}, {}}, {{{"d"}, -3}, {}}});
}

TEST_CASE("ids after the finish lose their log probabilities with themselves") {
  Relay relay;
  const auto handle = relay.attach(1);
  protocol::Tokens tokens{{handle},          {0}, {0}, {head_of(1).chain}, {3}, {protocol::row_has_logprobs},
                          {{'a', 256, 'b'}}, {}};
  tokens.logprobs = {{-1, {}, {}}, {-2, {}, {}}, {-3, {}, {}}};
  relay.bench.receive(executor, tokens);
  const auto* text = relay.bench.body<protocol::Text>(owner);
  REQUIRE(text != nullptr);
  CHECK(text->ids.ids.size() == 2);
  CHECK(text->logprobs.size() == 2);
}

TEST_CASE("log probabilities that are not as many as the rows say are refused") {
  Relay relay;
  const auto handle = relay.attach(1);
  protocol::Tokens tokens{{handle}, {0}, {0}, {head_of(1).chain}, {1}, {protocol::row_has_logprobs}, {{'a'}}, {}};
  relay.bench.receive(executor, tokens);
  const auto* reset = relay.bench.body<protocol::Reset>(executor);
  REQUIRE(reset != nullptr);
  CHECK(reset->code == Code::malformed);
}

TEST_CASE("a relay whose time is over hands its streams back to their owners") {
  Relay relay;
  REQUIRE(relay.attach(1) != 0);
  relay.bench.give(actors::Draining{});
  CHECK(relay.core.owes());
  relay.bench.give(actors::DrainOver{});
  const auto* failed = relay.bench.body<protocol::Failed>(owner);
  REQUIRE(failed != nullptr);
  CHECK(failed->code == Code::draining);
  CHECK_FALSE(relay.core.owes());
}
