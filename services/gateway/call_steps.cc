// CALL, SERVE and RESULT of clients, CALLs of processes to them, and what becomes of a call that is over.

#include <type_traits>

#include "base/utf8.h"
#include "services/gateway/gateway_core.h"

namespace shoal::gateway {
namespace {

using actors::ClientId;
using actors::Effects;

constexpr auto status_wait = milliseconds(1000);

}  // namespace

void GatewayCore::on_call(const ClientId& client, protocol::edge::Call call, Time now, Effects& out) {
  const auto refuse = [&](const Error& error) {
    out.count("calls_refused");
    out.reply_client(client, protocol::edge::error(call.id, error, retry_after(error.code)));
  };
  if (find(client, call.id) != nullptr) return refuse(duplicate_id(call.id));
  if (draining_) return refuse(draining());
  const auto opened = calls_.open(ClientCaller{client, call.id}, {0, call.kind, call.method, std::move(call.payload)},
                                  call.epoch, now + milliseconds(call.deadline_ms), now, out);
  if (!opened) return refuse(opened.error());
  out.count("calls_accepted");
}

void GatewayCore::on_status(const ClientId& client, const std::string& id, Time now, Effects& out) {
  if (!peers_.any("router")) {
    std::vector<protocol::edge::Process> known;
    for (const std::string& kind : peers_.kinds()) {
      for (const auto* entry : peers_.of(kind)) known.push_back({*entry, {}, UINT32_MAX});
    }
    return out.reply_client(client, protocol::edge::status(id, known));
  }
  const auto opened = calls_.open(ClientCaller{client, id, true}, {0, "router", "status", {}}, std::nullopt,
                                  now + status_wait, now, out);
  if (opened) return;
  out.reply_client(client, protocol::edge::error(id, opened.error(), retry_after(opened.error().code)));
}

void GatewayCore::on_serve(const ClientId& client, const protocol::edge::Serve& serve, Effects& out) {
  const auto added = draining_ ? Result<void>(draining()) : calls_.servers().add(client, serve.kind);
  if (!added) {
    return out.reply_client(client, protocol::edge::error(serve.id, added.error(), retry_after(added.error().code)));
  }
  advertise(out);
  out.reply_client(client, protocol::edge::serving(serve.id, serve.kind));
}

// The core leaves out what the directory says already.
void GatewayCore::advertise(Effects& out) {
  const std::string kinds = calls_.servers().label();
  out.advertise(kinds.empty() ? std::vector<protocol::Label>{} : std::vector<protocol::Label>{{"serves", kinds}});
}

void GatewayCore::on_reply(const ClientId& client, protocol::edge::Reply reply, Time now, Effects& out) {
  Result<protocol::Bytes> outcome = Error{reply.code, std::move(reply.message)};
  if (reply.code == Code::ok) outcome = std::move(reply.payload);
  settle(calls_.on_reply(client, reply.id, std::move(outcome)), now, out);
}

// A RESULT that cannot be read ends its call at once, instead of letting the caller wait.
void GatewayCore::on_bad_reply(const ClientId& client, const protocol::edge::BadRequest& bad, Time now, Effects& out) {
  const std::string about = bad.id.empty() ? "" : "the RESULT of CALL " + bad.id + ": ";
  out.reply_client(client, protocol::edge::error("", {bad.error.code, about + bad.error.text}));
  const Error error{Code::malformed, "whoever was called sent a RESULT that cannot be used: " + bad.error.text};
  settle(calls_.on_reply(client, bad.id, error), now, out);
}

void GatewayCore::on_peer_call(Epoch from, const protocol::Head& head, protocol::Call call, Time now, Effects& out) {
  const Time deadline = std::min(deadline_of(head.budget_ms, now), now + milliseconds(limits::deadline_default_ms));
  const std::uint64_t id = call.id;
  const auto opened = calls_.open(PeerCaller{from, id}, std::move(call), std::nullopt, deadline, now, out);
  if (opened) return;
  out.send(from, protocol::make_message(
                     protocol::CallResult{id, opened.error().code, opened.error().text, protocol::Bytes{}}));
}

void GatewayCore::settle(std::vector<Ended> ended, Time now, Effects& out) {
  for (Ended& call : ended) {
    std::visit(
        [&](const auto& caller) {
          using T = std::decay_t<decltype(caller)>;
          if constexpr (std::is_same_v<T, ClientCaller>) {
            tell_caller(caller, std::move(call.outcome), out);
          } else if constexpr (std::is_same_v<T, PeerCaller>) {
            protocol::CallResult result{.id = caller.id, .code = Code::ok, .text = {}, .payload = {}};
            if (call.outcome) {
              result.payload = std::move(*call.outcome);
            } else {
              result.code = call.outcome.error().code;
              result.text = as_sentence(call.outcome.error().text, limits::text_bytes_max);
            }
            out.send(caller.peer, protocol::make_message(std::move(result)));
          } else {
            on_stage_ended(caller, std::move(call.outcome), now, out);
          }
        },
        call.caller);
  }
}

void GatewayCore::tell_caller(const ClientCaller& caller, Result<protocol::Bytes> outcome, Effects& out) {
  const auto refuse = [&](const Error& error) {
    out.reply_client(caller.client, protocol::edge::error(caller.id, error, retry_after(error.code)));
  };
  if (!outcome) return refuse(outcome.error());
  if (!caller.wants_status) return out.reply_client(caller.client, protocol::edge::result(caller.id, *outcome));
  const auto processes = protocol::edge::unpack_processes(*outcome);
  if (!processes) return refuse(processes.error());
  out.reply_client(caller.client, protocol::edge::status(caller.id, *processes));
}

}  // namespace shoal::gateway
