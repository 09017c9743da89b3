// Placement policies in a whole mesh: the router's own reports and promises, and executors that really prefill.

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "world.h"

using namespace shoal;
using namespace shoal::sim;

namespace {

std::uint32_t streams_at(Process& process) {
  const auto load = dynamic_cast<InferenceProcess&>(process).engine().load();
  std::uint32_t streams = 0;
  for (std::size_t tier = 0; tier < tier_count; ++tier) streams += load.running[tier] + load.waiting[tier];
  return streams;
}

// Three executors, one of which computes a prompt of 3000 ids for nearly half a second. Meanwhile thirty short requests
// come, long enough apart that executors report in between. How many of them go to the one with the long prompt.
std::uint32_t short_ones_beside_a_long_prompt(const std::string& policy) {
  World world({.inferences = 3, .slots = 32, .step = milliseconds(20), .policy = policy});
  REQUIRE(world.settle());
  Answer& long_one = world.ask({.prompt = std::string(3000, 'l'), .max_tokens = 100});
  Process* busy = nullptr;
  REQUIRE(world.run_until([&] {
    for (Process* process : world.all("inference")) {
      if (streams_at(*process) > 0) busy = process;
    }
    return busy != nullptr;
  }));
  std::vector<Answer*> short_ones;
  for (int i = 0; i < 30; ++i) {
    short_ones.push_back(&world.ask({.prompt = std::string(100, 's')}));
    world.run_for(milliseconds(10));
  }
  REQUIRE(long_one.shown == time_never);  // it was prefilling all the time
  const std::uint32_t beside = streams_at(*busy) - 1;
  REQUIRE(world.run_all_done());
  CHECK(long_one.content == std::string(100, 'l'));
  for (const Answer* answer : short_ones) CHECK(answer->content == std::string(100, 's'));
  return beside;
}

}  // namespace

TEST_CASE("least_tokens sends nobody to the executor that computes a long prompt, and round_robin every third") {
  CHECK(short_ones_beside_a_long_prompt("least_tokens") == 0);
  CHECK(short_ones_beside_a_long_prompt("round_robin") == 10);
}
