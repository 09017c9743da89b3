// Which lines of a log are written: a line that comes again and again is written at once, then after 1 s, 10 s, 100 s
// and so on up to an hour, each time with how often it came since. Pure; lives with its log; not thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/time.h"

namespace shoal::actors {

class Repeats {
public:
  // How often this line came since it was written last, if it is to be written now; nothing if not.
  std::optional<std::uint64_t> admit(const std::string& line, Time now) {
    if (lines_.size() >= lines_max) forget_quiet(now);
    if (lines_.size() >= lines_max) lines_.clear();
    const auto [known, is_new] = lines_.try_emplace(line);
    Line& said = known->second;
    if (is_new || now >= said.last + quiet(said)) {  // that long unheard of, it is news again
      said = {now, now, pause_min, 0};
      return 0;
    }
    said.last = now;
    if (now < said.written + said.pause) {
      ++said.withheld;
      return std::nullopt;
    }
    said.written = now;
    said.pause = std::min(10 * said.pause, pause_max);
    return std::exchange(said.withheld, 0) + 1;
  }

  static constexpr std::size_t lines_max = 512;

private:
  static constexpr Duration pause_min = seconds(1);
  static constexpr Duration pause_max = seconds(3600);

  struct Line {
    Time written;
    Time last;  // when it came last
    Duration pause{};
    std::uint64_t withheld = 0;
  };

  static Duration quiet(const Line& line) { return 10 * line.pause; }

  void forget_quiet(Time now) {
    std::erase_if(lines_, [&](const auto& item) { return now >= item.second.last + quiet(item.second); });
  }

  std::map<std::string, Line> lines_;
};

}  // namespace shoal::actors
