// What a caller counts: when each call left and how long its answer took. Not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "cli/bench/parts.h"
#include "cli/bench/stats.h"

namespace shoal::cli::bench {

class Calls {
public:
  using Clock = std::chrono::steady_clock;

  explicit Calls(const CallPlan& plan) : plan_(plan), left_(plan.window) {}

  // Returns the id of a call that leaves now.
  std::uint64_t sent() {
    left_[next_ % plan_.window] = Clock::now();
    return next_++;
  }

  // Answers come in order, because one connection carries them.
  void answered(std::uint64_t id) {
    const auto now = Clock::now();
    if (++answered_ == plan_.warmup) begun_ = now;
    if (answered_ <= plan_.warmup) return;
    round_trips_.add(std::chrono::nanoseconds(now - left_[id % plan_.window]).count());
    ended_ = now;
  }

  bool done() const { return answered_ >= plan_.warmup + plan_.messages; }

  void print_result() {
    const double seconds = std::chrono::duration<double>(ended_ - begun_).count();
    std::printf("result {\"p50_us\": %.3f, \"p99_us\": %.3f, \"echoes_per_s\": %.0f}\n", round_trips_.us(0.5) / 2,
                round_trips_.us(0.99) / 2, static_cast<double>(round_trips_.count()) / seconds);
    std::fflush(stdout);
  }

private:
  CallPlan plan_;
  std::vector<Clock::time_point> left_;
  std::uint64_t next_ = 0;
  std::uint32_t answered_ = 0;
  Clock::time_point begun_;
  Clock::time_point ended_;
  Durations round_trips_;
};

}  // namespace shoal::cli::bench
