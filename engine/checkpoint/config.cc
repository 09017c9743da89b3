#include "engine/checkpoint/config.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/limits.h"
#include "engine/checkpoint/json_fields.h"

namespace shoal::engine {
namespace {

using kernels::Gating;
using kernels::MlaSpec;
using kernels::MoeSpec;
using kernels::RopeSpec;
using kernels::Spec;
using kernels::YarnSpec;

constexpr std::uint32_t vocab_max = 1u << 22;
constexpr std::uint32_t width_max = 1u << 18;  // of any matrix side that is not the vocabulary
constexpr std::uint32_t layers_max = 1024;
constexpr std::uint32_t heads_max = 1024;
constexpr std::uint32_t head_dim_max = 4096;
constexpr std::uint32_t experts_max = 4096;

MlaSpec read_mla(JsonFields& fields) {
  MlaSpec mla;
  mla.heads = fields.count("num_attention_heads", heads_max);
  mla.q_lora_rank = fields.count_or_zero("q_lora_rank", width_max, 0);
  mla.kv_lora_rank = fields.count("kv_lora_rank", width_max);
  mla.nope_dim = fields.count("qk_nope_head_dim", head_dim_max);
  mla.rope_dim = fields.count("qk_rope_head_dim", head_dim_max);
  mla.v_dim = fields.count("v_head_dim", head_dim_max);
  if (mla.rope_dim % 2 != 0) fields.fail("qk_rope_head_dim", "expected an even number");
  if (fields.flag("attention_bias", false)) fields.fail("attention_bias", "expected false");
  return mla;
}

// Every key that transformers knows of YaRN, and of no scaling. Others would change the angles without a word.
constexpr std::array<std::string_view, 12> rope_keys = {"rope_theta",
                                                        "rope_type",
                                                        "type",
                                                        "factor",
                                                        "original_max_position_embeddings",
                                                        "beta_fast",
                                                        "beta_slow",
                                                        "mscale",
                                                        "truncate",
                                                        "mscale_all_dim",
                                                        "attention_factor",
                                                        "partial_rotary_factor"};

// The scaling stands in rope_scaling (older) or, with the base, in rope_parameters (newer).
RopeSpec read_rope(JsonFields& fields, const std::string& where) {
  RopeSpec rope;
  rope.interleaved = fields.flag("rope_interleave", true);
  rope.theta = fields.number("rope_theta", 1, 1e12, 10000);
  const bool newer = fields.has("rope_parameters");
  const char* key = newer ? "rope_parameters" : "rope_scaling";
  if (!fields.has(key)) return rope;
  if (newer && fields.has("rope_scaling") && fields.at("rope_scaling") != fields.at(key)) {
    fields.fail("rope_scaling", "expected nothing beside rope_parameters, or the same");
    return rope;
  }
  if (!fields.at(key).is_object()) {
    fields.fail(key, "expected an object");
    return rope;
  }
  JsonFields scaling{fields.at(key), where + ": " + key};
  scaling.only(rope_keys);
  rope.theta = scaling.number("rope_theta", 1, 1e12, rope.theta);
  const char* type_key = scaling.has("rope_type") ? "rope_type" : "type";
  const std::string type = scaling.text(type_key, "default");
  if (scaling.text("type", type.c_str()) != type) scaling.fail("type", "expected the same as rope_type");
  if (scaling.number("partial_rotary_factor", 0, 1, 1) != 1) scaling.fail("partial_rotary_factor", "expected 1");
  if (!scaling.flag("truncate", true)) scaling.fail("truncate", "expected true");
  if (type == "yarn") {
    rope.yarn = YarnSpec{.factor = scaling.number("factor", 1, 1e6),
                         .original_context = scaling.number("original_max_position_embeddings", 1, 1e9),
                         .beta_fast = scaling.number("beta_fast", 1e-6, 1e6, 32),
                         .beta_slow = scaling.number("beta_slow", 1e-6, 1e6, 1),
                         .mscale = scaling.number("mscale", 0, 1e3, 1),
                         .mscale_all_dim = scaling.number("mscale_all_dim", 0, 1e3, 0)};
    if (scaling.has("attention_factor")) rope.yarn->magnitude = scaling.number("attention_factor", 1e-3, 1e3);
  } else if (type != "default") {
    scaling.fail(type_key, "expected yarn or default");
  }
  if (scaling.error()) fields.adopt(*scaling.error());
  return rope;
}

std::optional<MoeSpec> read_moe(JsonFields& fields) {
  if (!fields.has("n_routed_experts")) return std::nullopt;
  MoeSpec moe;
  moe.experts = fields.count("n_routed_experts", experts_max);
  moe.per_token = fields.count("num_experts_per_tok", moe.experts);
  moe.shared = fields.count_or_zero("n_shared_experts", 64, 0);
  moe.width = fields.count("moe_intermediate_size", width_max / 64);
  moe.norm_topk = fields.flag("norm_topk_prob", false);
  moe.routed_scale = fields.number("routed_scaling_factor", 0, 1e6, 1);
  moe.first_layer = fields.count_or_zero("first_k_dense_replace", layers_max, 0);
  moe.every = fields.count("moe_layer_freq", layers_max, 1);
  if (fields.text("scoring_func", "softmax") != "softmax") fields.fail("scoring_func", "expected softmax");
  const std::string method = fields.text("topk_method", "greedy");
  if (method == "group_limited_greedy") {
    moe.gating = Gating::group_limited_greedy;
    moe.groups = fields.count("n_group", moe.experts, 1);
    moe.top_groups = fields.count("topk_group", moe.groups, 1);
    if (moe.experts % moe.groups != 0) fields.fail("n_group", "expected a divisor of n_routed_experts");
    if (moe.per_token > moe.top_groups * (moe.experts / moe.groups)) {
      fields.fail("topk_group", "expected groups with at least num_experts_per_tok experts");
    }
  } else if (method != "greedy") {
    fields.fail("topk_method", "expected greedy or group_limited_greedy");
  }
  return moe;
}

}  // namespace

Result<Spec> read_spec(const std::filesystem::path& config_json) {
  auto json = read_json(config_json);
  if (!json) return std::move(json).error();
  JsonFields fields{*json, config_json.string()};
  if (fields.text("model_type", "") != "deepseek_v2") fields.fail("model_type", "expected deepseek_v2");
  if (fields.error()) return *fields.error();

  Spec spec;
  spec.architecture = kernels::Architecture::deepseek_v2;
  spec.vocab = fields.count("vocab_size", vocab_max);
  spec.hidden = fields.count("hidden_size", width_max);
  spec.layers = fields.count("num_hidden_layers", layers_max);
  spec.context = std::min(fields.count("max_position_embeddings", UINT32_MAX), limits::context_tokens_max);
  spec.dense_width = fields.count("intermediate_size", width_max);
  spec.norm_eps = fields.number("rms_norm_eps", 1e-12, 1, 1e-6);
  spec.tied_embeddings = fields.flag("tie_word_embeddings", false);
  spec.attention = read_mla(fields);
  spec.rope = read_rope(fields, config_json.string());
  spec.moe = read_moe(fields);
  if (fields.text("hidden_act", "silu") != "silu") fields.fail("hidden_act", "expected silu");
  if (fields.has("quantization_config")) fields.fail("quantization_config", "expected unquantised weights");
  if (fields.error()) return *fields.error();
  return spec;
}

Result<std::vector<TokenId>> read_eos_ids(const std::filesystem::path& directory, std::uint32_t vocab) {
  std::filesystem::path path = directory / "generation_config.json";
  Json json = Json::object();
  for (const char* name : {"generation_config.json", "config.json"}) {
    path = directory / name;
    if (!std::filesystem::exists(path)) continue;
    auto read = read_json(path);
    if (!read) return std::move(read).error();
    json = std::move(*read);
    if (json.contains("eos_token_id") && !json["eos_token_id"].is_null()) break;
  }
  JsonFields fields{json, path.string()};
  std::vector<TokenId> ids;
  Json list = json.value("eos_token_id", Json());
  if (!list.is_array()) list = Json::array({list});
  for (const Json& id : list) {
    if (!id.is_number_unsigned() || id.get<std::uint64_t>() >= vocab) {
      fields.fail("eos_token_id", "expected ids below vocab_size " + std::to_string(vocab));
      return *fields.error();
    }
    ids.push_back(id.get<TokenId>());
  }
  if (!ids.empty()) return ids;
  fields.fail("eos_token_id", "expected at least one id");
  return *fields.error();
}

Result<std::map<std::string, std::string>> read_weight_map(const std::filesystem::path& index_json) {
  auto json = read_json(index_json);
  if (!json) return std::move(json).error();
  const auto fail = [&](const std::string& text) {
    return Error{Code::bad_checkpoint, index_json.string() + ": " + text};
  };
  if (!json->contains("weight_map") || !(*json)["weight_map"].is_object())
    return fail("expected weight_map, an object");
  std::map<std::string, std::string> map;
  for (const auto& [tensor, file] : (*json)["weight_map"].items()) {
    const std::string name = file.is_string() ? file.get<std::string>() : "";
    if (name.empty() || name != std::filesystem::path(name).filename().string() || name == "..") {
      return fail("tensor " + tensor + ": expected the name of a file in the same directory");
    }
    map.emplace(tensor, name);
  }
  return map;
}

}  // namespace shoal::engine
