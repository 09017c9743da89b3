// The compute pool of an engine: work that forks over a fixed number of threads and joins again. The caller is one of
// them; the others belong to the pool. Between jobs they spin for some ten microseconds, in which the next part of a
// forward pass usually comes, then they sleep, so an idle engine costs nothing.
//
// Pieces are claimed one by one, and the caller claims too. A thread that the system does not run takes no piece, so on
// a machine with more threads than cores the caller does the work alone instead of waiting.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace shoal::kernels {

class Pool {
public:
  // `threads` counts the caller: a pool of 1 starts none. At least 1.
  explicit Pool(std::uint32_t threads);
  ~Pool();

  std::uint32_t threads() const { return static_cast<std::uint32_t>(workers_.size()) + 1; }

  // Calls piece(i) once for each i below `pieces`, in any order and on any of the threads; returns when all are done,
  // and what they wrote is visible then. From one thread at a time, never from within a piece. A piece does not throw.
  template <class Piece>
  void run(std::uint32_t pieces, const Piece& piece) {
    if (workers_.empty() || pieces <= 1) {
      for (std::uint32_t i = 0; i < pieces; ++i) piece(i);
      return;
    }
    fork(pieces, {[](const void* body, std::uint32_t i) { (*static_cast<const Piece*>(body))(i); }, &piece});
  }

private:
  struct Job {
    void (*call)(const void* body, std::uint32_t piece) = nullptr;
    const void* body = nullptr;
  };

  void fork(std::uint32_t pieces, Job job);
  bool take_piece();
  void work();

  // High half: pieces of the job; low half: the next one to claim. One word, so that a claim that comes too late fails.
  alignas(64) std::atomic<std::uint64_t> claims_{0};
  Job job_;  // written while no piece is open
  alignas(64) std::atomic<std::uint32_t> done_{0};
  alignas(64) std::atomic<std::uint32_t> jobs_{0};  // counts them; sleeping threads wait for it to change
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> workers_;
};

}  // namespace shoal::kernels
