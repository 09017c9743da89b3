#include "actors/host/join_watch.h"

#include <algorithm>
#include <utility>

#include "actors/flow/peers.h"
#include "base/key_values.h"

namespace shoal::actors {
namespace {

constexpr auto patience = milliseconds(3000);  // a router that is there answers within milliseconds
constexpr auto pause_max = std::chrono::minutes(10);
constexpr auto misfit_patience = milliseconds(3000);  // others may be starting as well
// The kinds that must have the same tokenizer to work on one stream.
constexpr const char* model_kinds[] = {"preprocess", "inference", "postprocess"};
constexpr const char* digest = "tokenizer_digest";

std::string join_list(const std::vector<std::string>& entries) {
  std::string list;
  for (const std::string& entry : entries) list += (list.empty() ? "" : ",") + entry;
  return list;
}

}  // namespace

JoinWatch::JoinWatch(const protocol::Entry& self, const std::vector<std::string>& routers,
                     std::unique_ptr<Core> service, std::function<void()> joined)
    : self_(self), routers_(join_list(routers)), service_(std::move(service)), joined_(std::move(joined)) {}

void JoinWatch::on(Event event, Time now, Effects& out) {
  if (std::holds_alternative<Started>(event)) {
    complain_at_ = now + patience;
    pause_ = patience;
    if (self_.kind == "router" || routers_.empty()) join();
  } else if (const auto* const up = std::get_if<PeerUp>(&event)) {
    peers_.insert_or_assign(up->peer.epoch, up->peer);
    join();
  } else if (const auto* const down = std::get_if<PeerDown>(&event)) {
    peers_.erase(down->peer.epoch);
  }
  look(now, out);
  service_->on(std::move(event), now, out);
}

Time JoinWatch::next_wake() const { return std::min({service_->next_wake(), complain_at_, misfit_at_}); }

void JoinWatch::join() {
  if (std::exchange(has_joined_, true)) return;
  complain_at_ = time_never;
  joined_();
}

void JoinWatch::look(Time now, Effects& out) {
  if (now >= complain_at_) {
    out.note(Note::Level::warning, "event=alone routers=" + quoted_value(routers_) +
                                       " text=\"no router answers there; trying on. See --routers\"");
    pause_ = std::min<Duration>(2 * pause_, pause_max);
    complain_at_ = now + pause_;
  }
  const std::string what = misfit();
  if (what.empty()) {
    if (std::exchange(misfit_said_, false)) out.note(Note::Level::info, "event=fits");
    misfit_at_ = time_never;
  } else if (!misfit_said_) {
    if (misfit_at_ == time_never) misfit_at_ = now + misfit_patience;
    if (now < misfit_at_) return;
    out.note(Note::Level::warning, "event=misfit " + what);
    misfit_said_ = true;
    misfit_at_ = time_never;
  }
}

// Why this process will never be asked for anything: there are processes of a kind that it works with, and each has
// another model. Empty if it may be.
std::string JoinWatch::misfit() const {
  const std::string_view own = label(self_, digest);
  if (own.empty()) return "";
  for (const char* const kind : model_kinds) {
    if (kind == self_.kind) continue;
    std::string others;
    bool fits = false;
    for (const auto& [epoch, peer] : peers_) {
      if (peer.kind != kind) continue;
      fits = fits || label(peer, digest) == own;
      others = label(peer, "model");
    }
    if (fits || others.empty()) continue;
    return "model=" + quoted_value(std::string(label(self_, "model"))) + " text=" +
           quoted_value("no " + std::string(kind) + " process of this mesh has this model, but " + others +
                        ": nobody will ask this process for anything. See --model");
  }
  return "";
}

}  // namespace shoal::actors
