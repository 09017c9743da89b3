// Turns requests into prompt ids on worker threads, a bounded number at a time. Long prompts go one after the other, so
// that they leave workers to the short ones, which pass them. Keeps nothing: the owner asks another preprocess if this
// one is silent. Pure; lives with its actor; not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>

#include "actors/core.h"
#include "base/result.h"

namespace shoal::preprocess {

// Renders and tokenizes. A pure function, called on several threads at once.
using Prepare = std::function<Result<protocol::Prepared>(const protocol::Prepare&)>;

class PreprocessCore : public actors::Core {
public:
  struct Config {
    std::uint32_t jobs_max = 256;        // one more is refused as busy
    std::size_t bytes_max = 256u << 20;  // of the texts of all jobs; likewise
  };

  PreprocessCore(Config config, Prepare prepare) : config_(config), prepare_(std::move(prepare)) {}

  void on(actors::Event event, Time now, actors::Effects& out) override;
  void fill_load(protocol::LoadReport& report, Epoch router, Time now) override;
  bool owes() const override { return jobs_ > 0; }

private:
  struct Job {
    Epoch from = 0;
    protocol::Head head;
    protocol::Prepare wanted;
    std::size_t bytes = 0;
    Time deadline;
    bool is_long = false;
  };
  struct Done {
    std::shared_ptr<const Job> job;
    Result<protocol::Prepared> prepared;
  };

  void on_prepare(Epoch from, const protocol::Head& head, protocol::Prepare wanted, Time now, actors::Effects& out);

  void start(std::shared_ptr<const Job> job, actors::Effects& out);
  void start_next_long(Time now, actors::Effects& out);
  void forget(const Job& job);

  Config config_;
  Prepare prepare_;
  std::uint32_t jobs_ = 0;
  std::size_t bytes_ = 0;
  std::deque<std::shared_ptr<const Job>> long_;  // that wait
  bool long_runs_ = false;
};

}  // namespace shoal::preprocess
