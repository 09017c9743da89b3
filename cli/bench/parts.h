// The child processes of `shoal bench hop`: an echo and its caller, once as services of the mesh and once on bare
// ZeroMQ sockets, which is the floor. Each prints `ready bind=… epoch=…`; a caller ends by itself with one line
// `result {"p50_us": …, "p99_us": …, "echoes_per_s": …}`.
#pragma once

#include <cstdint>
#include <string>

#include "base/ids.h"

namespace shoal::cli::bench {

struct CallPlan {
  std::string peer;            // address of the echo
  Epoch epoch = 0;             // of the echo; the bare one has none
  std::uint32_t messages = 0;  // counted
  std::uint32_t warmup = 0;    // before them
  std::uint32_t window = 1;    // outstanding at once
  std::uint32_t bytes = 200;   // of a whole message, all frames, each way
};

// Block until their end; return the exit code.
int run_echo(const std::string& bind);
int run_caller(const CallPlan& plan, const std::string& bind);
int run_bare_echo(const std::string& bind);
int run_bare_caller(const CallPlan& plan);

}  // namespace shoal::cli::bench
