#include "engine/checkpoint/names.h"

#include "base/check.h"

namespace shoal::engine {
namespace {

using kernels::Part;

WeightName expert_name(const std::string& layer, std::uint32_t expert, const char* which, WeightName fused) {
  fused.name = layer + "mlp.experts." + std::to_string(expert) + "." + which + "_proj.weight";
  fused.fused = layer + "mlp.experts." + fused.fused;
  return fused;
}

}  // namespace

WeightName weight_name(const kernels::WeightId& id) {
  const std::string layer = "model.layers." + std::to_string(id.layer) + ".";
  const auto plain = [](std::string name) { return WeightName{.name = std::move(name), .fused = {}}; };
  const auto attention = [&](const char* name) { return plain(layer + "self_attn." + name + ".weight"); };
  const auto bias = [&](const char* name) { return plain(layer + "self_attn." + name + ".bias"); };
  const auto mlp = [&](const char* name) { return plain(layer + "mlp." + name + ".weight"); };
  switch (id.part) {
    case Part::embed:
      return plain("model.embed_tokens.weight");
    case Part::final_norm:
      return plain("model.norm.weight");
    case Part::head:
      return plain("lm_head.weight");
    case Part::attn_norm:
      return plain(layer + "input_layernorm.weight");
    case Part::mlp_norm:
      return plain(layer + "post_attention_layernorm.weight");
    case Part::q:
      return attention("q_proj");
    case Part::q_a:
      return attention("q_a_proj");
    case Part::q_a_norm:
      return attention("q_a_layernorm");
    case Part::q_b:
      return attention("q_b_proj");
    case Part::kv_a:
      return attention("kv_a_proj_with_mqa");
    case Part::kv_a_norm:
      return attention("kv_a_layernorm");
    case Part::kv_b:
      return attention("kv_b_proj");
    case Part::o:
      return attention("o_proj");
    case Part::gate:
      return mlp("gate_proj");
    case Part::up:
      return mlp("up_proj");
    case Part::down:
      return mlp("down_proj");
    case Part::router:
      return mlp("gate");
    case Part::shared_gate:
      return mlp("shared_experts.gate_proj");
    case Part::shared_up:
      return mlp("shared_experts.up_proj");
    case Part::shared_down:
      return mlp("shared_experts.down_proj");
    case Part::k:
      return attention("k_proj");
    case Part::v:
      return attention("v_proj");
    case Part::q_bias:
      return bias("q_proj");
    case Part::k_bias:
      return bias("k_proj");
    case Part::v_bias:
      return bias("v_proj");
    case Part::q_a_bias:
      return bias("q_a_proj");
    case Part::kv_a_bias:
      return bias("kv_a_proj_with_mqa");
    case Part::o_bias:
      return bias("o_proj");
    case Part::router_bias:
      return plain(layer + "mlp.gate.e_score_correction_bias");
    case Part::expert_gate:
      return expert_name(layer, id.expert, "gate", {.name = {}, .fused = "gate_up_proj", .half = 0, .halves = 2});
    case Part::expert_up:
      return expert_name(layer, id.expert, "up", {.name = {}, .fused = "gate_up_proj", .half = 1, .halves = 2});
    case Part::expert_down:
      return expert_name(layer, id.expert, "down", {.name = {}, .fused = "down_proj"});
  }
  check_failed("a part of the model", __FILE__, __LINE__);
}

}  // namespace shoal::engine
