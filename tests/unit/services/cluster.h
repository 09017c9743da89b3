// A router core with executors that only count: streams hold a slot, prompts are computed one after another at a
// worker's speed, reports come every 250 ms. For what a placement policy makes of many requests. One thread, virtual
// time.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"
#include "bench.h"
#include "services/inference/latency.h"
#include "services/router/router_core.h"

namespace shoal::test {

struct Worker {
  struct Stream {
    double left = 0;  // prompt ids
    std::uint32_t decode_ms = 0;
    Time accepted;
    bool counted = true;  // of a request of this test
  };
  double tokens_per_ms = 40;
  std::uint32_t slots = 64;
  std::vector<protocol::Label> labels;
  std::uint32_t foreign_ms = 0;      // every so often somebody else's long prompt comes here
  std::deque<Stream> prefilling;     // oldest first
  std::vector<Time> decoding_until;  // of those that generate
  std::uint64_t consumed = 0;
  std::uint32_t placed = 0;
  inference::Latency latency;
  double busy_ms = 0;
};

class Cluster {
public:
  static constexpr Epoch owner = 10, first = 100;

  Cluster(std::vector<Worker> workers, router::RouterCore::Config config)
      : workers_(std::move(workers)), core_(complete(std::move(config))), bench_(core_) {
    bench_.give(actors::Started{});
    hello(entry(owner, "gateway"));
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      auto self = entry(first + i, "inference");
      self.labels.insert(self.labels.end(), workers_[i].labels.begin(), workers_[i].labels.end());
      hello(self);
      report(i);
    }
  }

  // Sends `count` requests, on average one in `gap_ms`, and lets all be placed and end.
  void run(std::uint32_t count, double gap_ms) {
    double next = 0;
    for (std::uint32_t sent = 0; sent < count || placed_ < count; ++elapsed_ms_) {
      REQUIRE(elapsed_ms_ < 1'000'000);
      bench_.now += milliseconds(1);
      for (std::size_t i = 0; i < workers_.size(); ++i) {
        work(workers_[i]);
        if ((elapsed_ms_ + 31 * i) % limits::load_interval_ms == 0) report(i);
      }
      if (elapsed_ms_ % limits::load_interval_ms == 0) hear_owner();
      if (core_.next_wake() <= bench_.now) done(actors::Tick{});
      for (; sent < count && next <= static_cast<double>(elapsed_ms_); ++sent) {
        ask(sent);
        next += gap_ms * 2 * random_.unit();
      }
    }
  }

  const std::vector<Worker>& workers() const { return workers_; }
  // Share of the busiest over the mean.
  double unevenness() const {
    std::uint32_t most = 0;
    for (const Worker& worker : workers_) most = std::max(most, worker.placed);
    return most * static_cast<double>(workers_.size()) / placed_;
  }
  // The largest of these in the spans between two reports, on average.
  double unevenness_between_reports() const { return spans_ == 0 ? 0 : sum_of_spans_ / static_cast<double>(spans_); }
  double first_id_ms(double quantile) {
    std::sort(waits_ms_.begin(), waits_ms_.end());
    return waits_ms_.at(static_cast<std::size_t>(quantile * static_cast<double>(waits_ms_.size() - 1)));
  }
  Bench& bench() { return bench_; }
  const router::RouterCore& core() const { return core_; }

private:
  static router::RouterCore::Config complete(router::RouterCore::Config config) {
    config.self = entry(1, "router");
    return config;
  }

  void hello(protocol::Entry self) {
    protocol::Hello hello;
    hello.self = std::move(self);
    bench_.receive(hello.self.epoch, hello);
  }

  void hear_owner() {
    protocol::LoadReport load;
    load.sequence = elapsed_ms_;
    give(protocol::Load{load}, owner);
  }

  template <class Body>
  void give(Body body, Epoch from, protocol::Head head = {}) {
    done(actors::Received{from, make_message(std::move(body), head)});
  }

  // One event, with all that follows from it: jobs are done at once, grants are used at once.
  void done(const actors::Event& event) {
    bench_.give(event);
    const auto sends = bench_.sends;
    auto jobs = bench_.jobs;
    for (const actors::Send& send : sends) {
      if (const auto* placed = std::get_if<protocol::Placed>(&send.message.body)) start(*placed, send.message.head);
    }
    for (auto& job : jobs) done(actors::Reported{job.work()});
  }

