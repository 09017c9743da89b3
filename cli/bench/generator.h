// Makes requests at one gateway and watches their answers: as many at once as told, or at random times with a given
// rate. Times count from when a request was due, so a generator that falls behind shows up in them. One thread: the one
// that made it.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <unordered_map>

#include <zmq.hpp>

#include "base/result.h"
#include "cli/bench/stats.h"

namespace shoal::cli::bench {

struct Request {
  std::string text;  // of the one user message
  std::uint32_t max_tokens = 0;
};

struct Outcome {
  std::uint64_t done = 0;
  std::uint64_t deltas = 0;
  double seconds = 0;      // from the first request due to the last answer
  double cpu_seconds = 0;  // of this process
  Durations ttft;          // to the first DELTA with ids
  Durations total;         // to DONE
};

class Generator {
public:
  Generator(const std::string& gateway, const Request& request, std::uint64_t seed);
  ~Generator();
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  // `concurrency` requests outstanding for so long. Fails with the first ERROR that comes, or with timeout.
  Result<Outcome> closed_loop(std::uint32_t concurrency, double seconds);

  // Requests due at exponential distances, `per_s` of them on average.
  Result<Outcome> open_loop(double per_s, double seconds);

  // One after the other.
  Result<Outcome> sequential(std::uint32_t count);

private:
  using Clock = std::chrono::steady_clock;
  struct Open {
    Clock::time_point due;
    bool answered = false;
  };

  void begin();
  void submit(Clock::time_point due);
  Result<void> wait_until(std::optional<Clock::time_point> due);
  Result<void> receive_all();
  Result<void> on_frame(const zmq::message_t& frame);
  Result<Outcome> finish();

  zmq::context_t context_{1};
  zmq::socket_t dealer_{context_, ZMQ_DEALER};
  int timer_ = -1;    // nanoseconds, where zmq_poll has milliseconds
  std::string head_;  // of a SUBMIT, up to its id
  std::string tail_;  // and after it
  std::uint32_t next_ = 0;
  std::unordered_map<std::uint32_t, Open> open_;
  std::mt19937_64 random_;
  Outcome outcome_;
  Clock::time_point begun_;
  double cpu_before_ = 0;
};

}  // namespace shoal::cli::bench
