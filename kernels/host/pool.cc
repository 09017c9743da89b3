#include "kernels/host/pool.h"

#include "base/check.h"

namespace shoal::kernels {
namespace {

// Some ten microseconds where a pause takes 40 to 140 cycles.
constexpr int spins_max = 400;

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Returns once `word` is no longer `old`: spins for a while, then sleeps until it is notified.
void wait_for_change(const std::atomic<std::uint32_t>& word, std::uint32_t old) {
  for (int i = 0; i < spins_max; ++i) {
    if (word.load(std::memory_order_acquire) != old) return;
    pause();
  }
  word.wait(old, std::memory_order_acquire);
}

}  // namespace

Pool::Pool(std::uint32_t threads) {
  SHOAL_CHECK(threads >= 1);
  for (std::uint32_t i = 1; i < threads; ++i) workers_.emplace_back([this] { work(); });
}

Pool::~Pool() {
  stopping_.store(true, std::memory_order_relaxed);
  jobs_.fetch_add(1, std::memory_order_release);
  jobs_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void Pool::fork(std::uint32_t pieces, Job job) {
  job_ = job;  // nobody reads it: every piece of the job before was done
  done_.store(0, std::memory_order_relaxed);
  claims_.store(std::uint64_t{pieces} << 32, std::memory_order_release);
  jobs_.fetch_add(1, std::memory_order_release);
  jobs_.notify_all();  // a system call only if somebody sleeps
  while (take_piece()) {
  }
  for (std::uint32_t done; (done = done_.load(std::memory_order_acquire)) != pieces;) wait_for_change(done_, done);
}

// A claim that succeeds holds its job open, so the job is read after it.
bool Pool::take_piece() {
  std::uint64_t claims = claims_.load(std::memory_order_relaxed);
  std::uint32_t pieces;
  do {
    pieces = static_cast<std::uint32_t>(claims >> 32);
    if (static_cast<std::uint32_t>(claims) >= pieces) return false;
  } while (!claims_.compare_exchange_weak(claims, claims + 1, std::memory_order_acquire, std::memory_order_relaxed));
  job_.call(job_.body, static_cast<std::uint32_t>(claims));
  // After this the caller may return and start the next job; only a notification follows.
  done_.fetch_add(1, std::memory_order_release);
  done_.notify_one();
  return true;
}

void Pool::work() {
  for (std::uint32_t seen = 0; !stopping_.load(std::memory_order_relaxed);) {
    const std::uint32_t now = jobs_.load(std::memory_order_acquire);
    if (now == seen) {
      wait_for_change(jobs_, seen);
      continue;
    }
    seen = now;
    while (take_piece()) {
    }
  }
}

}  // namespace shoal::kernels
