#include "services/inference/engine_loop.h"

#include <chrono>
#include <utility>

namespace shoal::inference {

EngineLoop::EngineLoop(engine::StepCore& core, Report report, Now now)
    : core_(core), report_(std::move(report)), now_(std::move(now)), thread_([this] { run(); }) {}

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

void EngineLoop::run() {
  std::vector<Command> commands;
  while (take(commands)) {
    EngineReport report;
    for (Command& command : commands) apply(std::move(command), core_, now_(), report.rejected);
    commands.clear();
    report.outcome = core_.step(now_());
    report.load = core_.load();
    if (!report_(std::move(report))) return;
  }
}

bool EngineLoop::take(std::vector<Command>& commands) {
  std::unique_lock lock(mutex_);
  const auto ready = [this] { return stopping_ || !commands_.empty(); };
  if (!core_.has_work()) {
    const Time wake = core_.next_wake();
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
