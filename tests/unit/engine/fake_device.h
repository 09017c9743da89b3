// A device that computes late: nothing of a step is done before its ticket is waited for, and until then it holds
// copies of what submit() was given, as a real device does. Its logits are a hash of the ids whose KV it finds in the
// pages, so a page that is lost, mixed or overwritten too early gives other ids. It checks what the engine promises a
// Backend.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "base/chain.h"
#include "base/check.h"
#include "kernels/backend.h"
#include "kernels/slots.h"

namespace shoal::engine {

class FakeDevice : public kernels::Backend {
public:
  static constexpr std::uint32_t vocab = 24;

  // Once in `not_finite` positions, by the hash, the logits are not finite; 0: never.
  FakeDevice(std::uint32_t pages, std::uint32_t slots, std::uint32_t not_finite = 0)
      : not_finite_(not_finite), kv_(std::size_t{pages} * page_tokens) {
    slots_.reserve(slots);
  }

  // The ticket from which on the device is lost.
  void lose_at(kernels::Ticket ticket) { lost_at_ = ticket; }

  // Steps that were submitted while another one was open.
  std::uint64_t overlapped() const { return overlapped_; }
  std::uint64_t drawn() const { return drawn_; }
  // Ids that were fed before anybody knew them.
  std::uint64_t fed_drawn() const { return fed_drawn_; }

  kernels::DeviceInfo describe() const override { return {.name = "fake", .numerics = "fake"}; }
  Result<void> load(const kernels::Spec&, kernels::TensorSource&, kernels::Shard, std::string_view) override {
    return {};
  }
  Result<kernels::KvShape> reserve_kv(std::size_t, std::uint32_t) override { return kernels::KvShape{}; }

  void set_sampling(kernels::Slot slot, const kernels::SlotSampling& sampling) override {
    set_.insert(slot);
    drawing_.erase(slot);
    queue_.push_back([this, slot, params = sampling.params, choice = sampling.choice,
                      prompt = std::vector<TokenId>(sampling.prompt.begin(), sampling.prompt.end()),
                      generated = std::vector<TokenId>(sampling.generated.begin(), sampling.generated.end())] {
      slots_.set_sampling(slot, {.params = params, .choice = choice, .prompt = prompt, .generated = generated});
    });
  }
  void set_mask(kernels::Slot, std::span<const std::uint32_t>) override {}

  kernels::Ticket submit(std::span<const kernels::SeqStep> steps) override {
    const kernels::Ticket ticket = ++submitted_;
    SHOAL_CHECK(submitted_ - waited_ <= 2);
    overlapped_ += submitted_ - waited_ > 1;
    std::set<kernels::PageId> pages;
    std::set<kernels::Slot> slots;
    std::vector<Copy> copies;
    for (const kernels::SeqStep& step : steps) {
      SHOAL_CHECK(slots.insert(step.slot).second && set_.contains(step.slot));
      for (const kernels::PageId page : step.pages) SHOAL_CHECK(pages.insert(page).second);
      SHOAL_CHECK(step.tokens() > 0 && step.pages.size() * page_tokens >= step.first + step.tokens());
      if (step.feeds_drawn) {
        const auto drawn = drawing_.find(step.slot);
        SHOAL_CHECK(drawn != drawing_.end() && drawn->second > waited_);  // by a step that is open
        ++fed_drawn_;
      }
      if (step.draws) drawing_[step.slot] = ticket;
      copies.push_back({step, {step.pages.begin(), step.pages.end()}, {step.ids.begin(), step.ids.end()}});
    }
    queue_.push_back([this, copies = std::move(copies)] { compute(copies); });
    due_.push_back(queue_.size() + done_);
    return ticket;
  }

  Result<kernels::StepOutput> wait(kernels::Ticket ticket) override {
    SHOAL_CHECK(ticket == waited_ + 1 && ticket <= submitted_);
    if (lost_at_ != 0 && ticket >= lost_at_) return Error{Code::io, "the device is lost"};
    ++waited_;
    for (; done_ < due_.front(); ++done_) {
      queue_.front()();
      queue_.pop_front();
    }
    due_.pop_front();
    kernels::StepOutput output = std::move(output_);
    output_ = {};
    return output;
  }

  void copy_pages(std::span<const kernels::PageCopy>) override {}
  void on_progress(std::function<void()>) override {}

private:
  struct Copy {
    kernels::SeqStep step;
    std::vector<kernels::PageId> pages;
    std::vector<TokenId> ids;
  };

  Chain& entry(const Copy& copy, std::uint32_t index) {
    return kv_.at(std::size_t{copy.pages.at(index / page_tokens)} * page_tokens + index % page_tokens);
  }

  // The KV of an id is the chain over all ids up to it.
  void compute(const std::vector<Copy>& copies) {
    for (const Copy& copy : copies) {
      const kernels::SeqStep& step = copy.step;
      const TokenId fed = slots_.drawn(step.slot);
      Chain chain = step.first == 0 ? 0 : entry(copy, step.first - 1);
      for (std::uint32_t i = 0; i < step.tokens(); ++i) {
        chain = chain_next(chain, step.feeds_drawn ? fed : copy.ids[i]);
        entry(copy, step.first + i) = chain;
      }
      if (!step.draws) {
        output_.ids.push_back(kernels::no_token);
      } else if ((step.feeds_drawn && fed == kernels::no_token) || (not_finite_ != 0 && chain % not_finite_ == 0)) {
        slots_.record(step.slot, kernels::no_token, output_);
      } else {
        std::vector<float> logits(vocab);
        for (TokenId id = 0; id < vocab; ++id) logits[id] = static_cast<float>((chain >> id) % 64) / 16;
        slots_.draw(step.slot, logits, *step.draws, output_);
        ++drawn_;
      }
    }
  }

  std::uint32_t not_finite_;
  kernels::Ticket lost_at_ = 0;
  std::vector<Chain> kv_;  // [pages, page_tokens]
  kernels::Slots slots_;
  std::set<kernels::Slot> set_;
  std::map<kernels::Slot, kernels::Ticket> drawing_;  // the last step that draws for the slot
  std::deque<std::function<void()>> queue_;           // in the order of the calls
  std::deque<std::uint64_t> due_;                     // how many of all calls are done once each open ticket is
  std::uint64_t done_ = 0;
  kernels::Ticket submitted_ = 0;
  kernels::Ticket waited_ = 0;
  kernels::StepOutput output_;
  std::uint64_t overlapped_ = 0;
  std::uint64_t fed_drawn_ = 0;
  std::uint64_t drawn_ = 0;
};

}  // namespace shoal::engine
