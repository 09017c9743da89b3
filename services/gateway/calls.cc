#include "services/gateway/calls.h"

#include <algorithm>
#include <charconv>

#include "base/limits.h"
#include "base/nearest.h"
#include "base/utf8.h"
#include "protocol/edge/edge.h"

namespace shoal::gateway {
namespace {

using actors::ClientId;
using actors::Effects;

std::optional<std::uint64_t> number_of(const std::string& id) {
  std::uint64_t number = 0;
  const auto end = std::from_chars(id.data(), id.data() + id.size(), number);
  if (end.ec != std::errc() || end.ptr != id.data() + id.size()) return std::nullopt;
  return number;
}

// Of the mesh's own kinds only routers answer CALLs.
bool answers_calls(const std::string& kind) { return kind == "router" || !is_mesh_kind(kind); }

}  // namespace

Result<std::uint64_t> Calls::open(Caller caller, protocol::Call call, std::optional<Epoch> only, Time deadline,
                                  Time now, Effects& out) {
  SHOAL_TRY(check(caller));
  const auto target = choose(caller, call, only);
  if (!target) return target.error();
  const std::uint64_t number = ++last_number_;
  if (const auto* client = std::get_if<ClientCaller>(&caller)) by_client_[{client->client, client->id}] = number;
  Open& open = open_[number];
  open.caller = std::move(caller);
  open.peer = target->peer;
  open.bytes = call.payload.bytes.size();
  timers_.set(number, deadline);
  if (target->server != nullptr) {
    open.server = *target->server;
    servers_.took(open.server, open.bytes);
    out.reply_client(open.server, protocol::edge::call(std::to_string(number), call, budget_ms(deadline, now)));
    return number;
  }
  protocol::Head head;
  head.budget_ms = budget_ms(deadline, now);
  call.id = number;
  out.send(open.peer, protocol::make_message(std::move(call), head));
  return number;
}

Result<void> Calls::check(const Caller& caller) const {
  if (open_.size() >= limits::calls_open_max) {
    return Error{Code::busy, "this gateway has as many CALLs open as it may; try again or ask another gateway"};
  }
  const auto* client = std::get_if<ClientCaller>(&caller);
  if (client == nullptr) return {};
  if (has(client->client, client->id)) {
    return Error{Code::duplicate_id, "a live request of this connection has the id \"" + client->id +
                                         "\" already; wait for its end or choose another id"};
  }
  std::uint32_t count = 0;
  for (auto own = by_client_.lower_bound({client->client, ""});
       own != by_client_.end() && own->first.first == client->client; ++own) {
    ++count;
  }
  if (count < limits::client_calls_max) return {};
  return Error{Code::busy, "this connection has " + std::to_string(count) + " CALLs open; wait for a RESULT"};
}

Result<Calls::Target> Calls::choose(const Caller& caller, const protocol::Call& call, std::optional<Epoch> only) {
  if (!answers_calls(call.kind)) {
    return Error{Code::invalid_request, "processes of kind \"" + call.kind + "\" answer no CALLs; routers do"};
  }
  std::vector<const protocol::Entry*> alive;
  if (!std::holds_alternative<PeerCaller>(caller)) alive = peers_.serving(call.kind);
  std::erase_if(alive, [&](const auto* entry) { return entry->epoch == self_; });
  bool here = servers_.any(call.kind);
  if (only) {
    std::erase_if(alive, [&](const auto* entry) { return entry->epoch != *only; });
    here = here && *only == self_;
  }
  if (alive.empty() && !here) {
    if (!only) return nobody(call.kind);
    return Error{Code::no_service, "no living process " + to_hex(*only) + " answers CALLs for \"" + call.kind +
                                       "\"; STATUS lists those that are alive"};
  }
  if (turns_.size() >= limits::directory_entries_max) turns_.clear();
  const std::size_t turn = turns_[call.kind]++ % (alive.size() + (here ? 1 : 0));
  if (turn < alive.size()) return Target{alive[turn]->epoch, nullptr};
  const ClientId* server = servers_.next(call.kind, call.payload.bytes.size());
  if (server != nullptr) return Target{0, server};
  if (!alive.empty()) return Target{alive[0]->epoch, nullptr};
  return Error{Code::busy, "everybody who serves \"" + call.kind + "\" has as many CALLs to answer as allowed"};
}

Error Calls::nobody(const std::string& kind) const {
  std::vector<std::string> kinds = peers_.kinds();
  std::erase_if(kinds, [](const std::string& other) { return !answers_calls(other); });
  const std::vector<std::string_view> names(kinds.begin(), kinds.end());
  std::string there;
  for (const std::string& name : kinds) there.append(there.empty() ? "" : ", ").append(printable(name));
  return {Code::no_service,
          as_sentence("no process of kind \"" + kind + "\" is alive and no client serves it" +
                          did_you_mean(kind, names) + "; CALLs are answered by: " + (there.empty() ? "nobody" : there),
                      1024)};
}

std::optional<Calls::Open> Calls::take(std::uint64_t number) {
  const auto found = open_.find(number);
  if (found == open_.end()) return std::nullopt;
  Open open = std::move(found->second);
  open_.erase(found);
  timers_.cancel(number);
  if (open.peer == 0) servers_.gave_back(open.server, open.bytes);
  if (const auto* client = std::get_if<ClientCaller>(&open.caller)) by_client_.erase({client->client, client->id});
  return open;
}

std::vector<Ended> Calls::on_result(Epoch from, protocol::CallResult result) {
  const auto found = open_.find(result.id);
  if (found == open_.end() || found->second.peer != from) return {};  // late, or not for this gateway
  Caller caller = std::move(take(result.id)->caller);
  std::vector<Ended> ended;  // not from a list, which would be copied
  if (result.code == Code::ok) {
    ended.push_back({std::move(caller), std::move(result.payload)});
  } else {
    ended.push_back({std::move(caller), Error{result.code, std::move(result.text)}});
  }
  return ended;
}

std::vector<Ended> Calls::on_reply(const ClientId& from, const std::string& id, Result<protocol::Bytes> outcome) {
  const auto number = number_of(id);
  const auto found = number ? open_.find(*number) : open_.end();
  if (found == open_.end() || found->second.peer != 0 || found->second.server != from) return {};
  std::vector<Ended> ended;
  ended.push_back({std::move(take(*number)->caller), std::move(outcome)});
  return ended;
}

template <class Touched>
std::vector<Ended> Calls::end_all(Touched touched, const Error& error) {
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, open] : open_) {
    if (touched(open)) numbers.push_back(number);
  }
  std::vector<Ended> ended;
  for (const std::uint64_t number : numbers) ended.push_back({std::move(take(number)->caller), error});
  return ended;
}

