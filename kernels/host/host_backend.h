// A Backend in host memory: the default Blocks over a module's Ops, on the calling thread and those of its own pool.
// submit() computes at once, so wait() never blocks.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "kernels/backends.h"
#include "kernels/host/blocks.h"
#include "kernels/slots.h"

namespace shoal::kernels {

class HostBackend : public Backend {
public:
  // `threads` counts the calling one.
  HostBackend(const Module& module, MlaForm form, std::uint32_t threads = 1);

  // What `spec` takes, whichever the module. Fails as load() does, but for numbers that are not finite.
  static Result<ModelBytes> measure(const Spec& spec, TensorSource& source);

  // The form of attention is a part of how it rounds.
  DeviceInfo describe() const override { return info_; }
  Result<void> load(const Spec& spec, TensorSource& source, Shard shard, std::string_view numerics) override;
  Result<KvShape> reserve_kv(std::size_t bytes, std::uint32_t slots) override;
  void set_sampling(Slot slot, const SlotSampling& sampling) override { slots_.set_sampling(slot, sampling); }
  void set_mask(Slot slot, std::span<const std::uint32_t> allowed) override { slots_.set_mask(slot, allowed); }
  Ticket submit(std::span<const SeqStep> steps) override;
  Result<StepOutput> wait(Ticket ticket) override;
  void copy_pages(std::span<const PageCopy> copies) override;
  void on_progress(std::function<void()> progress) override { progress_ = std::move(progress); }

  // All KV memory, [layers, pages, page_tokens, cache_dim]; for tests that poison what nobody should read.
  std::span<float> kv();

private:
  std::size_t page_floats() const { return std::size_t{page_tokens} * spec_.cache_dim(); }

  Compute compute_;
  std::uint32_t tile_rows_;
  DeviceInfo info_;
  MlaForm form_;
  Spec spec_;
  Weights weights_;
  std::vector<double> frequencies_;
  Slots slots_;
  std::unique_ptr<Blocks> blocks_;
  std::unique_ptr<float[]> kv_;  // not initialised: the system gives memory as pages are first written
  std::uint32_t pages_ = 0;
  std::deque<StepOutput> open_;
  Ticket waited_ = 0;
  std::function<void()> progress_;
};

}  // namespace shoal::kernels
