// Tokens per second of each process, from how far its counter came between two looks. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/time.h"
#include "cli/client.h"

namespace shoal::cli {

class Rates {
public:
  // Takes in what STATUS listed at `now`. Reports are as old as they say, so a look right after another changes nothing
  // for whom no new report came.
  void look(const Json& processes, milliseconds now);

  // Since the look before the last; nothing until there were two reports.
  std::optional<double> of(const Json& process) const;

private:
  struct Count {
    std::uint64_t tokens = 0;
    milliseconds at{};
    std::optional<double> rate;
  };
  std::map<std::string, Count> counts_;  // by epoch, of those that the last look listed
};

}  // namespace shoal::cli
