// A StepCore over a backend of the test's choice, driven to the end under a clock that only the test moves.
#pragma once

#include <map>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "engine/step_core.h"
#include "kernels/echo/echo.h"

namespace shoal::engine {

inline StreamId stream_of(std::uint8_t number) {
  StreamId stream;
  stream.request.bytes.fill(number);
  return stream;
}

inline std::vector<TokenId> bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

class NoWeights : public kernels::TensorSource {
public:
  Result<kernels::Tensor> tensor(kernels::WeightId, std::uint32_t, std::uint32_t) override {
    return Error{Code::bad_checkpoint, "there are no weights"};
  }
};

// A stream that runs to its end on its own: all credit, no deadline, no stop ids.
inline Work work_of(std::uint8_t number, std::vector<TokenId> prompt, std::uint32_t max_tokens) {
  Work work;
  work.stream = stream_of(number);
  work.prompt = std::move(prompt);
  work.max_tokens = max_tokens;
  work.credit_until = UINT32_MAX;
  return work;
}

struct EchoModel {
  explicit EchoModel(kernels::EchoBackend::Mode mode, std::uint32_t pages) : backend(mode) {
    NoWeights none;
    REQUIRE(backend.load(kernels::bytes_spec(4096), none, {}, {}));
    REQUIRE(backend.reserve_kv(std::size_t{pages} * page_tokens * sizeof(TokenId), 8));
  }
  kernels::EchoBackend backend;
};

// A step core over the byte model.
struct EchoEngine {
  explicit EchoEngine(kernels::EchoBackend::Mode mode, std::uint32_t pages = 64)
      : model(mode, pages), core(config_of(pages), model.backend) {}

  static StepCore::Config config_of(std::uint32_t pages) {
    StepCore::Config config;
    config.vocab = 257;
    config.context_tokens = 4096;
    config.pages = pages;
    config.scheduler = {.sequences_max = 8, .tokens_max = 32};
    return config;
  }

  EchoModel model;
  StepCore core;
};

// Bytes without a pattern that would show, another sequence for each salt.
inline std::vector<TokenId> prompt_of(std::uint32_t tokens, TokenId salt) {
  std::vector<TokenId> prompt(tokens);
  for (std::uint32_t i = 0; i < tokens; ++i) prompt[i] = (i * 31 + salt * 7) % 256;
  return prompt;
}

// What came out for each stream, positions checked for gaps.
class Transcript {
public:
  void take(const StepOutcome& outcome) {
    for (const Generated& generated : outcome.generated) {
      auto& ids = ids_[generated.stream];
      REQUIRE(generated.position == ids.size());
      ids.insert(ids.end(), generated.ids.begin(), generated.ids.end());
    }
    for (const Ended& ended : outcome.ended) {
      CHECK(ended.position == ids_[ended.stream].size());
      ended_[ended.stream] = ended.reason;
    }
    for (const Yielded& yielded : outcome.yielded) yielded_[yielded.stream] = yielded.position;
  }

  // Ids that an earlier attempt generated.
  void assume(const StreamId& stream, std::vector<TokenId> ids) { ids_[stream] = std::move(ids); }

  const std::vector<TokenId>& ids(std::uint8_t number) { return ids_[stream_of(number)]; }
  bool ended(std::uint8_t number) const { return ended_.contains(stream_of(number)); }
  EndReason reason(std::uint8_t number) const { return ended_.at(stream_of(number)); }
  bool yielded(std::uint8_t number) const { return yielded_.contains(stream_of(number)); }

private:
  std::map<StreamId, std::vector<TokenId>> ids_;
  std::map<StreamId, EndReason> ended_;
  std::map<StreamId, Position> yielded_;
};

// Steps until nothing is left to do; more than a bound is a livelock.
inline void run_all(StepCore& core, Transcript& transcript, Time now = Time{}) {
  for (int steps = 0; core.has_work(); ++steps) {
    REQUIRE(steps < 100'000);
    transcript.take(core.step(now));
  }
}

}  // namespace shoal::engine