  void ask(std::uint32_t number) {
    protocol::Place place;
    place.model = "bytes";
    place.tokenizer_digest = "t";
    place.prompt_tokens = random_.below(20) == 0 ? 4096 : static_cast<std::uint32_t>(16 + random_.below(500));
    place.max_tokens = static_cast<std::uint32_t>(32 + random_.below(96));
    protocol::Head head;
    for (std::size_t i = 0; i < 4; ++i) head.request.bytes[i] = static_cast<std::uint8_t>(number >> (8 * (3 - i)));
    head.request.bytes[15] = 1;
    head.tier = static_cast<Tier>(random_.below(tier_count));
    asked_[head.request] = {place.prompt_tokens, place.max_tokens, bench_.now};
    give(place, owner, head);
  }

  void start(const protocol::Placed& placed, const protocol::Head& head) {
    Worker& worker = workers_.at(placed.executor.epoch - first);
    const Request& request = asked_.at(head.request);
    worker.prefilling.push_back({static_cast<double>(request.prompt), 5 * request.max, bench_.now, true});
    ++worker.consumed;
    ++worker.placed;
    ++placed_;
    ++since_report_[placed.executor.epoch];
  }

  void work(Worker& worker) {
    if (worker.foreign_ms != 0 && elapsed_ms_ % worker.foreign_ms == 0) {
      worker.prefilling.push_back({16'000, 10, bench_.now, false});
    }
    std::erase_if(worker.decoding_until, [&](Time until) { return until <= bench_.now; });
    double left = worker.tokens_per_ms;
    while (left > 0 && !worker.prefilling.empty()) {
      Worker::Stream& stream = worker.prefilling.front();
      const double taken = std::min(left, stream.left);
      left -= taken;
      stream.left -= taken;
      if (stream.left > 0) break;
      const Duration waited = bench_.now - stream.accepted;
      worker.latency.on_first_id(waited, bench_.now);
      if (stream.counted) waits_ms_.push_back(std::chrono::duration<double, std::milli>(waited).count());
      worker.decoding_until.push_back(bench_.now + milliseconds(stream.decode_ms));
      worker.prefilling.pop_front();
    }
    worker.busy_ms += 1 - left / worker.tokens_per_ms;
  }

  void report(std::size_t index) {
    Worker& worker = workers_[index];
    protocol::LoadReport load;
    load.sequence = ++reports_;
    load.slots = worker.slots;
    const auto held = static_cast<std::uint32_t>(worker.prefilling.size() + worker.decoding_until.size());
    load.slots_free = worker.slots - std::min(worker.slots, held);
    load.grants_consumed = worker.consumed;
    load.cpus = 1;
    load.cpu_permille = static_cast<std::uint32_t>(1000 * std::exchange(worker.busy_ms, 0) / limits::load_interval_ms);
    for (const Worker::Stream& stream : worker.prefilling)
      load.tokens_waiting += static_cast<std::uint64_t>(stream.left);
    const Duration waiting = worker.prefilling.empty() ? Duration(0) : bench_.now - worker.prefilling.front().accepted;
    load.latency_us = worker.latency.us(waiting, bench_.now);
    if (index == 0) count_span();
    give(protocol::Load{load}, first + index);
  }

  void count_span() {
    std::uint32_t all = 0, most = 0;
    for (const auto& [epoch, count] : std::exchange(since_report_, {})) {
      all += count;
      most = std::max(most, count);
    }
    if (all < 4 * workers_.size()) return;  // too few to tell
    sum_of_spans_ += most * static_cast<double>(workers_.size()) / all;
    ++spans_;
  }

  struct Request {
    std::uint32_t prompt = 0, max = 0;
    Time came;
  };

  std::vector<Worker> workers_;
  router::RouterCore core_;
  Bench bench_;
  Random random_{20'261'122};
  std::map<RequestId, Request> asked_;
  std::map<Epoch, std::uint32_t> since_report_;
  std::vector<double> waits_ms_;
  std::uint32_t placed_ = 0;
  std::uint64_t elapsed_ms_ = 1;
  std::uint64_t reports_ = 0;
  double sum_of_spans_ = 0;
  std::uint64_t spans_ = 0;
};

}  // namespace shoal::test
