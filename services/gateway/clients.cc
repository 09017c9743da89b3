// What clients ask for, on their connections and through the publish port.

#include <algorithm>
#include <cstring>
#include <memory>
#include <type_traits>

#include "base/utf8.h"
#include "services/gateway/gateway_core.h"

namespace shoal::gateway {
namespace {

using actors::ClientId;
using actors::Effects;
using protocol::make_message;

constexpr auto keepalive_interval = milliseconds(limits::keepalive_interval_ms);

RequestId make_request_id(Random& random) {
  RequestId request;
  const std::uint64_t halves[2] = {random.next(), random.next()};
  std::memcpy(request.bytes.data(), halves, 16);
  return request;
}

// The kinds that a request needs, with the code that names each.
constexpr std::pair<std::string_view, Code> needed_kinds[] = {{"preprocess", Code::no_preprocess},
                                                              {"router", Code::no_router},
                                                              {"inference", Code::no_inference},
                                                              {"postprocess", Code::no_postprocess}};

// What a REQ socket may send: each has exactly one reply.
template <class T>
constexpr bool has_one_reply = std::is_same_v<T, protocol::edge::Submit> || std::is_same_v<T, protocol::edge::Status> ||
                               std::is_same_v<T, protocol::edge::Call> || std::is_same_v<T, protocol::edge::Help> ||
                               std::is_same_v<T, protocol::edge::Cancel> || std::is_same_v<T, protocol::edge::Resume>;

}  // namespace

// Long frames are read by a worker, so that they hold up nobody else. Their order on a connection stays: it is not read
// while a long one is in hand.
void GatewayCore::on_client(const actors::ClientReceived& received, Time now, Effects& out) {
  const bool published = received.client.published;
  published_seen_ += published ? 1 : 0;
  const auto read = [received, published] {
    const auto port = published ? protocol::edge::Port::publish : protocol::edge::Port::client;
    return Asked{received.client, protocol::edge::parse(received.frame.view(), port), received.in_hand};
  };
  if (received.frame.size() <= limits::client_unhandled_bytes_max) return on_asked(read(), now, out);
  ++reading_;
  out.start_job([read] { return std::any(std::make_shared<Asked>(read())); });
}

void GatewayCore::on_reported(const std::any& value, Time now, Effects& out) {
  const auto* asked = std::any_cast<std::shared_ptr<Asked>>(&value);
  if (asked == nullptr) return;
  --reading_;
  on_asked(std::move(**asked), now, out);
}

void GatewayCore::on_asked(Asked asked, Time now, Effects& out) {
  const ClientId& from = asked.client;
  auto& parsed = asked.parsed;
  const bool published = from.published;
  if (const auto* bad = std::get_if<protocol::edge::BadRequest>(&parsed)) {
    out.count(published ? "published_bad" : "requests_bad");
    if (bad->is_result && !published) return on_bad_reply(from, *bad, now, out);
    const ClientId answered = published ? ClientId{bad->client, false, true} : from;
    return out.reply_client(answered, protocol::edge::error(bad->id, bad->error));
  }
  std::visit(
      [&](auto& request) {
        using T = std::decay_t<decltype(request)>;
        if (from.enveloped && !has_one_reply<T>) {
          const Error error{Code::invalid_request,
                            "this has not exactly one reply, as a REQ socket needs; use a DEALER"};
          return out.reply_client(from, protocol::edge::error(request.id, error));
        }
        if constexpr (std::is_same_v<T, protocol::edge::Submit>) {
          const ClientId client = published ? ClientId{request.client, false, true} : from;
          on_submit(client, std::move(request), std::move(asked.in_hand), now, out);
        } else if constexpr (std::is_same_v<T, protocol::edge::Cancel>) {
          on_cancel(from, request.id, now, out);
        } else if constexpr (std::is_same_v<T, protocol::edge::Credit>) {
          on_credit(from, request, now, out);
        } else if constexpr (std::is_same_v<T, protocol::edge::Status>) {
          on_status(from, request.id, now, out);
        } else if constexpr (std::is_same_v<T, protocol::edge::Call>) {
          on_call(from, std::move(request), now, out);
        } else if constexpr (std::is_same_v<T, protocol::edge::Serve>) {
          on_serve(from, request, out);
        } else if constexpr (std::is_same_v<T, protocol::edge::Reply>) {
          on_reply(from, std::move(request), now, out);
        } else if constexpr (std::is_same_v<T, protocol::edge::Help>) {
          out.reply_client(from, protocol::edge::help(request.id));
        } else if constexpr (std::is_same_v<T, protocol::edge::Resume>) {
          const Error error{Code::unknown_id, "no process of the mesh holds this request any more: send it again"};
          out.reply_client(from, protocol::edge::error(request.id, error));
        }  // ACK: nothing is kept beyond the last message of a request
      },
      std::get<protocol::edge::Request>(parsed));
}

void GatewayCore::on_submit(const ClientId& client, protocol::edge::Submit submit, std::shared_ptr<void> in_hand,
                            Time now, Effects& out) {
  const auto refuse = [&](const Error& error, std::uint32_t retry_ms) {
    out.count("requests_refused");
    out.reply_client(client, protocol::edge::error(submit.id, error, retry_ms));
  };
  if (find(client, submit.id) != nullptr || calls_.has(client, submit.id)) return refuse(duplicate_id(submit.id), 0);
  if (draining_) return refuse(draining(), retry_after_ms);
  const std::size_t reserved = client.published ? 0 : config_.published_max - published_open_;
  if (streams_.size() + reserved >= config_.streams_max) {
    return refuse({Code::busy, "this gateway holds as many requests as it may; try again or ask another gateway"},
                  busy_ms());
  }
  for (const auto& [kind, code] : needed_kinds) {
    if (peers_.any(kind)) continue;
    return refuse(nobody_alive(code, std::string(kind)), retry_after_ms);
  }
  auto model = choose_model(submit.model);
  if (!model) return refuse(model.error(), 0);
  submit.model = std::move(*model);
  const std::size_t bytes = prompt_bytes(submit);
  if (bytes_ + bytes > config_.bytes_max) {
    return refuse({Code::busy, "this gateway holds as many prompt bytes as it may; try again or ask another gateway"},
                  busy_ms());
  }
  const bool is_long = bytes >= limits::bulk_bytes_min;
  if (is_long && long_bytes_ + bytes > limits::preparing_bytes_max) {
    return refuse(
        {Code::busy, "long prompts of " + std::to_string(long_bytes_) +
                         " bytes are being prepared for this gateway, of " +
                         std::to_string(limits::preparing_bytes_max) + " at a time; try again or ask another gateway"},
        long_ends_.estimate_ms(1, retry_ms_min, retry_ms_max));
  }

  Stream stream;
  stream.id = {make_request_id(random_), 0};
  stream.client = client;
  stream.client_id = submit.id;
  stream.streamed = submit.stream && !client.enveloped;
  stream.window = stream.streamed ? submit.window : std::nullopt;
  stream.tier = submit.tier;
  stream.deadline = now + milliseconds(submit.deadline_ms.value_or(limits::deadline_default_ms));
  stream.chain = chain_start(stream.id);
  stream.credit.grant(stream.window.value_or(actors::Credit::unlimited));
  stream.client_slow = slow_.count(client.routing_id) != 0;
  stream.submit = std::move(submit);
  if (!config_.after.empty()) stream.review = std::make_unique<Review>(config_.after.size());

  if (!client.enveloped && !client.published) {  // the ticket for RESUME is not for all who subscribe
    std::vector<std::string> gateways;
    for (const auto* gateway : peers_.of("gateway")) gateways.push_back(gateway->client);
    out.reply_client(client, protocol::edge::accepted(stream.client_id, stream.id.request, gateways));
  }
  out.count("requests_accepted");
  if (streams_.empty()) next_keepalive_ = now + keepalive_interval;
  by_client_[{client, stream.client_id}] = stream.id.request;
  published_open_ += client.published ? 1 : 0;
  Stream& kept = streams_.emplace(stream.id.request, std::move(stream)).first->second;
  count_bytes(kept, bytes);
  if (is_long) {
    long_bytes_ += kept.long_bytes = bytes;
    kept.in_hand = std::move(in_hand);
  }
  ask_stages(kept, now, out);
}

// Errors name what is served.
Result<std::string> GatewayCore::choose_model(const std::string& wanted) const {
  std::set<std::string> served;
  for (const auto* preprocess : peers_.of("preprocess")) served.emplace(actors::label(*preprocess, "model"));
  if (served.count(wanted) != 0) return wanted;
  if (wanted.empty() && served.size() == 1) return *served.begin();
  std::string names;
  for (const std::string& name : served) names += (names.empty() ? "\"" : ", \"") + name + "\"";
  names = as_sentence(names, 1024);
  if (wanted.empty()) return Error{Code::invalid_request, "several models are served, name one of them: " + names};
  return Error{Code::unknown_model, "no process serves the model \"" + printable(wanted) + "\"; served: " + names};
}

void GatewayCore::on_cancel(const ClientId& client, const std::string& id, Time now, Effects& out) {
  if (Stream* stream = find(client, id)) {
    return fail(*stream, {Code::cancelled, "cancelled by the client"}, 0, now, out);
  }
  if (calls_.has(client, id)) return settle(calls_.cancel(client, id), now, out);
  const auto ended = std::find_if(terminals_.rbegin(), terminals_.rend(), [&](const Terminal& terminal) {
    return terminal.key == Key{client, id};
  });
  if (ended != terminals_.rend()) return out.reply_client(client, ended->frame);
  out.reply_client(client, protocol::edge::error(id, {Code::unknown_id, "no request of this connection has this id"}));
}

void GatewayCore::on_credit(const ClientId& client, const protocol::edge::Credit& credit, Time now, Effects& out) {
  Stream* stream = find(client, credit.id);
  if (stream == nullptr || !stream->window) return;  // late, or nothing to grant: harmless
  const Position taken = std::min(credit.position, stream->shown());
  stream->credit.grant(*stream->window > actors::Credit::unlimited - taken ? actors::Credit::unlimited
                                                                           : taken + *stream->window);
  if (stream->phase == Phase::yielded) return go_on_if_credit(*stream, now, out);
  if (stream->phase == Phase::starting || stream->phase == Phase::running) {
    stream->granted = stream->credit_limit();
    out.send(stream->executor, make_message(protocol::Credit{stream->granted}, stream->head(now)));
  }
}

}  // namespace shoal::gateway
