#include "kernels/weight_table.h"

#include <string>

#include "base/check.h"

namespace shoal::kernels {
namespace {

constexpr Split whole{};
constexpr Split rows_of(std::uint32_t unit) { return {Split::By::rows, unit}; }
constexpr Split cols_of(std::uint32_t unit) { return {Split::By::cols, unit}; }

// One layer's weights, with the layer filled in.
struct Layer {
  const Spec& spec;
  const VisitWeight& visit;
  std::uint32_t index;

  void matrix(Part part, std::uint32_t rows, std::uint32_t cols, Split split, std::uint32_t expert = 0) const {
    visit({part, index, expert}, rows, cols, split);
  }
  void vector(Part part, std::uint32_t size) const { visit({part, index, 0}, 1, size, whole); }
  // A bias is divided as the rows of its matrix are.
  void bias(Part part, std::uint32_t size, Split split) const {
    visit({part, index, 0}, 1, size, split.by == Split::By::rows ? cols_of(split.unit) : whole);
  }
  void mlp(Part gate, Part up, Part down, std::uint32_t width, std::uint32_t expert = 0) const {
    matrix(gate, width, spec.hidden, rows_of(1), expert);
    matrix(up, width, spec.hidden, rows_of(1), expert);
    matrix(down, spec.hidden, width, cols_of(1), expert);
  }
};

void each_of(const Layer& layer, const MlaSpec& mla) {
  const std::uint32_t hidden = layer.spec.hidden;
  const std::uint32_t queries = mla.heads * mla.qk_dim();
  const std::uint32_t kv_unit = mla.nope_dim + mla.v_dim;
  if (mla.q_lora_rank == 0) {
    layer.matrix(Part::q, queries, hidden, rows_of(mla.qk_dim()));
  } else {
    layer.matrix(Part::q_a, mla.q_lora_rank, hidden, whole);
    if (mla.bias) layer.bias(Part::q_a_bias, mla.q_lora_rank, whole);
    layer.vector(Part::q_a_norm, mla.q_lora_rank);
    layer.matrix(Part::q_b, queries, mla.q_lora_rank, rows_of(mla.qk_dim()));
  }
  layer.matrix(Part::kv_a, mla.cache_dim(), hidden, whole);
  if (mla.bias) layer.bias(Part::kv_a_bias, mla.cache_dim(), whole);
  layer.vector(Part::kv_a_norm, mla.kv_lora_rank);
  layer.matrix(Part::kv_b, mla.heads * kv_unit, mla.kv_lora_rank, rows_of(kv_unit));
  layer.matrix(Part::o, hidden, mla.heads * mla.v_dim, cols_of(mla.v_dim));
  if (mla.bias) layer.bias(Part::o_bias, hidden, whole);
}

void each_of(const Layer& layer, const GqaSpec& gqa) {
  const std::uint32_t hidden = layer.spec.hidden;
  const Split by_head = rows_of(gqa.head_dim);
  const std::uint32_t queries = gqa.heads * gqa.head_dim;
  const std::uint32_t keys = gqa.kv_heads * gqa.head_dim;
  layer.matrix(Part::q, queries, hidden, by_head);
  layer.matrix(Part::k, keys, hidden, by_head);
  layer.matrix(Part::v, keys, hidden, by_head);
  if (gqa.qkv_bias) {
    layer.bias(Part::q_bias, queries, by_head);
    layer.bias(Part::k_bias, keys, by_head);
    layer.bias(Part::v_bias, keys, by_head);
  }
  layer.matrix(Part::o, hidden, queries, cols_of(gqa.head_dim));
}

void each_of(const Layer& layer, const MoeSpec& moe) {
  layer.matrix(Part::router, moe.experts, layer.spec.hidden, whole);
  if (moe.correction_bias) layer.bias(Part::router_bias, moe.experts, whole);
  for (std::uint32_t e = 0; e < moe.experts; ++e) {
    layer.mlp(Part::expert_gate, Part::expert_up, Part::expert_down, moe.width, e);
  }
  if (moe.shared > 0) layer.mlp(Part::shared_gate, Part::shared_up, Part::shared_down, moe.shared * moe.width);
}

}  // namespace

void each_weight(const Spec& spec, const VisitWeight& visit) {
  visit({Part::embed}, spec.vocab, spec.hidden, whole);
  if (!spec.tied_embeddings) visit({Part::head}, spec.vocab, spec.hidden, rows_of(1));
  visit({Part::final_norm}, 1, spec.hidden, whole);
  for (std::uint32_t i = 0; i < spec.layers; ++i) {
    const Layer layer{spec, visit, i};
    layer.vector(Part::attn_norm, spec.hidden);
    layer.vector(Part::mlp_norm, spec.hidden);
    std::visit([&](const auto& attention) { each_of(layer, attention); }, spec.attention);
    if (spec.is_moe(i)) {
      each_of(layer, *spec.moe);
    } else {
      layer.mlp(Part::gate, Part::up, Part::down, spec.dense_width);
    }
  }
}

Result<Share> share_of(std::uint32_t size, const Split& split, const Shard& shard) {
  SHOAL_CHECK(shard.rank < shard.ranks && split.unit > 0 && size % split.unit == 0);
  if (split.by == Split::By::nothing) return Share{0, size};
  const std::uint64_t units = size / split.unit;
  if (units < shard.ranks) {
    return Error{Code::bad_config, "a model cannot be divided among " + std::to_string(shard.ranks) +
                                       " ranks where a weight has " + std::to_string(units) +
                                       " heads: start it on fewer"};
  }
  const auto first = static_cast<std::uint32_t>(units * shard.rank / shard.ranks);
  const auto end = static_cast<std::uint32_t>(units * (shard.rank + 1) / shard.ranks);
  return Share{first * split.unit, (end - first) * split.unit};
}

}  // namespace shoal::kernels
