#include "services/inference/engine_loop.h"

#include <chrono>
#include <signal.h>
#include <utility>

namespace shoal::inference {
namespace {

// Signals are main's: neither this thread nor those that a backend starts on it may be chosen for one.
template <class Start>
std::thread without_signals(const Start& start) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread;
  try {
    thread = std::thread(start);
  } catch (...) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace

EngineLoop::EngineLoop(Open open, Now now)
    : now_(std::move(now)), thread_(without_signals([this, open = std::move(open)] { open_and_run(open); })) {}

void EngineLoop::open_and_run(const Open& open) {
  auto core = open();
  const bool fine = core.has_value();
  opened_.set_value(fine ? Result<void>() : Result<void>(core.error()));
  if (fine) run(**core);
}

void EngineLoop::start(Report report, Lost lost) {
  {
    std::lock_guard lock(mutex_);
    report_ = std::move(report);
    lost_ = std::move(lost);
    started_ = true;
  }
  posted_.notify_one();
}

void EngineLoop::post(std::any command) {
  {
    std::lock_guard lock(mutex_);
    commands_.push_back(std::any_cast<Command>(std::move(command)));
  }
  posted_.notify_one();
}

void EngineLoop::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  posted_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void EngineLoop::run(engine::StepCore& core) {
  {
    std::unique_lock lock(mutex_);
    posted_.wait(lock, [this] { return started_ || stopping_; });
    if (!started_) return;
  }
  std::vector<Command> commands;
  while (take(core, commands)) {
    EngineReport report;
    for (Command& command : commands) apply(std::move(command), core, now_(), report.rejected);
    commands.clear();
    report.outcome = core.step(now_());
    report.load = core.load();
    const auto lost = report.outcome.lost;
    if (!report_(std::move(report))) return;
    if (lost) return lost_(*lost);
  }
}

bool EngineLoop::take(engine::StepCore& core, std::vector<Command>& commands) {
  std::unique_lock lock(mutex_);
  const auto ready = [this] { return stopping_ || !commands_.empty(); };
  if (!core.has_work()) {
    const Time wake = core.next_wake();
    if (wake == time_never) {
      posted_.wait(lock, ready);
    } else {
      posted_.wait_for(lock, std::max(Duration(0), wake - now_()), ready);
    }
  }
  commands.swap(commands_);
  return !stopping_;
}

}  // namespace shoal::inference
