#include "cli/up/supervisor.h"

#include <algorithm>
#include <csignal>
#include <poll.h>
#include <sys/wait.h>
#include <utility>

namespace shoal::cli {
namespace {

constexpr milliseconds pause_first{50};
constexpr milliseconds pause_last{5000};
// A child that lived this long counts as healthy again.
constexpr seconds healthy_after{10};
// Deaths in a row after which a mesh that is still starting is given up.
constexpr std::uint32_t deaths_at_start_max = 5;

}  // namespace

milliseconds restart_pause(std::uint32_t deaths) {
  const std::uint32_t doublings = std::min<std::uint32_t>(deaths > 0 ? deaths - 1 : 0, 16);
  return std::min(pause_last, pause_first * (1u << doublings));
}

Supervisor::Supervisor(std::vector<ChildSpec> specs, std::function<void(const ChildNews&)> tell)
    : tell_(std::move(tell)), signals_{SIGCHLD, SIGINT, SIGTERM, SIGHUP} {
  for (ChildSpec& spec : specs)
    kept_.push_back({.child = Child(std::move(spec)), .ended = {}, .started = {}, .restart = {}});
}

Supervisor::~Supervisor() {
  for (Kept& kept : kept_) {
    if (!kept.child.running()) continue;
    kept.child.signal(SIGKILL);
    waitpid(kept.child.pid(), nullptr, 0);
  }
}

Result<void> Supervisor::start() {
  for (Kept& kept : kept_) {
    kept.started = Clock::now();
    SHOAL_TRY(kept.child.start());
  }
  return {};
}

void Supervisor::step(milliseconds wait) {
  wait_for_something(wait);
  take_signals();
  for (Kept& kept : kept_) watch(kept);
}

void Supervisor::wait_for_something(milliseconds wait) {
  const auto now = Clock::now();
  std::vector<pollfd> items = {{signals_.descriptor(), POLLIN, 0}};
  for (const Kept& kept : kept_) {
    if (kept.child.descriptor() >= 0) items.push_back({kept.child.descriptor(), POLLIN, 0});
    if (!kept.child.running() && !ending_) {
      const auto pause = std::chrono::ceil<milliseconds>(kept.restart - now);
      wait = std::clamp(pause, milliseconds(0), wait);
    }
  }
  poll(items.data(), items.size(), static_cast<int>(wait.count()));
}

void Supervisor::take_signals() {
  for (int number = signals_.next(); number != 0; number = signals_.next()) {
    if (number == SIGCHLD) continue;  // every child is looked at in each step
    asked_twice_ = asked_to_end_;
    asked_to_end_ = true;
  }
}

void Supervisor::watch(Kept& kept) {
  if (kept.child.running()) {
    const bool was_ready = !kept.child.ready().empty();
    kept.child.read_output();
    const bool is_ready = !kept.child.ready().empty();
    if (is_ready && !was_ready && kept.was_ready) {
      tell_({.event = "back",
             .child = kept.child,
             .sentence = kept.child.spec().name + " is back (pid " + std::to_string(kept.child.pid()) + ")"});
    }
    kept.was_ready = kept.was_ready || is_ready;
    if (const auto end = kept.child.reap()) on_death(kept, *end);
  } else if (!ending_ && Clock::now() >= kept.restart) {
    kept.started = Clock::now();
    if (const auto started = kept.child.start(); !started) {
      on_death(kept, {.text = started.error().text, .by_itself = false});
    }
  }
}

void Supervisor::on_death(Kept& kept, const Child::End& end) {
  const auto now = Clock::now();
  if (now - kept.started >= healthy_after) kept.deaths = 0;
  ++kept.deaths;
  kept.by_itself = end.by_itself;
  kept.ended = end.text;
  const milliseconds pause = restart_pause(kept.deaths);
  kept.restart = now + pause;
  if (!ending_) {
    tell_({.event = "ended",
           .child = kept.child,
           .sentence = kept.child.spec().name + " ended (" + end.text + "); starting it again in " +
                       std::to_string(pause.count()) + " ms",
           .reason = end.text,
           .pause = pause});
  }
}

bool Supervisor::all_ready() const {
  return std::all_of(kept_.begin(), kept_.end(), [](const Kept& kept) {
    return !kept.child.ready().empty() || !kept.child.spec().command.empty();  // a service need not say it
  });
}

Result<void> Supervisor::hopeful() const {
  for (const Kept& kept : kept_) {
    const bool refused = kept.deaths > 0 && kept.by_itself && !kept.was_ready;
    if (!refused && kept.deaths < deaths_at_start_max) continue;
    return Error{Code::io, kept.child.spec().name + " cannot start (" + kept.ended + "). The end of its log " +
                               kept.child.spec().log + ":\n" + kept.child.log_tail()};
  }
  return {};
}

bool Supervisor::any_running() const {
  return std::any_of(kept_.begin(), kept_.end(), [](const Kept& kept) { return kept.child.running(); });
}

void Supervisor::end(milliseconds patience) {
  ending_ = true;
  asked_twice_ = false;
  for (const Kept& kept : kept_) kept.child.signal(SIGINT);  // at once: nobody is left that could go on with anything
  const auto deadline = Clock::now() + patience;
  while (any_running() && Clock::now() < deadline && !asked_twice_) {
    step(std::chrono::ceil<milliseconds>(deadline - Clock::now()));
  }
  for (const Kept& kept : kept_) kept.child.signal(SIGKILL);
  while (any_running()) step(milliseconds(100));
}

std::vector<const Child*> Supervisor::children() const {
  std::vector<const Child*> children;
  for (const Kept& kept : kept_) children.push_back(&kept.child);
  return children;
}

}  // namespace shoal::cli
