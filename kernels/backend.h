// All that the engine sees of a device. One Backend is one rank: one device, made and used on one thread (the engine's)
// from load() to its end. A simulator or a test fakes a model by implementing this interface (echo/ is one without
// weights); a device that computes later than submit() copies what it needs of the spans that it is given there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/page.h"
#include "base/result.h"
#include "kernels/sampling.h"
#include "kernels/spec.h"
#include "kernels/tensor.h"

namespace shoal::kernels {

using PageId = std::uint32_t;  // a KV page of page_tokens tokens, in all layers
using Slot = std::uint32_t;    // a running sequence's place on the device, the same as long as it runs

// A sampled id that does not exist: the step ended inside the known ids, or its logits were not finite.
inline constexpr TokenId no_token = UINT32_MAX;

struct DeviceInfo {
  std::string name;      // "cpu_avx2"
  std::string numerics;  // of everything that changes logits by rounding; "ref fp32": as module `ref` rounds
};

struct KvShape {
  std::uint32_t pages = 0;  // page ids are [0, pages)
  std::size_t page_bytes = 0;
};

// Which part of the model a Backend holds.
struct Shard {
  std::uint32_t rank = 0;
  std::uint32_t ranks = 1;
};

// How the ids of a slot are drawn (sampling.h has the order in which all of it acts).
struct SlotSampling {
  SamplingParams params{};
  Choice choice = 0;
  std::span<const TokenId> prompt{};     // what penalties count; from here on the device counts what it draws
  std::span<const TokenId> generated{};  // so far
  std::span<const LogitBias> bias{};
};

// What one sequence does in a step: appends ids at index `first` of its own ids (prompt and generated ones counted
// together). Its KV of [0, first) lies in `pages`, which already cover first + tokens().
struct SeqStep {
  Slot slot = 0;  // at most once in a step
  std::span<const PageId> pages{};
  std::uint32_t first = 0;
  std::span<const TokenId> ids{};
  bool feeds_drawn = false;         // in place of `ids`: the one id that the open ticket draws for this slot
  std::optional<Position> draws{};  // of the id to draw; without it the ids end before the last known one
  std::span<float> logits{};        // empty, or [tokens(), vocab]: receives every row by wait(); for tests and goldens

  std::uint32_t tokens() const { return feeds_drawn ? 1 : static_cast<std::uint32_t>(ids.size()); }
};

struct StepOutput {
  // One a SeqStep, in order. no_token where nothing was drawn: nothing was to be, the row's logits were not finite, no
  // id is allowed, or the id that was to be fed was none.
  std::vector<TokenId> ids{};
  std::vector<IdLogprobs> logprobs{};  // of the SeqSteps that draw with params.logprobs, in order
};

using Ticket = std::uint64_t;

// From page `from` to page `to`, all layers.
struct PageCopy {
  PageId from = 0;
  PageId to = 0;
};

// Steps, changes of slots and copies take effect in the order of the calls: a page or slot that an open step uses may
// be given to another sequence by the next call.
class Backend {
public:
  virtual ~Backend() = default;

  virtual DeviceInfo describe() const = 0;

  // Takes the shard's part of the weights that `spec` asks for; all packing happens in here. Once, before everything
  // else but on_progress(). Fails with what `source` fails with, bad_checkpoint for a spec that this backend cannot
  // run, and bad_config for a shard or for `numerics` that it does not have; no numerics are its own choice.
  virtual Result<void> load(const Spec& spec, TensorSource& source, Shard shard, std::string_view numerics) = 0;

  // Sets aside at most `bytes` for KV pages, and what `slots` sequences need to run at once; once, after load.
  // too_large if not even one page fits.
  virtual Result<KvShape> reserve_kv(std::size_t bytes, std::uint32_t slots) = 0;

  // Takes the slot for another sequence, or anew for the same one: nothing remains of before, a mask neither.
  virtual void set_sampling(Slot slot, const SlotSampling& sampling) = 0;

  // The ids that the slot may draw from now on: bit id % 32 of word id / 32, for the whole vocabulary. Empty: all.
  virtual void set_mask(Slot slot, std::span<const std::uint32_t> allowed) = 0;

  // Starts a step over all sequences. At most two tickets are open at a time, waited for in order. An id must be below
  // the vocabulary and a page below KvShape::pages: the engine has checked what came from outside. Spans are read in
  // here and not later.
  virtual Ticket submit(std::span<const SeqStep> steps) = 0;

  // Fails with io once the device is lost: nothing more comes of it.
  virtual Result<StepOutput> wait(Ticket ticket) = 0;

  virtual void copy_pages(std::span<const PageCopy> copies) = 0;

  // Called as the device gets on, on the engine's thread: once a weight in load(), inside a step as it can (a CPU: once
  // a layer). For liveness alone.
  virtual void on_progress(std::function<void()> progress) = 0;
};

}  // namespace shoal::kernels
