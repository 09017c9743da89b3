#include "engine/memory_plan.h"

#include <algorithm>
#include <sys/resource.h>

namespace shoal::engine {
namespace {

constexpr std::uint64_t buffer_bytes = 96u << 20;  // allocator, messages, scratch of a step
constexpr std::uint64_t stack_bytes_default = 8u << 20;
constexpr std::uint64_t stack_bytes_max = 64u << 20;
constexpr std::uint32_t own_threads = 12;  // loop, actor, jobs, sockets, engine: of any process

}  // namespace

std::string describe(const MemoryNeed& need, std::uint64_t kv_bytes) {
  return "the model takes " + in_mebibytes(need.weight_bytes + kv_bytes + need.rest_bytes) + ": " +
         in_mebibytes(need.weight_bytes) + " of weights, " + in_mebibytes(kv_bytes) + " of KV pages, " +
         in_mebibytes(need.rest_bytes) + " for threads and messages";
}

Result<std::size_t> plan_kv(const MemoryNeed& need, const Headroom& headroom) {
  const auto refuse = [&](std::uint64_t kv_bytes, std::uint64_t free, std::string_view bound) {
    return Error{Code::too_large, describe(need, kv_bytes) + "; " + in_mebibytes(free) + " are left to it by " +
                                      std::string(bound) +
                                      (need.kv_bytes > need.page_bytes ? ": free some, or set a smaller kv_bytes"
                                                                       : ": free some, or take a smaller model")};
  };
  const std::uint64_t most = std::uint64_t{need.streams} * need.context_pages * need.page_bytes;
  const std::uint64_t fixed = need.weight_bytes + need.rest_bytes;
  if (need.kv_bytes > 0) {  // pages are used as streams need them: address space is what they take at once
    const std::uint64_t wanted = std::min(need.kv_bytes, std::max(most, need.page_bytes));
    if (fixed > headroom.bytes) return refuse(wanted, headroom.bytes, headroom.bound);
    if (wanted > headroom.address_bytes - std::min(fixed, headroom.address_bytes)) {
      return refuse(wanted, headroom.address_bytes, "the limit of address space (ulimit -v)");
    }
    return wanted;
  }
  if (fixed + need.page_bytes > headroom.bytes) return refuse(need.page_bytes, headroom.bytes, headroom.bound);
  const std::uint64_t share = headroom.bytes / std::max(1u, need.sharers);
  const std::uint64_t left = share - std::min(share, fixed);
  return std::max(std::min(left / 2, most), need.page_bytes);
}

std::uint64_t process_rest_bytes(std::uint32_t threads) {
  rlimit stack{};
  std::uint64_t each = stack_bytes_default;
  if (getrlimit(RLIMIT_STACK, &stack) == 0 && stack.rlim_cur != RLIM_INFINITY) each = stack.rlim_cur;
  return std::min(each, stack_bytes_max) * (threads + own_threads) + buffer_bytes;
}

}  // namespace shoal::engine
