// What a model is, as data: filled from config.json by engine/checkpoint, read by every backend. Plain values; any
// thread. Sources: DeepSeek-V2 (arXiv 2405.04434) for MLA and the gates, YaRN (arXiv 2309.00071) for the rope scaling.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "base/ids.h"

namespace shoal::kernels {

enum class Architecture : std::uint8_t { bytes, deepseek_v2 };

// What router logits become before experts are chosen.
enum class Scoring : std::uint8_t {
  softmax,  // over all experts (DeepSeek-V2)
  sigmoid,  // each expert alone (DeepSeek-V3, arXiv 2412.19437, section 2.1.2)
};

// How the routed experts of a token are chosen from their scores.
enum class Gating : std::uint8_t {
  greedy,                // the best `per_token` of all
  group_limited_greedy,  // the best of the `top_groups` groups whose best expert scores highest
  group_limited_pairs,   // the best of the `top_groups` groups whose two best experts score highest together (V3)
};

struct YarnSpec {
  double factor = 1;               // context extension
  double original_context = 4096;  // positions the model was trained on
  double beta_fast = 32;           // rotations below which a dimension starts to be interpolated
  double beta_slow = 1;
  double mscale = 1;                  // absent in config.json: 1
  double mscale_all_dim = 0;          // absent: 0, which means no correction
  std::optional<double> magnitude{};  // of cosine and sine, instead of what the two make (attention_factor)
};

struct RopeSpec {
  double theta = 10000;
  bool interleaved = true;  // pair (2i, 2i + 1); otherwise (i, i + dim / 2)
  std::optional<YarnSpec> yarn{};
};

// Multi-head latent attention. One cached row per token: latent [kv_lora_rank] | rope key [rope_dim], shared by all
// heads.
struct MlaSpec {
  std::uint32_t heads = 0;
  std::uint32_t q_lora_rank = 0;  // 0: queries come from one matrix
  std::uint32_t kv_lora_rank = 0;
  std::uint32_t nope_dim = 0;  // per head, without position
  std::uint32_t rope_dim = 0;  // per head, with position
  std::uint32_t v_dim = 0;     // per head
  bool bias = false;           // of q_a, kv_a and o

  std::uint32_t qk_dim() const { return nope_dim + rope_dim; }
  std::uint32_t cache_dim() const { return kv_lora_rank + rope_dim; }
};

// Grouped-query attention (Ainslie et al., arXiv 2305.13245). One cached row per token: keys [kv_heads * head_dim],
// turned by rope | values.
struct GqaSpec {
  std::uint32_t heads = 0;
  std::uint32_t kv_heads = 0;  // a divisor of heads
  std::uint32_t head_dim = 0;
  bool qkv_bias = false;

  std::uint32_t qk_dim() const { return head_dim; }
  std::uint32_t cache_dim() const { return 2 * kv_heads * head_dim; }
};

struct MoeSpec {
  std::uint32_t experts = 0;  // routed
  std::uint32_t per_token = 0;
  std::uint32_t shared = 0;  // one MLP of shared * width
  std::uint32_t width = 0;   // of one expert
  Scoring scoring = Scoring::softmax;
  bool correction_bias = false;  // a number per expert, added to its score where experts are chosen and nowhere else
  Gating gating = Gating::greedy;
  std::uint32_t groups = 1;
  std::uint32_t top_groups = 1;
  bool norm_topk = false;         // weights are normalised to a sum of one
  double routed_scale = 1;        // what they are multiplied by, unless they were normalised (V2) ...
  bool scales_normed = false;     // ... or all the same (V3)
  std::uint32_t first_layer = 0;  // layers below it are dense
  std::uint32_t every = 1;        // from there on each layer whose index is a multiple
};

struct Spec {
  Architecture architecture = Architecture::bytes;
  std::uint32_t vocab = 0;
  std::uint32_t hidden = 0;
  std::uint32_t layers = 0;
  std::uint32_t context = 0;      // positions, prompt plus generated
  std::uint32_t dense_width = 0;  // of the MLP in dense layers
  double norm_eps = 1e-6;
  double latent_norm_eps = 1e-6;  // of the norms inside MLA, which config.json cannot set
  bool tied_embeddings = false;   // the head is the embedding table
  std::variant<MlaSpec, GqaSpec> attention{};
  RopeSpec rope{};
  std::optional<MoeSpec> moe{};

  // Of a model that has it.
  const MlaSpec& mla() const { return std::get<MlaSpec>(attention); }
  MlaSpec& mla() { return std::get<MlaSpec>(attention); }

  // Of the heads' queries and keys.
  std::uint32_t qk_dim() const {
    return std::visit([](const auto& one) { return one.qk_dim(); }, attention);
  }
  // Numbers that a token leaves in the cache of a layer.
  std::uint32_t cache_dim() const {
    return std::visit([](const auto& one) { return one.cache_dim(); }, attention);
  }

  bool is_moe(std::uint32_t layer) const { return moe && layer >= moe->first_layer && layer % moe->every == 0; }
};

// The model `bytes`: an id is a byte, and one more is the end. `context` positions.
inline constexpr TokenId bytes_eos_id = 256;
Spec bytes_spec(std::uint32_t context);

// Angle per position of each rope pair, [rope_dim / 2], YaRN applied.
std::vector<double> rope_frequencies(const RopeSpec& rope, std::uint32_t rope_dim);

// What YaRN multiplies cosine and sine by: m(mscale) / m(mscale_all_dim), which is 1 for every published checkpoint of
// DeepSeek, unless the checkpoint says it.
double rope_magnitude(const RopeSpec& rope);

// qk_dim^-1/2, times m(mscale_all_dim)^2 under YaRN. V2-Lite: 0.114721.
double softmax_scale(const Spec& spec);

}  // namespace shoal::kernels
