// What the owner does with penalties and log probabilities.
#include <doctest/doctest.h>

#include "gateway_bench.h"

using namespace shoal;
using namespace shoal::test;

namespace {

std::vector<protocol::TextLogprobs> entries(const std::string& bytes, std::size_t top = 0) {
  std::vector<protocol::TextLogprobs> out;
  for (const char byte : bytes) {
    out.push_back({{{std::string(1, byte)}, -1}, std::vector<protocol::TokenLogprob>(top, {{"x"}, -2})});
  }
  return out;
}

// How many entries the reply's logprobs have; -1 if it has none.
int count_of(const Gateway& gateway, std::size_t reply) {
  const auto& frame = gateway.bench.replies.at(reply).frame;
  const auto handle = msgpack::unpack(frame.data(), frame.size());
  for (std::uint32_t i = 0; i < handle.get().via.map.size; ++i) {
    const auto& item = handle.get().via.map.ptr[i];
    if (item.key.as<std::string>() != "logprobs") continue;
    return static_cast<int>(item.val.via.map.ptr[0].val.via.array.size);
  }
  return -1;
}

void run(Gateway& gateway, const Ask& ask) {
  gateway.ask(ask);
  gateway.started();
  gateway.bench.receive(executor, protocol::Accepted{}, gateway.head);
}

}  // namespace

TEST_CASE("what a request says of penalties and log probabilities stands in its journal") {
  Gateway gateway;
  gateway.ask({.logprobs = true});
  gateway.prepared();
  const auto& parameters = std::get<protocol::Attach>(gateway.first<protocol::Attach>()->body).journal.parameters;
  CHECK(parameters.frequency_penalty == 0.5F);
  CHECK(parameters.presence_penalty == 0.5F);
  CHECK(parameters.repetition_penalty == 0.5F);
  CHECK(parameters.logprobs);
  CHECK(parameters.top_logprobs == 2);
}

TEST_CASE("what it leaves open is the model's") {
  Gateway gateway;
  gateway.ask();
  protocol::Prepared prepared;
  prepared.model = "bytes";
  prepared.tokenizer_digest = "t";
  prepared.context_tokens = 100;
  prepared.prompt.ids = {1, 2};
  prepared.defaults.repetition_penalty = 1.05F;
  gateway.bench.receive(preprocess, prepared, gateway.head);
  const auto& parameters = std::get<protocol::Attach>(gateway.first<protocol::Attach>()->body).journal.parameters;
  CHECK(parameters.repetition_penalty == 1.05F);
  CHECK(!parameters.logprobs);
}

TEST_CASE("a DELTA has the log probabilities of its ids if they were asked for") {
  Gateway gateway;
  run(gateway, {.logprobs = true});
  gateway.logprobs = entries("ab", 2);
  gateway.text("ab");
  CHECK(count_of(gateway, 0) == 2);
  gateway.logprobs.clear();  // a holder that has them no more
  gateway.text("c");
  CHECK(gateway.told("type") == "DELTA");
  CHECK(count_of(gateway, 0) == -1);
}

TEST_CASE("without the wish there are none, also if the relay sent some") {
  Gateway gateway;
  run(gateway, {});
  gateway.logprobs = entries("ab");
  gateway.text("ab", protocol::Finish::stop);
  CHECK(count_of(gateway, 0) == -1);
  CHECK(count_of(gateway, 1) == -1);
}

TEST_CASE("an unstreamed answer has those of all its ids, or none") {
  Gateway gateway;
  run(gateway, {.stream = false, .logprobs = true});
  gateway.logprobs = entries("ab", 2);
  gateway.text("ab");
  CHECK(gateway.bench.replies.empty());
  gateway.logprobs = entries("c", 2);
  gateway.text("c", protocol::Finish::stop);
  CHECK(gateway.told("type") == "DONE");
  CHECK(count_of(gateway, 0) == 3);

  Gateway lossy;
  run(lossy, {.stream = false, .logprobs = true});
  lossy.text("ab");
  lossy.logprobs = entries("c", 2);
  lossy.text("c", protocol::Finish::stop);
  CHECK(lossy.told("type") == "DONE");
  CHECK(count_of(lossy, 0) == -1);
}

TEST_CASE("log probabilities of an unstreamed answer past their bound end it with a way out") {
  Gateway gateway;
  run(gateway, {.stream = false, .logprobs = true});
  auto wide = entries("a", 20);
  for (auto& top : wide[0].top) top.token.bytes.assign(limits::token_bytes_max, 'x');
  const std::size_t entry_bytes = 20 * std::size_t{2} * limits::token_bytes_max;  // token and bytes
  for (std::size_t i = 0; i <= limits::logprobs_bytes_max / entry_bytes && gateway.streams() == 1; ++i) {
    gateway.logprobs = wide;
    gateway.text("a");
  }
  CHECK(gateway.told("code") == "too_large");
  CHECK(gateway.told("message").find("stream: true") != std::string::npos);
  CHECK(gateway.streams() == 0);
  CHECK(gateway.bench.sent<protocol::Cancel>(executor) != nullptr);
}
