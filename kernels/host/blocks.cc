#include "kernels/host/blocks.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "base/check.h"

namespace shoal::kernels {

Blocks::Blocks(const Spec& spec, const Weights& weights, Compute& compute, Slots& slots, MlaForm form)
    : spec_(spec),
      weights_(weights),
      compute_(compute),
      slots_(slots),
      form_(form),
      scale_(static_cast<float>(softmax_scale(spec))) {}

void Blocks::use_kv(float* kv, std::uint32_t pages) {
  kv_ = kv;
  pages_ = pages;
}

void Blocks::embed(Stream& stream, const Step& step) {
  stream.x = scratch(x_, step.tokens(), spec_.hidden);
  stream.delta = {};
  compute_.ops().embed({.table = weights_.embed, .ids = step.ids, .out = stream.x});
}

void Blocks::attention(Stream& stream, std::uint32_t layer_index, const Step& step) {
  const LayerWeights& layer = weights_.layers[layer_index];
  const MlaSpec& mla = spec_.mla();
  const auto eps = static_cast<float>(spec_.latent_norm_eps);
  const Mat x = normed(stream, layer.attn_norm);

  const Mat rows = scratch(kv_rows_, x.rows, mla.cache_dim());
  const Mat q = project(layer, x, rows);

  // Rows of the cache: the latent normalised, the rope key turned.
  const Mat latent = rows.columns(0, mla.kv_lora_rank);
  compute_.rms_norm({.x = latent, .delta = {}, .weight = layer.kv_a_norm, .eps = eps, .out = latent});
  Rope rope{.x = rows.columns(mla.kv_lora_rank, mla.rope_dim),
            .heads = 1,
            .head_stride = 0,
            .dim = mla.rope_dim,
            .interleaved = spec_.rope.interleaved,
            .cos = step.cos.data(),
            .sin = step.sin.data()};
  compute_.ops().rope(rope);
  compute_.ops().store_kv({.rows = rows, .slots = step.slots, .kv = kv_of(layer_index)});

  rope.x = q.columns(mla.nope_dim, q.cols - mla.nope_dim);
  rope.heads = mla.heads;
  rope.head_stride = mla.qk_dim();
  compute_.ops().rope(rope);

  const Mat out = scratch(heads_out_, x.rows, mla.heads * mla.v_dim);
  if (form_ == MlaForm::absorbed) {
    attend_absorbed(layer, q, kv_of(layer_index), step, out);
  } else {
    compute_.ops().attention_expanded({.q = q,
                                       .kv = kv_of(layer_index),
                                       .sequences = step.rows,
                                       .mla = mla,
                                       .kv_b = layer.kv_b,
                                       .scale = scale_,
                                       .out = out});
  }
  stream.delta = scratch(delta_, x.rows, spec_.hidden);
  compute_.matmul({.x = out, .w = layer.o, .y = stream.delta});
}

// Everything that is made of x alone: what is to be cached, and the queries.
Mat Blocks::project(const LayerWeights& layer, const Mat& x, const Mat& kv_rows) {
  const MlaSpec& mla = spec_.mla();
  const Mat q = scratch(q_, x.rows, mla.heads * mla.qk_dim());
  const Matmul kv{.x = x, .w = layer.kv_a, .y = kv_rows};
  if (mla.q_lora_rank == 0) {
    compute_.matmuls(std::array{kv, Matmul{.x = x, .w = layer.q, .y = q}});
    return q;
  }
  const Mat latent = scratch(q_latent_, x.rows, mla.q_lora_rank);
  compute_.matmuls(std::array{kv, Matmul{.x = x, .w = layer.q_a, .y = latent}});
  compute_.rms_norm({.x = latent,
                     .delta = {},
                     .weight = layer.q_a_norm,
                     .eps = static_cast<float>(spec_.latent_norm_eps),
                     .out = latent});
  compute_.matmul({.x = latent, .w = layer.q_b, .y = q});
  return q;
}

// q_nope moves into the latent's space, so that the latent itself is the key; the result comes back out of it.
void Blocks::attend_absorbed(const LayerWeights& layer, const Mat& q, const float* kv, const Step& step,
                             const Mat& out) {
  const MlaSpec& mla = spec_.mla();
  const Mat absorbed = scratch(q_absorbed_, q.rows, mla.heads * mla.cache_dim());
  matmuls_.clear();
  for (std::uint32_t h = 0; h < mla.heads; ++h) {
    const Mat head = absorbed.columns(h * mla.cache_dim(), mla.cache_dim());
    matmuls_.push_back({.x = q.columns(h * mla.qk_dim(), mla.nope_dim),
                        .w = layer.absorb.slice(h * mla.kv_lora_rank, mla.kv_lora_rank),
                        .y = head.columns(0, mla.kv_lora_rank)});
    for (std::uint32_t r = 0; r < q.rows; ++r) {
      std::copy_n(q.row(r) + std::size_t{h} * mla.qk_dim() + mla.nope_dim, mla.rope_dim,
                  head.row(r) + mla.kv_lora_rank);
    }
  }
  compute_.matmuls(matmuls_);
  const Mat mixed = scratch(mixed_, q.rows, mla.heads * mla.kv_lora_rank);
  compute_.attention_mla({.q = absorbed,
                          .kv = kv,
                          .sequences = step.rows,
                          .heads = mla.heads,
                          .latent_dim = mla.kv_lora_rank,
                          .cache_dim = mla.cache_dim(),
                          .scale = scale_,
                          .out = mixed});
  matmuls_.clear();
  for (std::uint32_t h = 0; h < mla.heads; ++h) {
    matmuls_.push_back({.x = mixed.columns(h * mla.kv_lora_rank, mla.kv_lora_rank),
                        .w = layer.kv_b.slice(h * (mla.nope_dim + mla.v_dim) + mla.nope_dim, mla.v_dim),
                        .y = out.columns(h * mla.v_dim, mla.v_dim)});
  }
  compute_.matmuls(matmuls_);
}

void Blocks::mlp(Stream& stream, std::uint32_t layer, const Step&) {
  const Mat x = normed(stream, weights_.layers[layer].mlp_norm);
  const MlpWeights& mlp = weights_.layers[layer].mlp;
  stream.delta = scratch(delta_, x.rows, spec_.hidden);
  const Mat gate = scratch(gate_, x.rows, mlp.gate.rows);
  const Gated gated{.x = x, .gate = mlp.gate, .up = mlp.up, .scratch = scratch(up_, x.rows, mlp.up.rows), .out = gate};
  compute_.gated({&gated, 1});
  compute_.matmul({.x = gate, .w = mlp.down, .y = stream.delta});
}

void Blocks::moe(Stream& stream, std::uint32_t layer_index, const Step&) {
  const LayerWeights& layer = weights_.layers[layer_index];
  const MoeSpec& moe = *spec_.moe;
  const Mat x = normed(stream, layer.mlp_norm);
  const Mat logits = scratch(router_logits_, x.rows, moe.experts);
  compute_.matmul({.x = x, .w = layer.router, .y = logits});
  route_experts_.resize(std::size_t{x.rows} * moe.per_token);
  route_weights_.resize(route_experts_.size());
  compute_.ops().route(
      {.logits = logits, .moe = moe, .experts = route_experts_.data(), .weights = route_weights_.data()});
  sort_by_expert();
  stream.delta = scratch(delta_, x.rows, spec_.hidden);
  run_experts(layer, x, stream.delta);
}

// What each expert gets, experts by number and rows in order: expert e has places [expert_ends_[e - 1],
// expert_ends_[e]) of expert_rows_ and expert_weights_.
void Blocks::sort_by_expert() {
  const MoeSpec& moe = *spec_.moe;
  expert_ends_.assign(moe.experts, 0);
  for (const std::uint32_t expert : route_experts_) ++expert_ends_[expert];
  std::exclusive_scan(expert_ends_.begin(), expert_ends_.end(), expert_ends_.begin(), 0u);
  expert_rows_.resize(route_experts_.size());
  expert_weights_.resize(route_experts_.size());
  for (std::size_t i = 0; i < route_experts_.size(); ++i) {
    const std::uint32_t place = expert_ends_[route_experts_[i]]++;
    expert_rows_[place] = static_cast<std::uint32_t>(i / moe.per_token);
    expert_weights_[place] = route_weights_[i];
  }
}

// Two batches, all experts at once: gate and up, then down. Then shared experts first and routed ones by number: each
// row adds in that order, whatever the batch.
void Blocks::run_experts(const LayerWeights& layer, const Mat& x, const Mat& delta) {
  const MoeSpec& moe = *spec_.moe;
  const auto places = static_cast<std::uint32_t>(expert_rows_.size());
  const Mat in = scratch(expert_in_, places, x.cols);
  const Mat gate = scratch(gate_, places, moe.width);
  const Mat up = scratch(up_, places, moe.width);
  const Mat out = scratch(expert_out_, places, delta.cols);
  for (std::uint32_t i = 0; i < places; ++i) std::copy_n(x.row(expert_rows_[i]), x.cols, in.row(i));

  gated_.clear();
  matmuls_.clear();
  if (moe.shared > 0) {
    const Mat shared = scratch(shared_gate_, x.rows, layer.shared.gate.rows);
    gated_.push_back({.x = x,
                      .gate = layer.shared.gate,
                      .up = layer.shared.up,
                      .scratch = scratch(shared_up_, x.rows, layer.shared.up.rows),
                      .out = shared});
    matmuls_.push_back({.x = shared, .w = layer.shared.down, .y = delta});
  } else {
    std::fill_n(delta.data, std::size_t{delta.rows} * delta.cols, 0.0f);
  }
  for (std::uint32_t e = 0, first = 0; e < moe.experts; first = expert_ends_[e++]) {
    const MlpWeights& expert = layer.experts[e];
    const std::uint32_t rows = expert_ends_[e] - first;
    if (rows == 0) continue;
    gated_.push_back({.x = in.range(first, rows),
                      .gate = expert.gate,
                      .up = expert.up,
                      .scratch = up.range(first, rows),
                      .out = gate.range(first, rows)});
    matmuls_.push_back({.x = gate.range(first, rows), .w = expert.down, .y = out.range(first, rows)});
  }
  compute_.gated(gated_);
  compute_.matmuls(matmuls_);
  compute_.add_scaled({.x = out, .row_of = expert_rows_, .weights = expert_weights_.data(), .y = delta});
}

void Blocks::head(Stream& stream, const Step& step, StepOutput& output) {
  const auto rows = static_cast<std::uint32_t>(step.head_rows.size());
  const Mat wanted = scratch(expert_in_, rows, spec_.hidden);
  const Mat delta = scratch(expert_out_, rows, spec_.hidden);
  for (std::uint32_t r = 0; r < rows; ++r) {
    std::copy_n(stream.x.row(step.head_rows[r]), spec_.hidden, wanted.row(r));
    std::copy_n(stream.delta.row(step.head_rows[r]), spec_.hidden, delta.row(r));
  }
  compute_.rms_norm({.x = wanted,
                     .delta = delta,
                     .weight = weights_.final_norm,
                     .eps = static_cast<float>(spec_.norm_eps),
                     .out = wanted});
  const Mat logits = scratch(logits_, rows, spec_.vocab);
  compute_.matmul({.x = wanted, .w = weights_.head, .y = logits});

  std::uint32_t next = 0;
  for (const SeqStep& sequence : step.sequences) {
    const std::uint32_t count = sequence.tokens();
    const std::uint32_t taken = !sequence.logits.empty() ? count : sequence.draws ? 1 : 0;
    if (!sequence.logits.empty()) {
      SHOAL_CHECK(sequence.logits.size() == std::size_t{count} * spec_.vocab);
      std::copy_n(logits.row(next), sequence.logits.size(), sequence.logits.begin());
    }
    next += taken;
    if (!sequence.draws) {
      output.ids.push_back(no_token);
    } else if (sequence.feeds_drawn && slots_.drawn(sequence.slot) == no_token) {
      slots_.record(sequence.slot, no_token, output);
    } else {
      slots_.draw(sequence.slot, {logits.row(next - 1), spec_.vocab}, *sequence.draws, output);
    }
  }
}

Mat Blocks::scratch(Buffer& buffer, std::uint32_t rows, std::uint32_t cols) {
  buffer.resize(std::size_t{rows} * cols);
  return {buffer.data(), rows, cols, cols};
}

Mat Blocks::normed(Stream& stream, const float* weight) {
  const Mat out = scratch(normed_, stream.x.rows, spec_.hidden);
  compute_.rms_norm(
      {.x = stream.x, .delta = stream.delta, .weight = weight, .eps = static_cast<float>(spec_.norm_eps), .out = out});
  return out;
}

float* Blocks::kv_of(std::uint32_t layer) const {
  return kv_ + std::size_t{layer} * pages_ * page_tokens * spec_.cache_dim();
}

}  // namespace shoal::kernels
