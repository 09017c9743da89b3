#include "actors/flow/mesh_core.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "base/limits.h"
#include "base/utf8.h"
#include "protocol/codec.h"

namespace shoal::actors {
namespace {

constexpr auto load_interval = milliseconds(limits::load_interval_ms);
constexpr auto load_gap = milliseconds(limits::load_gap_ms);
constexpr auto dial_wait = milliseconds(limits::link_wait_ms);
constexpr auto ask_again = milliseconds(limits::ask_again_ms);
constexpr auto last_word_span = milliseconds(1500);               // for everybody's HELLO to a router that is new
constexpr auto last_words = milliseconds(limits::last_words_ms);  // of a process that ends before what it owes is done
constexpr std::size_t views_max = 64;                             // routers

}  // namespace

MeshCore::MeshCore(Config config, std::unique_ptr<Core> service)
    : config_(std::move(config)), service_(std::move(service)) {
  own_addresses_.insert(config_.self.address);
}

void MeshCore::on(WireEvent event, Time now, WireEffects& out) {
  awake_.pass(now);
  std::visit(
      [&](auto& happened) {
        using T = std::decay_t<decltype(happened)>;
        if constexpr (std::is_same_v<T, LinkUp>) {
          on_link_up(happened.address, out);
        } else if constexpr (std::is_same_v<T, LinkDown>) {
          lose_link(happened.route, {}, now, out);
        } else if constexpr (std::is_same_v<T, Arrived>) {
          on_arrived(std::move(happened), now, out);
        } else if constexpr (std::is_same_v<T, Garbled>) {
          on_garbled(happened, out);
        } else if constexpr (std::is_same_v<T, Strayed>) {
          on_strayed(happened, out);
        } else if constexpr (std::is_same_v<T, Unwelcome>) {
          out.emplace_back(Count{"clients_unwelcome"});
          out.emplace_back(
              Note{Note::Level::warning, "event=connection refused why=\"" + printable(happened.why, 256) + "\""});
        } else if constexpr (std::is_same_v<T, SeedsResolved>) {
          on_seeds(happened.addresses, out);
        } else if constexpr (std::is_same_v<T, Measured>) {
          measured_ = happened;
        } else if constexpr (std::is_same_v<T, Drain>) {
          on_drain(happened.until, now, out);
        } else if constexpr (std::is_same_v<T, Stopping>) {
          on_stopping(out);
        } else if constexpr (std::is_same_v<T, Tick>) {
          on_tick(now, out);
        } else {
          serve(Event{std::move(happened)}, now, out);
        }
      },
      event);
  settle(now, out);
  if (draining_) heed_debts(now);
}

Time MeshCore::next_wake() const {
  Time awake = last_word_until_;
  for (const auto& [epoch, at] : strangers_) awake = std::min(awake, at);
  for (const auto& [epoch, until] : suspects_) awake = std::min(awake, until);
  Time wake =
      std::min({service_->next_wake(), next_load_, awake_.wake_at(awake)});  // links are looked at with each LOAD
  if (!drain_over_) wake = std::min(wake, drains_until_);
  if (!drained_) wake = std::min(wake, ends_at_);
  return wake;
}

bool MeshCore::hears_router() const {
  return std::any_of(views_.begin(), views_.end(), [](const auto& item) { return item.second.linked(); });
}

void MeshCore::on_arrived(Arrived arrived, Time now, WireEffects& out) {
  const bool dialled_us = !arrived.from.routing_id.empty();
  if (!dialled_us) heard(arrived.from);
  const Epoch from = sender(arrived.from);
  const auto& body = arrived.message.body;
  if (const auto* hello = std::get_if<protocol::Hello>(&body)) return on_hello(arrived, *hello, now, out);
  if (const auto* welcome = std::get_if<protocol::Welcome>(&body)) return on_welcome(arrived, *welcome, now, out);
  if (const auto* reset = std::get_if<protocol::Reset>(&body)) return on_reset(arrived, *reset, out);
  if (const auto* ping = std::get_if<protocol::Ping>(&body)) {
    return post(out, arrived.from, protocol::make_message(protocol::Pong{ping->echo, measured_.loop_lag_ms}));
  }
  if (std::holds_alternative<protocol::Pong>(body)) return;  // heard() took it
  if (from == 0) {
    out.emplace_back(Count{"messages_from_nobody"});
    return;
  }
  if (dialled_us && greeted_.count(arrived.from.routing_id) == 0) {  // it took us for somebody else: ask who it is
    incoming_[from] = arrived.from.routing_id;
    ask_who(arrived.from, out);
  }
  if (const auto* directory = std::get_if<protocol::Directory>(&body)) return on_directory(from, *directory, now, out);
  if (std::holds_alternative<protocol::Bye>(body)) {
    lose(from, {.told_by = "bye"}, now, out);
    return;
  }
  serve(Received{from, std::move(arrived.message)}, now, out);
}

void MeshCore::ask_who(const Route& from, WireEffects& out) {
  const auto [asked, is_new] = asked_.try_emplace(from.routing_id, awake_.now());
  if (!is_new && awake_.now() < asked->second + ask_again) return;
  asked->second = awake_.now();
  post(out, from, protocol::make_message(protocol::Reset{Code::unknown_id, "say HELLO first"}));
}

void MeshCore::on_hello(const Arrived& arrived, const protocol::Hello& hello, Time now, WireEffects& out) {
  if (hello.version_min > protocol::version || hello.version_max < (protocol::version_major << 8)) {
    return post(
        out, arrived.from,
        protocol::make_message(protocol::Reset{
            Code::unsupported_version, "this process speaks version " + std::to_string(protocol::version_major)}));
  }
  // HELLO comes on a link that this process dialled only if it asked for it there.
  const bool dialled_us = !arrived.from.routing_id.empty();
  const Epoch from = dialled_us ? epoch_of(arrived.from.routing_id) : sender(arrived.from);
  if (from == 0 || from != hello.self.epoch) {
    return post(out, arrived.from,
                protocol::make_message(
                    protocol::Reset{Code::wrong_port, "the routing id does not end with the epoch that HELLO names"}));
  }
  const auto version = std::min(hello.version_max, protocol::version);
  post(out, arrived.from, protocol::make_message(protocol::Welcome{version, config_.self}));
  if (from == config_.self.epoch) return;  // a seed stood for this process; WELCOME tells the other end of the link
  if (dialled_us) {
    greeted_[arrived.from.routing_id] = hello.self.client;
    asked_.erase(arrived.from.routing_id);
    incoming_[from] = arrived.from.routing_id;
  }
  suspects_.erase(from);
  if (const auto listed = listed_.find(from); listed != listed_.end()) set_alive(listed->second, now, out);
  serve(Received{from, arrived.message}, now, out);
}

void MeshCore::on_welcome(const Arrived& arrived, const protocol::Welcome& welcome, Time now, WireEffects& out) {
  const auto found = links_.find(arrived.from.address);
  if (found == links_.end()) return;
  const Epoch epoch = welcome.self.epoch;
  if (epoch == config_.self.epoch) {  // a seed name stood for this process too
    own_addresses_.insert(arrived.from.address);
    out.emplace_back(HangUp{arrived.from.address});
    unassign(found->second, arrived.from.address);
    links_.erase(found);
    return;
  }
  assign(found->second, arrived.from.address, epoch);
  suspects_.erase(epoch);
  strangers_.erase(epoch);
  if (welcome.self.kind == "router") {
    const bool heard_router = hears_router();
    views_[epoch].welcomed = true;
    next_load_ = now;
    heed_views(heard_router, now, out);
  }
  if (const auto listed = listed_.find(epoch); listed != listed_.end()) set_alive(listed->second, now, out);
}

// Two processes may have dialled each other, and whoever forgot this one asks on whichever link it has: HELLO goes out
// on the link that this process dialled to it, because it is heard of there.
void MeshCore::on_reset(const Arrived& arrived, const protocol::Reset& reset, WireEffects& out) {
  if (reset.code == Code::unknown_id) {
    if (!arrived.from.address.empty()) return say_hello(arrived.from, out);
    const auto dialled = dialled_.find(epoch_of(arrived.from.routing_id));
    if (dialled == dialled_.end()) return say_hello(arrived.from, out);
    if (links_.at(dialled->second).up) say_hello(Route{dialled->second, {}}, out);
    return;
  }
  out.emplace_back(Note{Note::Level::warning, "peer=" + arrived.from.address + arrived.from.routing_id +
                                                  " reset code=" + std::string(name(reset.code)) + " text=\"" +
                                                  printable(reset.text, 256) + "\""});
}

void MeshCore::on_directory(Epoch router, const protocol::Directory& directory, Time now, WireEffects& out) {
  if (views_.count(router) == 0 && views_.size() >= views_max) return;
  const bool heard_router = hears_router();
  View& view = views_[router];
  if (directory.snapshot) {
    view.entries.clear();
    view.known = true;
    view.asked = Time::min();
  } else if (directory.sequence != view.sequence + 1) {  // a change was missed: HELLO brings the whole table
    const auto address = dialled_.find(router);
    if (address == dialled_.end() || (view.asked != Time::min() && awake_.now() < view.asked + ask_again)) return;
    view.asked = awake_.now();
    return say_hello(Route{address->second, {}}, out);
  }
  view.sequence = directory.sequence;
  for (const protocol::Entry& entry : directory.up) {
    if (view.entries.size() < limits::directory_entries_max) view.entries[entry.epoch] = entry;
  }
  for (const Epoch epoch : directory.down) {
    view.entries.erase(epoch);
    last_word_.erase(epoch);
  }
  heed_views(heard_router, now, out);
}

// A router that is the first to be heard again does not know everybody at once.
void MeshCore::heed_views(bool heard_router, Time now, WireEffects& out) {
  if (!heard_router && hears_router() && !last_word_.empty()) last_word_until_ = awake_.now() + last_word_span;
  merge_views(now, out);
}

void MeshCore::on_drain(Time until, Time now, WireEffects& out) {
  drains_until_ = std::min(drains_until_, until);
  if (!std::exchange(draining_, true)) {
    announce_self(now, out);
    next_load_ = now;
    owed_ = service_->owes();
    serve(Draining{}, now, out);
  }
  if (now >= drains_until_) end_drain(now, out);
}

void MeshCore::end_drain(Time now, WireEffects& out) {
  if (!std::exchange(drain_over_, true)) serve(DrainOver{}, now, out);
}

// The end of a process is known to some before what it said last is, so that gets a moment to arrive everywhere.
void MeshCore::heed_debts(Time now) {
  const bool owes = service_->owes() && !drain_over_;
  owed_ = owed_ || owes;
  ends_at_ = owes ? time_never : std::min(ends_at_, owed_ ? now + last_words : now);
  drained_ = drained_ || now >= ends_at_;
}

void MeshCore::on_stopping(WireEffects& out) {
  for (const auto& [address, link] : links_) {
    if (link.up) post(out, Route{address, {}}, protocol::make_message(protocol::Bye{}));
  }
  for (const auto& [epoch, routing_id] : incoming_) {
    post(out, Route{{}, routing_id}, protocol::make_message(protocol::Bye{}));
  }
}

void MeshCore::on_tick(Time now, WireEffects& out) {
  if (now >= next_load_) report_load(now, out);
  if (now >= drains_until_) end_drain(now, out);
  end_suspicions(now, out);
  if (awake_.now() >= last_word_until_) {
    last_word_until_ = time_never;
    last_word_.clear();
    merge_views(now, out);
  }
  std::vector<std::string> unanswered;
  for (const auto& [address, link] : links_) {
    if (!link.up && !link.seed && awake_.now() >= link.dialled + dial_wait) unanswered.push_back(address);
  }
  for (const std::string& address : unanswered) lose_link(Route{address, {}}, {.told_by = "silence"}, now, out);
  ask_the_silent(now, out);
  dial_strangers(out);
  if (now >= service_->next_wake()) serve(Tick{}, now, out);
}

void MeshCore::end_suspicions(Time now, WireEffects& out) {
  for (auto suspect = suspects_.begin(); suspect != suspects_.end();) {
    if (awake_.now() < suspect->second) {
      ++suspect;
      continue;
    }
    const auto listed = listed_.find(suspect->first);
    if (listed != listed_.end() && !is_vouched_for(suspect->first)) {
      suspect->second = awake_.now() + ask_again;  // nobody knows better than this process
      ++suspect;
      continue;
    }
    suspect = suspects_.erase(suspect);
    if (listed != listed_.end()) set_alive(listed->second, now, out);  // a router still hears from it
  }
}

void MeshCore::report_load(Time now, WireEffects& out) {
  last_load_ = now;
  next_load_ = now + load_interval;
  protocol::LoadReport report;
  report.sequence = ++load_sequence_;
  report.cpu_permille = measured_.cpu_permille;
  report.rss_bytes = measured_.rss_bytes;
  report.loop_lag_ms = measured_.loop_lag_ms;
  report.cpus = measured_.cpus;
  const auto filled = [&](Epoch router) {
    protocol::LoadReport mine = report;
    service_->fill_load(mine, router, now);
    return protocol::make_message(protocol::Load{std::move(mine)});
  };
  for (const auto& [router, view] : views_) {
    const auto address = dialled_.find(router);
    if (view.welcomed && address != dialled_.end()) post(out, Route{address->second, {}}, filled(router));
  }
  // A router is in its own table.
  if (config_.self.kind == "router") serve(Received{config_.self.epoch, filled(config_.self.epoch)}, now, out);
}

// With no router left the last word of all of them stands.
void MeshCore::forget_router(Epoch epoch) {
  const auto view = views_.find(epoch);
  if (view == views_.end()) return;
  const bool was_linked = view->second.linked();
  views_.erase(view);
  if (!was_linked || hears_router()) return;
  last_word_ = listed_;
  last_word_.erase(epoch);
  last_word_until_ = time_never;
}

void MeshCore::merge_views(Time now, WireEffects& out) {
  if (!hears_router()) return;
  std::map<Epoch, protocol::Entry> merged;
  for (const auto& [router, view] : views_) {
    if (view.linked()) merged.insert(view.entries.begin(), view.entries.end());
  }
  merged.insert(last_word_.begin(), last_word_.end());
  std::vector<Epoch> gone;
  for (const auto& [epoch, entry] : listed_) {
    if (merged.count(epoch) == 0) gone.push_back(epoch);
  }
  listed_ = std::move(merged);
  for (const Epoch epoch : gone) {
    set_dead(epoch, {.told_by = "directory"}, now, out);
    suspects_.erase(epoch);
    const auto address = dialled_.find(epoch);
    if (address == dialled_.end() || views_.count(epoch) != 0) continue;
    const auto link = links_.find(address->second);
    if (link->second.seed) continue;
    // A peer that was suspected already is not told of twice, but what waited for it here is lost now.
    if (!link->second.waiting.empty()) replaced_.push_back(epoch);
    out.emplace_back(HangUp{link->first});
    unassign(link->second, link->first);
    links_.erase(link);
  }
  for (const auto& [epoch, entry] : std::map<Epoch, protocol::Entry>(listed_)) set_alive(entry, now, out);
}

bool MeshCore::is_vouched_for(Epoch epoch) const {
  return std::any_of(views_.begin(), views_.end(),
                     [&](const auto& item) { return item.second.linked() && item.second.entries.count(epoch) != 0; });
}

void MeshCore::serve(Event event, Time now, WireEffects& out) {
  Effects effects;
  service_->on(std::move(event), now, effects);
  for (Effect& effect : effects.take()) {
    std::visit(
        [&](auto& wanted) {
          using T = std::decay_t<decltype(wanted)>;
          if constexpr (std::is_same_v<T, Send>) {
            send(wanted.to, std::move(wanted.message), wanted.address, out);
          } else if constexpr (std::is_same_v<T, ReportLoad>) {
            next_load_ = std::min(next_load_, std::max(now, last_load_ + load_gap));
          } else if constexpr (std::is_same_v<T, Advertise>) {
            advertise(std::move(wanted.labels), now, out);
          } else {
            out.emplace_back(std::move(wanted));
          }
        },
        effect);
  }
}

Epoch MeshCore::sender(const Route& route) const {
  if (!route.routing_id.empty()) return epoch_of(route.routing_id);
  const auto link = links_.find(route.address);
  return link == links_.end() ? 0 : link->second.epoch;
}

}  // namespace shoal::actors
