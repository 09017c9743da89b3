// EchoBackend: the engine behind the model name `bytes`, without weights. Ids are bytes; the answer repeats the prompt
// and ends with bytes_eos_id. Its KV is the ids themselves, kept in pages as a real model keeps keys, so a scheduler
// that loses, mixes or overwrites pages gives wrong bytes. Deterministic; lives on the engine's thread.
//
// Where penalties, log probabilities, a bias or a mask are asked for, it has logits: 8 for the id that comes next, 1
// for the end, 0 for all others. It draws the largest at every temperature, so an id that is penalised by more than 7
// ends the answer.
#pragma once

#include <functional>
#include <vector>

#include "kernels/backend.h"
#include "kernels/slots.h"

namespace shoal::kernels {

class EchoBackend : public Backend {
public:
  enum class Mode {
    repeat,  // id p is prompt byte p, then bytes_eos_id: a function of the prompt and p
    salted,  // id p is a hash of all ids before it, a byte: a splice of two histories shows; never ends by itself
  };

  explicit EchoBackend(Mode mode = Mode::repeat) : mode_(mode) {}

  DeviceInfo describe() const override { return {.name = "echo", .numerics = "echo"}; }
  Result<void> load(const Spec& spec, TensorSource& source, Shard shard, std::string_view numerics) override;
  Result<KvShape> reserve_kv(std::size_t bytes, std::uint32_t slots) override;
  void set_sampling(Slot slot, const SlotSampling& sampling) override;
  void set_mask(Slot slot, std::span<const std::uint32_t> allowed) override { slots_.set_mask(slot, allowed); }
  Ticket submit(std::span<const SeqStep> steps) override;
  Result<StepOutput> wait(Ticket ticket) override;
  void copy_pages(std::span<const PageCopy> copies) override;
  void on_progress(std::function<void()> progress) override { progress_ = std::move(progress); }

private:
  TokenId& entry(const SeqStep& step, std::uint32_t index);
  TokenId next(const SeqStep& step, Position position);
  void draw(const SeqStep& step, Position position, StepOutput& output);

  Mode mode_;
  Slots slots_;
  std::vector<float> logits_;
  std::vector<TokenId> kv_;  // [pages, page_tokens]
  std::vector<StepOutput> open_;
  Ticket waited_ = 0;
  std::function<void()> progress_;
};

}  // namespace shoal::kernels
