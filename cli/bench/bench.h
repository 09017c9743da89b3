// The measurements of `shoal bench`. Each prints what it measured, with the floor of the same run beside it, for people
// or as one JSON object on the last line.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "cli/client.h"

namespace shoal::cli::bench {

struct HopOptions {
  std::string transport = "both";  // ipc, tcp or both
  std::uint32_t messages = 20'000;
  std::uint32_t bytes = 200;
  std::uint32_t window = 256;  // of the throughput part
};
// One message from a service's core to another's, in another process on this host, beside the same bytes over bare
// ZeroMQ sockets: one way, half of a round trip.
Result<Json> measure_hop(const HopOptions& options);

struct EndToEndOptions {
  std::string transport = "ipc";  // or tcp
  std::string model = "bytes";    // an engine that costs nothing
  std::uint32_t prompt_tokens = 128;
  std::uint32_t tokens = 32;
  std::uint32_t concurrency = 64;  // while the highest rate is looked for
  double seconds = 5;              // of each part
};
// Requests through one process of each kind: the rate that a closed loop reaches, then time to the first token with the
// mesh idle, at half and at four fifths of that rate (arrivals at random, seeded).
Result<Json> measure_end_to_end(const EndToEndOptions& options);

}  // namespace shoal::cli::bench
