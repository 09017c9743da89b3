// A gateway core on the bench, with one process of each other kind alive, and the answers that those would give.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include <msgpack.hpp>

#include "bench.h"
#include "services/gateway/gateway_core.h"

namespace shoal::test {

inline constexpr Epoch preprocess = 20, other_preprocess = 21, router = 30, other_router = 31, relay = 40,
                       executor = 50, other_executor = 51;
inline const actors::ClientId client{"client", false};

struct Ask {
  std::string id = "r";
  std::string model = {};
  std::uint32_t deadline_ms = 0;
  std::uint32_t window = 0;
  bool stream = true;
  std::string text = "hi";
  bool logprobs = false;  // two at each position, and all penalties at 0.5
};

inline std::string submit(const Ask& ask) {
  msgpack::sbuffer buffer;
  msgpack::packer<msgpack::sbuffer> pack(buffer);
  const bool extra[] = {!ask.model.empty(), ask.deadline_ms != 0, ask.window != 0, ask.logprobs};
  const auto fields = 4 + std::count(std::begin(extra), std::end(extra), true) + (ask.logprobs ? 4 : 0);
  pack.pack_map(static_cast<std::uint32_t>(fields));
  for (const std::string& text : {std::string("type"), std::string("SUBMIT"), std::string("id"), ask.id,
                                  std::string("prompt"), ask.text, std::string("stream")}) {
    pack.pack(text);
  }
  pack.pack(ask.stream);
  if (extra[0]) pack.pack(std::string("model")), pack.pack(ask.model);
  if (extra[1]) pack.pack(std::string("deadline_ms")), pack.pack(ask.deadline_ms);
  if (extra[2]) pack.pack(std::string("window")), pack.pack(ask.window);
  if (extra[3]) {
    for (const char* penalty : {"frequency_penalty", "presence_penalty", "repetition_penalty"}) {
      pack.pack(std::string(penalty)), pack.pack(0.5);
    }
    pack.pack(std::string("logprobs")), pack.pack(true), pack.pack(std::string("top_logprobs")), pack.pack(2);
  }
  return {buffer.data(), buffer.size()};
}

inline std::string request_of(const std::string& type, const std::string& id, Position position = 0) {
  msgpack::sbuffer buffer;
  msgpack::packer<msgpack::sbuffer> pack(buffer);
  pack.pack_map(type == "CREDIT" ? 3 : 2);
  for (const std::string& text : {std::string("type"), type, std::string("id"), id}) pack.pack(text);
  if (type == "CREDIT") pack.pack(std::string("position")), pack.pack(position);
  return {buffer.data(), buffer.size()};
}

struct Gateway {
  explicit Gateway(gateway::GatewayCore::Config config = {.epoch = 1, .seed = 7})
      : core(std::move(config)), bench(core) {
    for (const auto& peer : {entry(1, "gateway"), entry(preprocess, "preprocess"), entry(router, "router"),
                             entry(relay, "postprocess"), entry(executor, "inference")}) {
      bench.give(actors::PeerUp{peer});
    }
  }

  void up(Epoch epoch, const std::string& kind, const std::string& model = "bytes") {
    bench.give(actors::PeerUp{entry(epoch, kind, model)});
  }
  void ask(const Ask& ask = {}) { say(submit(ask)); }
  void say(const std::string& frame, const actors::ClientId& from = client) {
    bench.give(actors::ClientReceived{from, frame});
    if (!bench.jobs.empty()) bench.give(actors::Reported{bench.jobs.front().work()});  // a long one
    const auto* prepare = first<protocol::Prepare>();
    if (prepare != nullptr) head = prepare->head;
  }
  // What the last event told the client, by field.
  std::string told(const std::string& field, std::size_t reply = 0) const {
    if (reply >= bench.replies.size()) return "";
    const auto& frame = bench.replies[reply].frame;
    const auto handle = msgpack::unpack(frame.data(), frame.size());
    for (std::uint32_t i = 0; i < handle.get().via.map.size; ++i) {
      const auto& item = handle.get().via.map.ptr[i];
      if (item.key.as<std::string>() == field && item.val.type == msgpack::type::STR) return item.val.as<std::string>();
    }
    return "";
  }
  std::string last(const std::string& field) const {
    return bench.replies.empty() ? "" : told(field, bench.replies.size() - 1);
  }
  // A number of the last reply; 0 if it has none of this name.
  std::uint32_t last_number(const std::string& field) const {
    const auto& frame = bench.replies.back().frame;
    const auto handle = msgpack::unpack(frame.data(), frame.size());
    for (std::uint32_t i = 0; i < handle.get().via.map.size; ++i) {
      const auto& item = handle.get().via.map.ptr[i];
      if (item.key.as<std::string>() == field) return item.val.as<std::uint32_t>();
    }
    return 0;
  }
  template <class Body>
  const protocol::Message* first() const {
    for (const auto& send : bench.sends) {
      if (std::holds_alternative<Body>(send.message.body)) return &send.message;
    }
    return nullptr;
  }
  template <class Body>
  Epoch to() const {
    for (const auto& send : bench.sends) {
      if (std::holds_alternative<Body>(send.message.body)) return send.to;
    }
    return 0;
  }
  void adopt_head() {
    if (const auto* place = first<protocol::Place>()) head = place->head;
  }

  void prepared() {
    protocol::Prepared prepared;
    prepared.model = "bytes";
    prepared.tokenizer_digest = "t";
    prepared.context_tokens = 100;
    prepared.prompt.ids = {1, 2};
    bench.receive(preprocess, prepared, head);
    adopt_head();
  }
  void placed(Epoch on = executor, Epoch by = router) {
    bench.receive(by, protocol::Placed{entry(on, "inference"), {by, 1, 1000}}, head);
  }
  void attached() { bench.receive(relay, protocol::Attached{9}, head); }
  void started() {
    prepared();
    attached();
    placed();
  }
  void running() {
    ask();
    started();
    bench.receive(executor, protocol::Accepted{}, head);
  }
  void text(const std::string& bytes, protocol::Finish finish = protocol::Finish::none) {
    protocol::Text text;
    text.content = bytes;
    text.finish = finish;
    text.ids.ids.assign(bytes.begin(), bytes.end());
    text.logprobs = logprobs;
    auto at = head;
    bench.receive(relay, text, at);
    head.position += static_cast<Position>(bytes.size());
    head.chain = chain_over(head.chain, text.ids.ids);
  }
  void refuse(Epoch from, protocol::Type refers, Code code) {
    bench.receive(from, protocol::Refused{refers, code, "no", 100}, head);
  }
  std::uint32_t streams() { return bench.load(0).streams; }

  gateway::GatewayCore core;
  Bench bench;
  protocol::Head head;
  std::vector<protocol::TextLogprobs> logprobs;  // of the ids of the next text()
};

}  // namespace shoal::test
