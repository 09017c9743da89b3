// The relay of streams: keeps the journal of a stream beside its owner, turns new ids into visible output and sends
// both on. It is found by rendezvous, so any gateway finds it, and it is where a request is claimed once. Pure; lives
// with its actor; not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "actors/core.h"
#include "actors/flow/timers.h"
#include "actors/flow/tombstones.h"
#include "base/limits.h"
#include "services/held_stream.h"
#include "text/visible.h"

namespace shoal::postprocess {

class PostprocessCore : public actors::Core {
public:
  struct Config {
    std::string tokenizer_digest;  // journals of another tokenizer are refused
    std::uint32_t streams_max = limits::streams_max;
    std::size_t bytes_max = limits::journals_bytes_max;  // of the prompts of all streams
    std::uint32_t first_handle = 1;  // differs between two lives of a process, so that a late row names no other stream
  };

  PostprocessCore(Config config, std::shared_ptr<const text::Tokenizer> tokenizer)
      : config_(std::move(config)), tokenizer_(std::move(tokenizer)), next_handle_(config_.first_handle) {}

  void on(actors::Event event, Time now, actors::Effects& out) override;
  Time next_wake() const override { return timers_.next(); }
  void fill_load(protocol::LoadReport& report, Epoch router, Time now) override;
  bool owes() const override { return !streams_.empty(); }

private:
  struct Relayed : services::HeldStream {
    using HeldStream::HeldStream;
    Epoch owner = 0;
    std::uint32_t handle = 0;
    std::unique_ptr<text::Visible> visible;
  };
  struct Row {  // of TOKENS
    std::uint32_t handle;
    Attempt attempt;
    Position position;
    Chain chain;
    std::span<const TokenId> ids;
    std::span<const protocol::IdLogprobs> logprobs;  // one an id, or none
  };

  void on_attach(Epoch from, const protocol::Head& head, protocol::Attach attach, Time now, actors::Effects& out);
  void on_tokens(Epoch from, const protocol::Tokens& tokens, Time now, actors::Effects& out);
  void on_row(Epoch from, const Row& row, Relayed& stream, Time now, actors::Effects& out);
  protocol::TextLogprobs spell(TokenId id, const protocol::IdLogprobs& logprobs) const;
  void on_stop(const protocol::Head& head);
  void on_mismatch(Epoch from, const protocol::Head& head, Time now, actors::Effects& out);
  void on_peer_lost(Epoch peer, Time now, actors::Effects& out);
  void on_drain_over(Time now, actors::Effects& out);
  void fail(const Relayed& stream, Error error, Time now, actors::Effects& out);
  void forget(const StreamId& stream);

  Config config_;
  std::shared_ptr<const text::Tokenizer> tokenizer_;
  std::unordered_map<StreamId, Relayed, StreamHash> streams_;
  std::unordered_map<std::uint32_t, StreamId> handles_;
  actors::Timers<StreamId, StreamHash> timers_;
  actors::Tombstones tombstones_{limits::tombstones_max};
  std::uint32_t next_handle_;
  std::size_t bytes_ = 0;
  std::uint64_t tokens_total_ = 0;
};

}  // namespace shoal::postprocess
