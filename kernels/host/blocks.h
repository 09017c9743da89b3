// The five parts of a forward pass. forward() is the loop over them, written once for all backends; the default bodies
// compose Ops, and a module overrides a part where fusing pays. A part leaves its output as `delta`, not yet added: the
// next part's first kernel adds and normalises in one pass (and, with several ranks, reduces).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/ids.h"
#include "kernels/backend.h"
#include "kernels/host/compute.h"
#include "kernels/host/ops.h"
#include "kernels/host/weights.h"
#include "kernels/slots.h"
#include "kernels/spec.h"

namespace shoal::kernels {

// Which of two equal formulas of attention a backend uses. Absorbed reads the latent as keys of all heads; expanded
// makes keys and values per head out of it.
enum class MlaForm : std::uint8_t { absorbed, expanded };

// A step laid out in rows, one per token, sequences one after the other.
struct Step {
  std::span<const SeqStep> sequences;
  std::vector<SeqRows> rows;         // [sequences]
  std::vector<TokenId> ids;          // [tokens]
  std::vector<std::uint32_t> slots;  // [tokens], where each row's KV goes
  std::vector<float> cos;            // [tokens, rope_dim / 2]
  std::vector<float> sin;
  std::vector<std::uint32_t> head_rows;  // rows whose logits are wanted

  std::uint32_t tokens() const { return static_cast<std::uint32_t>(ids.size()); }
};

// Lays out `sequences` for `spec`; `frequencies` are rope_frequencies(spec.rope, ...). Ids that slots drew are taken
// from them.
Step lay_out(std::span<const SeqStep> sequences, const Spec& spec, std::span<const double> frequencies,
             const Slots& slots);

// The residual stream.
struct Stream {
  Mat x;      // [tokens, hidden]
  Mat delta;  // [tokens, hidden], to be added to x; data is null before the first part
};

class Blocks {
public:
  // What is passed outlives the blocks. `kv` is [layers, pages, page_tokens, cache_dim].
  Blocks(const Spec& spec, const Weights& weights, Compute& compute, Slots& slots, MlaForm form);
  virtual ~Blocks() = default;

  void use_kv(float* kv, std::uint32_t pages);

  virtual void embed(Stream& stream, const Step& step);
  virtual void attention(Stream& stream, std::uint32_t layer, const Step& step);
  virtual void mlp(Stream& stream, std::uint32_t layer, const Step& step);
  virtual void moe(Stream& stream, std::uint32_t layer, const Step& step);
  virtual void head(Stream& stream, const Step& step, StepOutput& output);

protected:
  using Buffer = std::vector<float>;

  Mat scratch(Buffer& buffer, std::uint32_t rows, std::uint32_t cols);
  Mat normed(Stream& stream, const float* weight);
  Mat project(const LayerWeights& layer, const Mat& normed, const Mat& kv_rows);
  void attend_absorbed(const LayerWeights& layer, const Mat& q, const float* kv, const Step& step, const Mat& out);
  void sort_by_expert();
  void run_experts(const LayerWeights& layer, const Mat& x, const Mat& delta);
  float* kv_of(std::uint32_t layer) const;

  const Spec& spec_;
  const Weights& weights_;
  Compute& compute_;
  Slots& slots_;
  const MlaForm form_;
  const float scale_;  // of the softmax
  float* kv_ = nullptr;
  std::uint32_t pages_ = 0;

  // Scratch, kept between steps. Each is named after what it holds.
  Buffer x_, delta_, normed_, q_latent_, q_, kv_rows_, q_absorbed_, mixed_, heads_out_;
  Buffer gate_, up_, shared_gate_, shared_up_, router_logits_, route_weights_, expert_in_, expert_out_, expert_weights_,
      logits_;
  std::vector<std::uint32_t> route_experts_, expert_rows_, expert_ends_;
  std::vector<Matmul> matmuls_;
  std::vector<Gated> gated_;
};

// Calls `progress` once a layer when it is set.
StepOutput forward(Blocks& blocks, const Spec& spec, const Step& step, const std::function<void()>& progress);

}  // namespace shoal::kernels
