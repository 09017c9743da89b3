// From any thread to the loop: a bounded queue with an eventfd that wakes it, unless it is the loop that pushes. push()
// says no instead of growing.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include "actors/flow/weight.h"
#include "base/check.h"
#include "base/limits.h"

namespace shoal::actors {

class Outbox {
public:
  explicit Outbox(std::size_t messages_max = limits::outbox_messages_max,
                  std::size_t bytes_max = limits::outbox_bytes_max)
      : messages_max_(messages_max), bytes_max_(bytes_max), fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    SHOAL_CHECK(fd_ >= 0);
  }
  ~Outbox() { ::close(fd_); }
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  // Any thread. False: full or closed; `effect` is as it was.
  bool push(WireEffect&& effect) {
    const std::size_t bytes = weight(effect);
    bool was_empty;
    {
      std::lock_guard lock(mutex_);
      const bool full = queue_.size() >= messages_max_ || bytes_ + bytes > bytes_max_;
      if (closed_ || (full && !std::holds_alternative<TakePublished>(effect))) return false;  // it would not come again
      was_empty = queue_.empty();
      bytes_ += bytes;
      queue_.push_back(std::move(effect));
    }
    if (was_empty) wake();
    return true;
  }

  // Any thread: nothing is kept from here on, and the loop looks up.
  void close() {
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
    }
    wake();
  }

  // Any thread: makes fd() readable, until hush(). The loop need not wake itself.
  void wake() {
    if (std::this_thread::get_id() == loop_ || awake_.exchange(true)) return;
    const std::uint64_t one = 1;
    SHOAL_CHECK(write(fd_, &one, sizeof one) == sizeof one);
  }

  // The loop, before everything else: this is its thread.
  void take_on_this_thread() { loop_ = std::this_thread::get_id(); }

  // The loop, when fd() was readable and before take().
  void hush() {
    std::uint64_t wakes;
    SHOAL_CHECK(read(fd_, &wakes, sizeof wakes) == sizeof wakes);
    awake_ = false;
  }

  // The loop: everything posted so far, in order.
  std::vector<WireEffect> take() {
    std::lock_guard lock(mutex_);
    bytes_ = 0;
    return std::exchange(queue_, {});
  }

  int fd() const { return fd_; }

private:
  static std::size_t weight(const WireEffect& effect) {
    if (const auto* post = std::get_if<Post>(&effect)) return weight_of(post->message);
    if (const auto* stray = std::get_if<TurnAway>(&effect)) return stray->frame.size();
    if (const auto* reply = std::get_if<ReplyClient>(&effect)) return reply->frame.size();
    return sizeof(WireEffect);
  }

  const std::size_t messages_max_;
  const std::size_t bytes_max_;
  const int fd_;
  std::atomic<std::thread::id> loop_{};
  std::atomic<bool> awake_{false};  // fd_ was written to and not read since
  std::mutex mutex_;
  std::vector<WireEffect> queue_;
  std::size_t bytes_ = 0;
  bool closed_ = false;
};

}  // namespace shoal::actors
