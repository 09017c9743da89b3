// Decides the decisions of a log again: by the policy that made them, which must come to the same, or by another one,
// to see what it would have done with the same requests and loads. Pure; one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "services/router/decisions/event_json.h"
#include "services/router/placement/policies/policy.h"

namespace shoal::router {

class Replay {
public:
  // By another policy than the log's; weights, reference and seed stay the log's.
  struct Options {
    std::string policy = {};  // empty: the log's own
  };
  struct Share {
    std::string node;
    std::uint64_t logged = 0;    // decisions for this executor
    std::uint64_t replayed = 0;  // now
  };
  struct Report {
    std::string policy;           // that decided again
    std::string logged_policy;    // of the last header
    std::uint64_t events = 0;     // lines that are no header
    std::uint64_t decisions = 0;  // events with candidates
    std::uint64_t same = 0;  // decisions that came out the same: executor, and every score if the policy is the log's
    std::uint64_t missing = 0;             // decisions that the numbers say were made and that are not there
    std::map<Epoch, Share> shares;         // by executor
    std::vector<std::string> differences;  // the first ones, a sentence each
  };
  static constexpr std::size_t differences_max = 10;

  static Result<Replay> make(Options options);

  // The next line of the log, without its end. Fails with malformed, naming the line's number and what was expected.
  Result<void> on_line(std::string_view line);

  const Report& report() const { return report_; }

private:
  struct Turn {
    std::uint64_t count = 0;
    Epoch last = 0;
  };

  explicit Replay(Options options) : options_(std::move(options)) {}
  Result<void> on_header(const HeaderLine& line);
  void on_event(const Event& event);
  void differ(const std::string& sentence);

  Options options_;
  PolicyConfig config_;
  const Policy* policy_ = nullptr;
  std::optional<std::uint64_t> next_sequence_;
  std::map<std::string, Turn> turns_;  // of the other policy, by model
  std::uint64_t line_ = 0;
  Report report_;
};

}  // namespace shoal::router
