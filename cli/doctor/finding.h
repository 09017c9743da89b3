// One line of `shoal doctor`: a thing that was looked at, how it is, what that means, and the command that mends it.
#pragma once

#include <string>
#include <vector>

namespace shoal::cli {

enum class State {
  ok,
  warning,  // works without it, or worse
  missing,  // nothing works without it
};

struct Finding {
  std::string check;  // "ports"
  State state = State::ok;
  std::string text;
  std::string command = {};  // to type; empty where there is nothing to mend
};

using Findings = std::vector<Finding>;

}  // namespace shoal::cli
