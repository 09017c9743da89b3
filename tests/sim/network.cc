#include "network.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "protocol/codec.h"

namespace shoal::sim {
namespace {

// Over the wire and back, as production does.
protocol::Message through_codec(const protocol::Message& message, std::size_t& bytes) {
  const protocol::Frames frames = protocol::encode(message);
  for (const std::string& frame : frames) bytes += frame.size();
  const std::vector<std::string_view> views(frames.begin(), frames.end());
  auto decoded = protocol::decode(views);
  SHOAL_CHECK(decoded.has_value());
  return std::move(decoded).value();
}

constexpr auto breaking = milliseconds(1);  // until the kernel tells the other side
constexpr auto redialling = milliseconds(50);
constexpr auto handshake = seconds(5);  // that the other side may take

}  // namespace

Process::Process(std::string process_name, protocol::Entry self, std::unique_ptr<actors::Core> core)
    : name(std::move(process_name)),
      mesh({self, self.address}, std::move(core)),
      routing_id(actors::make_routing_id(self.kind, self.node, self.epoch)) {}

Process& Network::start(std::unique_ptr<Process> process, const std::vector<std::string>& seeds) {
  processes_.push_back(std::move(process));
  Process& started = *processes_.back();
  deliver(started, actors::Started{});
  deliver(started, actors::SeedsResolved{seeds});
  return started;
}

void Network::kill(Process& process) {
  process.alive = false;
  break_links([&](Process& dialler, Process& listener) { return &dialler == &process || &listener == &process; });
}

void Network::stop(Process& process) {
  deliver(process, actors::Stopping{});
  process.alive = false;
  at(now_ + milliseconds(5), [this, &process] {
    break_links([&](Process& dialler, Process& listener) { return &dialler == &process || &listener == &process; });
  });
}

void Network::drain(Process& process, Duration span) { deliver(process, actors::Drain{now_ + span}); }

void Network::pause(Process& process, Duration span) {
  if (process.paused) return;
  process.paused = true;
  const bool timers_first = random_.below(2) == 0;
  at(now_ + span, [this, &process, timers_first] {
    process.paused = false;
    if (timers_first) deliver(process, actors::Tick{});
    for (WireEvent& event : std::exchange(process.held, {})) deliver(process, event);
    if (!timers_first) deliver(process, actors::Tick{});
  });
}

void Network::client_says(Process& gateway, const actors::ClientId& client, std::string frame) {
  at(now_ + delay(), [this, &gateway, client, frame = std::move(frame)] {
    deliver(gateway, actors::ClientReceived{client, frame});
  });
}

void Network::at(Time when, std::function<void()> what) { queue_.push({when, ++order_, std::move(what)}); }

void Network::deliver(Process& process, const WireEvent& event) {
  if (!process.alive) return;
  if (process.paused) return process.held.push_back(event);
  ++events_;
  WireEffects effects;
  process.mesh.on(event, now_, effects);
  apply(process, std::move(effects));
  if (process.mesh.drained() && !std::exchange(process.ending, true)) {
    at(now_, [this, &process] { stop(process); });
  }
  const Time wake = process.mesh.next_wake();
  if (wake < process.wake_scheduled) {
    process.wake_scheduled = wake;
    at(std::max(wake, now_), [this, &process, wake] {
      if (process.wake_scheduled != wake) return;  // an earlier wake took its place
      process.wake_scheduled = time_never;
      deliver(process, actors::Tick{});
    });
  }
}

bool Network::run(const std::function<bool()>& done, Time until) {
  while (!done()) {
    if (queue_.empty() || queue_.top().when > until) {
      now_ = until;
      return done();
    }
    auto next = queue_.top();
    queue_.pop();
    now_ = std::max(now_, next.when);
    next.what();
  }
  return true;
}

void Network::apply(Process& process, WireEffects effects) {
  for (auto& effect : effects) {
    std::visit(
        [&](auto& wanted) {
          using T = std::decay_t<decltype(wanted)>;
          if constexpr (std::is_same_v<T, actors::Dial>) {
            wanted_.insert({process.routing_id, wanted.address});
            dial(process, wanted.address, now_);
          } else if constexpr (std::is_same_v<T, actors::HangUp>) {
            wanted_.erase({process.routing_id, wanted.address});
            if (links_.erase({process.routing_id, wanted.address}) == 0) return;
            Process* peer = at_address(wanted.address);
            if (peer == nullptr) return;
            at(now_ + breaking, [this, peer, id = process.routing_id] { deliver(*peer, actors::LinkDown{{{}, id}}); });
          } else if constexpr (std::is_same_v<T, actors::Post>) {
            carry(process, wanted);
          } else if constexpr (std::is_same_v<T, actors::ReplyClient>) {
            if (on_reply) on_reply(process, wanted.client, wanted.frame);
          } else if constexpr (std::is_same_v<T, actors::StartJob>) {
            at(now_ + delay(), [this, &process, work = wanted.work] {
              if (process.alive) deliver(process, actors::Reported{work()});
            });
          } else if constexpr (std::is_same_v<T, actors::EngineCommand>) {
            process.engine_command(wanted.command, now_);
          }
        },
        effect);
  }
}

void Network::carry(Process& from, const actors::Post& post) {
  const bool dialled = !post.route.address.empty();
  Process* to = dialled ? at_address(post.route.address) : with_routing_id(post.route.routing_id);
  const auto link = dialled ? std::pair(from.routing_id, post.route.address)
                            : std::pair(post.route.routing_id, from.mesh.self().address);
  if (to == nullptr || links_.count(link) == 0) {
    at(now_, [this, &from, route = post.route] { deliver(from, actors::LinkDown{route}); });
    return;
  }
  const actors::Route seen = dialled ? actors::Route{{}, from.routing_id} : actors::Route{from.mesh.self().address, {}};
  std::size_t bytes = 0;
  const actors::Arrived arrived{seen, through_codec(post.message, bytes)};
  const std::string lane = from.routing_id + ">" + to->routing_id + (bytes > limits::bulk_bytes_min ? "/bulk" : "");
  const Time arrival = in_order(lane, now_ + delay(), time_on_line(from, bytes) + time_on_line(*to, bytes));
  const auto arrive = [this, to, link, arrived] {
    if (links_.count(link) != 0) deliver(*to, arrived);
  };
  at(arrival, arrive);
  if (repeats_permille == 0 || random_.below(1000) >= repeats_permille) return;
  const auto late = random_.below(static_cast<std::uint64_t>(repeat_after.count()));
  at(arrival + Duration(static_cast<Duration::rep>(late)), arrive);
}

void Network::dial(Process& from, const std::string& address, Time since) {
  at(now_ + delay(), [this, &from, address, since] {
    if (!from.alive || wanted_.count({from.routing_id, address}) == 0) return;
    Process* listener = at_address(address);
    if (listener != nullptr && listener->paused && now_ < since + handshake) {  // its kernel answers, it does not
      return at(now_ + milliseconds(10), [this, &from, address, since] { dial(from, address, since); });
    }
    if (listener == nullptr || listener->paused) {  // nobody there
      deliver(from, actors::LinkDown{{address, {}}});
      at(now_ + redialling, [this, &from, address] { dial(from, address, now_); });
      return;
    }
    if (links_.insert({from.routing_id, address}).second) deliver(from, actors::LinkUp{address});
  });
}

void Network::break_links(Process& one, Process& other) {
  break_links([&](Process& dialler, Process& listener) {
    return (&dialler == &one && &listener == &other) || (&dialler == &other && &listener == &one);
  });
}

void Network::break_links(const std::function<bool(Process&, Process&)>& wanted) {
  const auto found = [&](const auto& is_it) -> Process* {  // the last of those that had an address
    const auto process = std::find_if(processes_.rbegin(), processes_.rend(), is_it);
    return process == processes_.rend() ? nullptr : process->get();
  };
  for (auto link = links_.begin(); link != links_.end();) {
    const auto& [dialler_id, address] = *link;
    Process* dialler = found([&, id = dialler_id](const auto& process) { return process->routing_id == id; });
    Process* listener =
        found([&, where = address](const auto& process) { return process->mesh.self().address == where; });
    if (dialler == nullptr || listener == nullptr || !wanted(*dialler, *listener)) {
      ++link;
      continue;
    }
    at(now_ + breaking, [this, dialler, listener, where = address] {
      deliver(*dialler, actors::LinkDown{{where, {}}});
      deliver(*listener, actors::LinkDown{{{}, dialler->routing_id}});
      dial(*dialler, where, now_);
    });
    link = links_.erase(link);
  }
}

Process* Network::at_address(const std::string& address) {
  for (const auto& process : processes_) {
    if (process->alive && process->mesh.self().address == address) return process.get();
  }
  return nullptr;
}

Process* Network::with_routing_id(const std::string& routing_id) {
  for (const auto& process : processes_) {
    if (process->alive && process->routing_id == routing_id) return process.get();
  }
  return nullptr;
}

Duration Network::delay() { return Duration(50 + static_cast<Duration::rep>(random_.below(400))); }

Time Network::in_order(const std::string& lane, Time arrival, Duration on_line) {
  Time& last = last_arrival_[lane];
  last = std::max(last + Duration(1), arrival) + on_line;
  return last;
}

Duration Network::time_on_line(const Process& process, std::size_t bytes) {
  const auto line = lines_.find(process.routing_id);
  if (line == lines_.end() || line->second == 0) return {};
  return milliseconds(static_cast<milliseconds::rep>(bytes / line->second));
}

}  // namespace shoal::sim
