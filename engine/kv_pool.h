// The KV pages of one engine: who holds which is in the sequences; this is how many hold each, and what is free.
// Bounded; never blocks; lives on the engine's thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/check.h"
#include "base/page.h"
#include "kernels/backend.h"

namespace shoal::engine {

using kernels::PageId;

// Pages that `tokens` tokens take.
constexpr std::uint32_t pages_for(std::uint32_t tokens) {
  return tokens / page_tokens + (tokens % page_tokens != 0 ? 1 : 0);
}

class KvPool {
public:
  // Pages [0, pages), all free.
  explicit KvPool(std::uint32_t pages) : holders_(pages) {
    free_.reserve(pages);
    for (PageId page = pages; page-- > 0;) free_.push_back(page);
  }

  std::uint32_t pages() const { return static_cast<std::uint32_t>(holders_.size()); }
  std::uint32_t free_pages() const { return static_cast<std::uint32_t>(free_.size()); }

  // Grows `held` to cover `tokens` tokens. All or nothing: false, and nothing changes, when too few are free.
  [[nodiscard]] bool reserve(std::vector<PageId>& held, std::uint32_t tokens) {
    const std::uint32_t wanted = pages_for(tokens);
    if (wanted > held.size() + free_.size()) return false;
    while (held.size() < wanted) {
      held.push_back(free_.back());
      free_.pop_back();
      holders_[held.back()] = 1;
    }
    return true;
  }

  // One more holder of each of `pages`, which are held and full: nobody writes into a page that is shared.
  void share(std::vector<PageId>& held, std::span<const PageId> pages) {
    for (const PageId page : pages) {
      SHOAL_CHECK(holders_.at(page) > 0);
      ++holders_[page];
      held.push_back(page);
    }
  }

  // Lets go of what `held` has beyond `tokens` tokens. A page is free once nobody holds it.
  void truncate(std::vector<PageId>& held, std::uint32_t tokens) {
    while (held.size() > pages_for(tokens)) {
      SHOAL_CHECK(holders_.at(held.back()) > 0);
      if (--holders_[held.back()] == 0) free_.push_back(held.back());
      held.pop_back();
    }
  }

  void release(std::vector<PageId>& held) { truncate(held, 0); }

  // Pages that would be free if all of `holders` let go of theirs: those that nobody else holds.
  std::uint32_t freed_by(std::span<const std::vector<PageId>* const> holders) const {
    std::vector<std::uint32_t> left = holders_;
    std::uint32_t freed = 0;
    for (const auto* held : holders) {
      for (const PageId page : *held) freed += --left[page] == 0 ? 1 : 0;
    }
    return freed;
  }

private:
  std::vector<std::uint32_t> holders_;  // of each page
  std::vector<PageId> free_;            // the most recently freed page is taken first, while it is in the caches
};

}  // namespace shoal::engine
