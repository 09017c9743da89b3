// All that the engine sees of a device. One Backend is one rank: one device, used from one thread (the engine's).
// A simulator or a test fakes a model by implementing this interface (echo.h is one in forty lines).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/page.h"
#include "base/result.h"
#include "kernels/sampling.h"
#include "kernels/spec.h"
#include "kernels/tensor.h"

namespace shoal::kernels {

using PageId = std::uint32_t;  // a KV page of page_tokens tokens, in all layers

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

// How the next id of a sequence is drawn at the end of a step.
struct SampleStep {
  SamplingParams params{};
  Choice choice = 0;
  Position position = 0;          // of the id being drawn
  const SeenIds* seen = nullptr;  // the sequence's ids, for penalties; valid until wait()
};

// What one sequence does in a step: appends `ids` at index `first` of its own ids (prompt and generated ones counted
// together). Its KV of [0, first) lies in `pages`, which already cover first + ids.size(). Spans stay valid until
// wait().
struct SeqStep {
  std::span<const PageId> pages{};
  std::uint32_t first = 0;
  std::span<const TokenId> ids{};
  const SampleStep* sample = nullptr;  // null: the ids end before the last known one, nothing is drawn
  std::span<float> logits{};           // empty, or [ids.size(), vocab]: receives every row, for tests and goldens
};

struct StepOutput {
  // One a SeqStep, in order. no_token where nothing was drawn: nothing was to be, or the row's logits were not finite.
  std::vector<TokenId> ids{};
  std::vector<IdLogprobs> logprobs{};  // of the SeqSteps that draw with params.logprobs, in order
};

using Ticket = std::uint64_t;

// From page `from` to page `to`, all layers.
struct PageCopy {
  PageId from = 0;
  PageId to = 0;
};

class Backend {
public:
  virtual ~Backend() = default;

  virtual DeviceInfo describe() const = 0;

  // Takes the weights that `spec` asks for; all packing happens in here. Once, before everything else.
  // Fails with what `source` fails with, or bad_checkpoint for a spec that this backend cannot run.
  virtual Result<void> load(const Spec& spec, TensorSource& source) = 0;

  // Sets aside at most `bytes` for KV pages, once, after load. too_large if not even one page fits.
  virtual Result<KvShape> reserve_kv(std::size_t bytes) = 0;

  // Starts a step over all sequences. At most two tickets are open at a time, waited for in order. An id must be below
  // the vocabulary and a page below KvShape::pages: the engine has checked what came from outside.
  virtual Ticket submit(std::span<const SeqStep> steps) = 0;
  virtual StepOutput wait(Ticket ticket) = 0;

  virtual void copy_pages(std::span<const PageCopy> copies) = 0;

  // Called as the device gets on inside a step (a CPU: once a layer), on the engine's thread. For liveness alone.
  virtual void on_progress(std::function<void()> progress) = 0;
};

}  // namespace shoal::kernels
