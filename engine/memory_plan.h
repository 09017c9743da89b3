// What an inference process asks of memory, decided before anything large is loaded: so that one that cannot run says
// what it lacks instead of dying of it later. Pure but for the probe; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/memory.h"
#include "base/result.h"

namespace shoal::engine {

struct MemoryNeed {
  std::uint64_t weight_bytes = 0;   // once loaded
  std::uint64_t page_bytes = 1;     // of one KV page
  std::uint32_t context_pages = 1;  // of one stream that fills the context
  std::uint32_t streams = 1;        // that may run at once
  std::uint64_t rest_bytes = 0;     // stacks of threads, buffers: address space that is used later
  std::uint64_t kv_bytes = 0;       // as configured; 0: a share of what is free
  std::uint32_t sharers = 1;        // processes like this one that start on the same machine, this one counted
};

// Bytes for KV pages: as configured, or half of what is left of this process's share beside weights and rest; never
// more than all streams could use, at least one page. too_large, with every figure, when that does not fit.
Result<std::size_t> plan_kv(const MemoryNeed& need, const Headroom& headroom);

// "the model takes 61 MiB: 23 MiB of weights, 4 MiB of KV pages, 34 MiB for threads and messages"
std::string describe(const MemoryNeed& need, std::uint64_t kv_bytes);

// Stacks of `threads` threads beside the ones that every process has, and buffers.
std::uint64_t process_rest_bytes(std::uint32_t threads);

}  // namespace shoal::engine
