#include "services/postprocess/postprocess_core.h"

#include <algorithm>
#include <span>
#include <type_traits>
#include <utility>

namespace shoal::postprocess {
namespace {

using actors::Effects;
using protocol::Finish;
using protocol::make_message;

constexpr std::uint32_t retry_after_ms = 1000;

text::VisibleParams output_params(const protocol::Journal& journal) {
  text::VisibleParams params;
  params.finish.end_ids = journal.parameters.stop_ids;
  params.finish.tokens_max = journal.parameters.max_tokens;
  params.stop_strings = journal.parameters.stop;
  params.splits_reasoning = journal.reasoning != protocol::Reasoning::none;
  params.starts_in_reasoning = journal.reasoning == protocol::Reasoning::begun;
  return params;
}

// How many entries of `logprobs` the rows say there are.
std::size_t logprobs_of(const protocol::Tokens& tokens) {
  std::size_t entries = 0;
  for (std::size_t i = 0; i < tokens.counts.size(); ++i) {
    if ((tokens.flags[i] & protocol::row_has_logprobs) != 0) entries += tokens.counts[i];
  }
  return entries;
}

Finish finish_of(const text::Visible& visible) {
  if (!visible.finish()) return Finish::none;
  return visible.finish()->reason == text::FinishReason::stop ? Finish::stop : Finish::length;
}

}  // namespace

void PostprocessCore::on(actors::Event event, Time now, Effects& out) {
  if (auto* received = std::get_if<actors::Received>(&event)) {
    const protocol::Head& head = received->message.head;
    std::visit(
        [&](auto& body) {
          using T = std::decay_t<decltype(body)>;
          if constexpr (std::is_same_v<T, protocol::Attach>) {
            on_attach(received->from, head, std::move(body), now, out);
          } else if constexpr (std::is_same_v<T, protocol::Tokens>) {
            on_tokens(received->from, body, now, out);
          } else if constexpr (std::is_same_v<T, protocol::Cancel> || std::is_same_v<T, protocol::Release>) {
            tombstones_.bury(head.stream(), head.attempt);
            on_stop(head);
          } else if constexpr (std::is_same_v<T, protocol::Unknown>) {
            on_stop(head);  // its owner does not know the stream any more
          } else if constexpr (std::is_same_v<T, protocol::Mismatch>) {
            on_mismatch(received->from, head, now, out);
          }
        },
        received->message.body);
  } else if (const auto* down = std::get_if<actors::PeerDown>(&event)) {
    on_peer_lost(down->peer.epoch, now, out);
  } else if (const auto* lost = std::get_if<actors::LinkLost>(&event)) {
    on_peer_lost(lost->epoch, now, out);
  } else if (std::holds_alternative<actors::DrainOver>(event)) {
    on_drain_over(now, out);
  } else if (std::holds_alternative<actors::Tick>(event)) {
    for (const StreamId& id : timers_.take_due(now)) {
      out.count("streams_past_deadline");
      forget(id);
    }
  }
}

void PostprocessCore::fill_load(protocol::LoadReport& report, Epoch, Time) {
  report.streams = static_cast<std::uint32_t>(streams_.size());
  report.tokens_total = tokens_total_;
}

void PostprocessCore::on_attach(Epoch from, const protocol::Head& head, protocol::Attach attach, Time now,
                                Effects& out) {
  const StreamId id = head.stream();
  const auto refuse = [&](Code code, std::string text, std::uint32_t retry_ms) {
    out.count("attaches_refused");
    out.send(from, make_message(protocol::Refused{protocol::Type::attach, code, std::move(text), retry_ms}, head));
  };
  const auto known = streams_.find(id);
  if (known != streams_.end()) {
    Relayed& stream = known->second;
    if (head.attempt < stream.attempt) {
      auto current = head;
      current.attempt = stream.attempt;
      return out.send(from, make_message(protocol::Fenced{stream.owner}, current));
    }
    if (head.attempt == stream.attempt) {
      if (from != stream.owner) return out.send(from, make_message(protocol::Owned{stream.owner}, stream.head(now)));
      return out.send(from, make_message(protocol::Attached{stream.handle}, head));  // asked twice: one answer
    }
  }
  if (tombstones_.covers(id, head.attempt)) return refuse(Code::cancelled, "the stream was ended before it arrived", 0);
  if (head.budget_ms == 0) return refuse(Code::deadline_exceeded, "no time was left to relay it", 0);
  if (attach.journal.tokenizer_digest != config_.tokenizer_digest) {
    return refuse(Code::no_compatible_worker, "this postprocess has another tokenizer", 0);
  }
  if (auto stop = text::check_stop_strings(attach.journal.parameters.stop); !stop) {
    return refuse(stop.error().code, stop.error().text, 0);
  }
  if (known == streams_.end() && streams_.size() >= config_.streams_max) {
    return refuse(Code::busy, "this postprocess holds as many streams as it may", retry_after_ms);
  }
  const std::size_t bytes = attach.journal.prompt.ids.size() * sizeof(TokenId);
  if (known == streams_.end() && bytes_ + bytes > config_.bytes_max) {
    return refuse(Code::busy, "this postprocess holds as many prompts as it may", retry_after_ms);
  }

  Relayed stream(head, std::move(attach.journal), now);
  stream.owner = from;
  stream.handle = next_handle_++;
  if (!stream.stands_at(head)) {
    return out.send(from, make_message(protocol::Mismatch{}, stream.head(now)));
  }
  stream.visible = std::make_unique<text::Visible>(tokenizer_, output_params(stream.journal));
  stream.visible->feed(stream.journal.generated.ids);  // what the client has seen already
  forget(id);
  bytes_ += bytes;
  handles_[stream.handle] = id;
  timers_.set(id, stream.deadline);
  const Relayed& kept = streams_.emplace(id, std::move(stream)).first->second;
  out.count("streams_attached");
  out.send(from, make_message(protocol::Attached{kept.handle}, head));
  if (const Finish finish = finish_of(*kept.visible); finish != Finish::none) {  // nothing is left to generate
    protocol::Text text;
    text.finish = finish;
    out.send(from, make_message(std::move(text), kept.head(now)));
  }
}

void PostprocessCore::on_tokens(Epoch from, const protocol::Tokens& tokens, Time now, Effects& out) {
  const std::size_t rows = tokens.handles.size();
  std::size_t ids = 0;
  for (const std::uint32_t count : tokens.counts) ids += count;
  if (tokens.attempts.size() != rows || tokens.positions.size() != rows || tokens.chains.size() != rows ||
      tokens.counts.size() != rows || tokens.flags.size() != rows || ids != tokens.ids.ids.size() ||
      logprobs_of(tokens) != tokens.logprobs.size()) {
    out.count("tokens_malformed");
    return out.send(from, make_message(protocol::Reset{Code::malformed, "the columns of TOKENS differ in length"}));
  }
  std::vector<std::uint32_t> unknown;
  std::span<const TokenId> rest = tokens.ids.ids;
  std::span<const protocol::IdLogprobs> rest_of_logprobs = tokens.logprobs;
  for (std::size_t i = 0; i < rows; ++i) {
    const std::size_t entries = (tokens.flags[i] & protocol::row_has_logprobs) != 0 ? tokens.counts[i] : 0;
    const Row row{tokens.handles[i], Attempt::from_u32(tokens.attempts[i]), tokens.positions[i],
                  tokens.chains[i],  rest.first(tokens.counts[i]),          rest_of_logprobs.first(entries)};
    rest = rest.subspan(tokens.counts[i]);
    rest_of_logprobs = rest_of_logprobs.subspan(entries);
    const auto handle = handles_.find(row.handle);
    if (handle == handles_.end() || row.attempt != streams_.at(handle->second).attempt) {
      unknown.push_back(row.handle);
    } else {
      on_row(from, row, streams_.at(handle->second), now, out);
    }
  }
  if (!unknown.empty()) out.send(from, make_message(protocol::Unknown{std::move(unknown)}));
}

void PostprocessCore::on_row(Epoch from, const Row& row, Relayed& stream, Time now, Effects& out) {
  if (stream.visible->finish()) return;  // a stop string ended it while the executor went on
  if (row.position + row.ids.size() <= stream.position() && !row.ids.empty()) return out.count("rows_repeated");
  if (row.position != stream.position() || row.chain != stream.chain) {
    out.count("rows_mismatched");
    return out.send(from, make_message(protocol::Mismatch{}, stream.head(now)));
  }
  const auto head = stream.head(now);
  protocol::Text text;
  text::Growth growth = stream.visible->feed(row.ids);
  text.reasoning = std::move(growth.reasoning);
  text.content = std::move(growth.content);
  text.finish = finish_of(*stream.visible);
  std::span<const TokenId> counted = row.ids;
  if (const auto& finish = stream.visible->finish()) counted = counted.first(finish->position - stream.position());
  text.ids.ids.assign(counted.begin(), counted.end());
  for (std::size_t i = 0; i < std::min(counted.size(), row.logprobs.size()); ++i) {
    text.logprobs.push_back(spell(counted[i], row.logprobs[i]));
  }
  stream.append(counted);
  tokens_total_ += counted.size();
  out.send(stream.owner, make_message(std::move(text), head));
}

// What stands on the wire by ids, by the bytes of the ids.
protocol::TextLogprobs PostprocessCore::spell(TokenId id, const protocol::IdLogprobs& logprobs) const {
  const auto of = [this](TokenId each, float logprob) {
    return protocol::TokenLogprob{{std::string(tokenizer_->bytes(each).substr(0, limits::token_bytes_max))}, logprob};
  };
  protocol::TextLogprobs spelled{of(id, logprobs.logprob), {}};
  for (std::size_t i = 0; i < std::min(logprobs.top_ids.size(), logprobs.top_logprobs.size()); ++i) {
    spelled.top.push_back(of(logprobs.top_ids[i], logprobs.top_logprobs[i]));
  }
  return spelled;
}

void PostprocessCore::on_stop(const protocol::Head& head) {
  const auto known = streams_.find(head.stream());
  if (known != streams_.end() && known->second.attempt <= head.attempt) forget(head.stream());
}

// The owner dropped a TEXT. If it holds a prefix of what is held here, that TEXT came twice; else the two have parted.
void PostprocessCore::on_mismatch(Epoch from, const protocol::Head& head, Time now, Effects& out) {
  const auto known = streams_.find(head.stream());
  if (known == streams_.end() || known->second.owner != from || known->second.attempt != head.attempt) return;
  const std::span<const TokenId> ids = known->second.journal.generated.ids;
  const bool repeated =
      head.position <= ids.size() && chain_over(chain_start(head.stream()), ids.first(head.position)) == head.chain;
  if (repeated) return;
  fail(known->second, {Code::peer_lost, "relay and owner hold different ids"}, now, out);
  forget(head.stream());
}

// The owner may only have been silent for a while: it is told, so that it does not wait for what is dropped here.
void PostprocessCore::on_peer_lost(Epoch peer, Time now, Effects& out) {
  std::vector<StreamId> orphaned;
  for (const auto& [id, stream] : streams_) {
    if (stream.owner == peer) orphaned.push_back(id);
  }
  for (const StreamId& id : orphaned) {
    fail(streams_.at(id), {Code::peer_lost, "the relay heard nothing of this stream's owner"}, now, out);
    forget(id);
  }
}

// What is not finished goes on elsewhere: its owner has all that it takes.
void PostprocessCore::on_drain_over(Time now, Effects& out) {
  std::vector<StreamId> left;
  for (const auto& [id, stream] : streams_) left.push_back(id);
  for (const StreamId& id : left) {
    if (!streams_.at(id).visible->finish()) {
      fail(streams_.at(id), {Code::draining, "the relay ends before this stream does"}, now, out);
    }
    forget(id);
  }
}

void PostprocessCore::fail(const Relayed& stream, Error error, Time now, Effects& out) {
  out.count("streams_failed");
  out.send(stream.owner, make_message(protocol::Failed{error.code, std::move(error.text), true, 0}, stream.head(now)));
}

void PostprocessCore::forget(const StreamId& id) {
  const auto known = streams_.find(id);
  if (known == streams_.end()) return;
  handles_.erase(known->second.handle);
  bytes_ -= known->second.journal.prompt.ids.size() * sizeof(TokenId);
  timers_.cancel(id);
  streams_.erase(known);
}

}  // namespace shoal::postprocess