std::vector<Ended> Calls::on_peer_lost(Epoch peer) {
  end_all(
      [&](const Open& open) {
        const auto* caller = std::get_if<PeerCaller>(&open.caller);
        return caller != nullptr && caller->peer == peer;
      },
      {});  // nobody is left to be told
  return end_all([&](const Open& open) { return open.peer == peer; },
                 {Code::peer_lost, "the process that was called was lost before its answer came"});
}

std::vector<Ended> Calls::on_client_gone(const std::string& routing_id) {
  end_all(
      [&](const Open& open) {
        const auto* caller = std::get_if<ClientCaller>(&open.caller);
        return caller != nullptr && caller->client.routing_id == routing_id;
      },
      {});
  return end_all([&](const Open& open) { return open.peer == 0 && open.server.routing_id == routing_id; },
                 {Code::peer_lost, "the client that was called was lost before its answer came"});
}

std::vector<Ended> Calls::on_tick(Time now) {
  std::vector<Ended> ended;
  for (const std::uint64_t number : timers_.take_due(now)) {
    ended.push_back(
        {std::move(take(number)->caller), Error{Code::timeout, "whoever was called did not answer in time"}});
  }
  return ended;
}

std::vector<Ended> Calls::on_drain_over() {
  return end_all([](const Open&) { return true; }, {Code::draining, "this gateway ended before the answer came"});
}

std::vector<Ended> Calls::cancel(const ClientId& client, const std::string& id) {
  const auto known = by_client_.find({client, id});
  if (known == by_client_.end()) return {};
  return {{std::move(take(known->second)->caller), Error{Code::cancelled, "cancelled by the client"}}};
}

}  // namespace shoal::gateway
