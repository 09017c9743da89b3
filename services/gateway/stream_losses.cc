// What the owner does when its stream is refused, when a process that the stream needs is lost, and when an answer is
// overdue. Until the client has seen something of it, a stream is simply dispatched again.

#include <algorithm>
#include <vector>

#include "services/gateway/gateway_core.h"

namespace shoal::gateway {
namespace {

using actors::Effects;
using protocol::make_message;

constexpr auto queued_wait = milliseconds(limits::queued_wait_ms);
constexpr auto disagreement_max = milliseconds(2000);  // until what one process knows of another is known to all
constexpr std::uint32_t losses_max = 3;                // without a new position in between
constexpr std::size_t exclude_max = 16;

void exclude(Stream& stream, Epoch executor) {
  if (stream.exclude.size() < exclude_max) stream.exclude.push_back(executor);
}

}  // namespace

void GatewayCore::on_refused(Stream& stream, Epoch from, const protocol::Refused& refused, Time now, Effects& out) {
  const Error error{refused.code, refused.text};
  if (refused.refers == protocol::Type::prepare) {
    if (stream.phase != Phase::preparing || from != stream.preprocess) return;
    const auto* next = next_preprocess(stream);
    const bool another = refused.code == Code::busy && stream.prepares < 2 && next != nullptr && next->epoch != from;
    return another ? prepare(stream, now, out) : fail(stream, error, refused.retry_after_ms, now, out);
  }
  if (refused.refers == protocol::Type::place) {
    if (stream.phase != Phase::placing || from != stream.router || stream.grant) return;
    if (refused.code == Code::busy && stream.client.published) {  // it waits: nobody is there to be told to wait
      stream.silent_since = now;
      return wait_until(stream, now + milliseconds(std::max(refused.retry_after_ms, retry_after_ms)));
    }
    return place_elsewhere(stream, refused, now, out);
  }
  if (refused.refers == protocol::Type::attach) {
    if (stream.phase != Phase::placing || from != stream.relay) return;
    return fail(stream, error, refused.retry_after_ms, now, out);
  }
  if (refused.refers != protocol::Type::generate || from != stream.executor) return;
  if (stream.phase != Phase::starting && stream.phase != Phase::running) return;
  if (refused.code != Code::busy && refused.code != Code::grant_expired) {
    return fail(stream, error, refused.retry_after_ms, now, out);
  }
  out.count("grants_refused");  // costs no attempt: the grant was a hint, the executor has the last word
  place_again(stream, now, out);
}

// Routers may differ for a moment: one that is new has not heard of everybody. So the refusal of one counts when all
// say so for a while, or when this process knows no executor either.
void GatewayCore::place_elsewhere(Stream& stream, const protocol::Refused& refused, Time now, Effects& out) {
  const bool about_executors = refused.code == Code::no_inference || refused.code == Code::unknown_model ||
                               refused.code == Code::no_compatible_worker;
  if (!stream.declined_since) stream.declined_since = now;
  const auto executors = executors_for(stream);
  const bool has_checkpoint = std::any_of(executors.begin(), executors.end(), [&](const auto* executor) {
    return actors::label(*executor, "model_digest") == stream.journal.model_digest;
  });
  if (about_executors && stream.position() == 0 && !executors.empty() && !has_checkpoint) {
    return dispatch_again(stream, now, out);  // the last one of its checkpoint is gone, others of the model are there
  }
  if (!about_executors || executors.empty() || now >= *stream.declined_since + disagreement_max) {
    return fail(stream, {refused.code, refused.text}, refused.retry_after_ms, now, out);
  }
  stream.declined.push_back(stream.router);
  stream.silent_since = now;
  const auto routers = peers_.of("router");
  const bool all = std::all_of(routers.begin(), routers.end(), [&](const auto* router) {
    return std::find(stream.declined.begin(), stream.declined.end(), router->epoch) != stream.declined.end();
  });
  stream.router = 0;
  if (!all) return place(stream, now, out);
  stream.declined.clear();
  wait_until(stream, now + queued_wait);
}

// Requests whose last router died wait for this one.
void GatewayCore::on_peer_up(const protocol::Entry& peer, Time now, Effects& out) {
  peers_.up(peer);
  if (peer.kind != "router") return;
  std::vector<RequestId> waiting;
  for (const auto& [request, stream] : streams_) {
    if (stream.phase == Phase::placing && stream.router == 0 && !stream.grant) waiting.push_back(request);
  }
  for (const RequestId& request : waiting) place(streams_.at(request), now, out);
}

void GatewayCore::on_peer_lost(Epoch peer, Time now, Effects& out) {
  peers_.down(peer);
  std::vector<RequestId> touched;
  for (const auto& [request, stream] : streams_) {
    const bool asked = (stream.phase == Phase::preparing && stream.preprocess == peer) ||
                       (stream.phase == Phase::placing && stream.router == peer);
    if (asked || stream.relay == peer || stream.executor == peer) touched.push_back(request);
  }
  for (const RequestId& request : touched) {
    Stream& stream = streams_.at(request);
    if (stream.phase == Phase::preparing) {
      prepare(stream, now, out);
    } else if (stream.phase == Phase::running && stream.executor_done && stream.relay != peer) {
      stream.executor = 0;  // it owes nothing any more, and the relay has the last word
    } else if (stream.relay == peer || stream.phase == Phase::starting || stream.phase == Phase::running) {
      on_holder_lost(stream, peer, now, out);
    } else if (stream.executor == peer && stream.grant) {  // from here on it is being placed
      exclude(stream, peer);
      place_again(stream, now, out);
    } else if (stream.router == peer && stream.grant) {
      stream.router = 0;  // its grant is good all the same
    } else if (stream.router == peer) {
      place_again(stream, now, out);
    }
  }
  settle(calls_.on_peer_lost(peer), now, out);
}

void GatewayCore::on_holder_lost(Stream& stream, Epoch holder, Time now, Effects& out) {
  if (stream.phase == Phase::yielded) {  // nobody works for it: what is not here is generated again
    stream.relay = 0;
    stream.yielded_at = stream.position();
    return go_on_if_credit(stream, now, out);
  }
  if (holder == stream.executor) exclude(stream, holder);
  const bool shown = stream.phase == Phase::running && stream.position() > 0;
  if (!shown && ++stream.losses <= losses_max) return dispatch_again(stream, now, out);
  const std::string kind = holder == stream.relay ? "postprocess" : "inference";
  fail(stream, {Code::peer_lost, "the " + kind + " process that served this request was lost; send it again"},
       retry_after_ms, now, out);
}

// It ends in good order: whatever the client has seen already, the stream goes on elsewhere from the journal.
void GatewayCore::on_holder_drained(Stream& stream, Epoch holder, Time now, Effects& out) {
  if (stream.phase == Phase::yielded || ++stream.losses > losses_max) return on_holder_lost(stream, holder, now, out);
  out.count("streams_handed_over");
  dispatch_again(stream, now, out);
}

void GatewayCore::on_failed(Stream& stream, Epoch from, const protocol::Failed& failed, Time now, Effects& out) {
  if (from != stream.executor && from != stream.relay) return;
  if (failed.retryable && failed.code == Code::draining) return on_holder_drained(stream, from, now, out);
  if (failed.retryable && failed.code == Code::peer_lost) {
    return on_holder_lost(stream, failed.blame != 0 ? failed.blame : from, now, out);
  }
  fail(stream, {failed.code, failed.text}, failed.retryable ? retry_after_ms : 0, now, out);
}

// A message about a stream or an attempt that this owner has given up. Who holds it shall do so too.
void GatewayCore::on_stale(Epoch from, const protocol::Head& head, Effects& out) {
  out.count("messages_stale");
  switch (head.type) {
    case protocol::Type::attached:
    case protocol::Type::accepted:
    case protocol::Type::text:
    case protocol::Type::yielded:
      return out.send(from, make_message(protocol::Unknown{}, head));
    default:
      return;
  }
}

// Another owner has the stream: it is forgotten without CANCEL, which would stop that owner's work.
void GatewayCore::on_disowned(Stream& stream, Time now, Effects& out) {
  out.count("requests_failed");
  const Error error{Code::peer_lost, "another gateway has this request now"};
  end(stream, protocol::edge::error(stream.client_id, error, retry_after_ms), now, out);
}

void GatewayCore::on_overdue(Stream& stream, Time now, Effects& out) {
  if (now >= stream.deadline) {
    fail(stream, {Code::deadline_exceeded, "the request's time was over before its answer was"}, 0, now, out);
  } else if (stream.phase == Phase::staging) {
    return;  // the CALL has a time of its own
  } else if (stream.phase == Phase::preparing) {
    prepare(stream, now, out);
  } else if (stream.phase == Phase::placing) {
    place(stream, now, out);
  } else if (stream.phase == Phase::yielded) {
    stream.yielded_at = stream.position();
    go_on_if_credit(stream, now, out);
  } else {
    const std::string kind = stream.executor_done ? "postprocess" : "inference";
    fail(stream, {Code::timeout, "the " + kind + " process did not answer; send the request again"}, retry_after_ms,
         now, out);
  }
}

// A new attempt from the journal as it stands. What still works on the old one is stopped.
void GatewayCore::dispatch_again(Stream& stream, Time now, Effects& out) {
  const auto old = stream.head(now);
  const Epoch old_relay = stream.relay;
  if (stream.phase == Phase::placing && stream.router != 0) {
    out.send(stream.router, make_message(protocol::Withdraw{}, old));
  }
  const bool executes = stream.phase == Phase::starting || stream.phase == Phase::running;
  if (executes && peers_.find(stream.executor) != nullptr) {
    out.send(stream.executor, make_message(protocol::Cancel{}, old));
  }
  ++stream.attempt.redispatch;
  enter_placing(stream, now);
  if (!attach(stream, now, out)) return;
  if (stream.relay != old_relay && peers_.find(old_relay) != nullptr) {
    out.send(old_relay, make_message(protocol::Release{}, old));
  }
  place(stream, now, out);
}

}  // namespace shoal::gateway
