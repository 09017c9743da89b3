// Rope settings as configurations spell them: an unknown one would turn every position by the wrong angle, silently.

#include <filesystem>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "engine/checkpoint/config.h"
#include "engine/checkpoint/json_fields.h"
#include "tests/unit/engine/temporary_directory.h"

namespace shoal::engine {
namespace {

const Json yarn = {{"rope_type", "yarn"},
                   {"factor", 40},
                   {"original_max_position_embeddings", 4096},
                   {"mscale", 0.707},
                   {"mscale_all_dim", 0.5}};

Json with(Json settings, const char* key, Json value) {
  settings[key] = std::move(value);
  return settings;
}

// The smallest configuration there is, with these fields added.
Result<kernels::Spec> read(const Json& fields) {
  Json config = {
      {"model_type", "deepseek_v2"},   {"vocab_size", 80},        {"hidden_size", 16},        {"num_hidden_layers", 1},
      {"max_position_embeddings", 64}, {"intermediate_size", 16}, {"num_attention_heads", 2}, {"kv_lora_rank", 8},
      {"qk_nope_head_dim", 8},         {"qk_rope_head_dim", 4},   {"v_head_dim", 8}};
  config.update(fields);
  const TemporaryDirectory directory;
  directory.write("config.json", config.dump());
  return read_spec(directory.path() / "config.json");
}

kernels::Spec spec_of(const Json& fields) {
  auto spec = read(fields);
  REQUIRE_MESSAGE(spec, (spec ? "" : spec.error().text));
  return *std::move(spec);
}

std::string refusal(const Json& fields) {
  const auto spec = read(fields);
  REQUIRE_FALSE(spec);
  const std::string text = spec.error().text;
  return text.substr(text.find("config.json"));
}

TEST_CASE("both spellings of the rope settings mean the same") {
  const auto older =
      spec_of({{"rope_scaling", with(with(yarn, "rope_type", nullptr), "type", "yarn")}, {"rope_theta", 5000}});
  const auto newer = spec_of({{"rope_parameters", with(yarn, "rope_theta", 5000)}});
  CHECK(older.rope.theta == 5000);
  CHECK(newer.rope.theta == 5000);
  CHECK(kernels::rope_frequencies(older.rope, 64) == kernels::rope_frequencies(newer.rope, 64));
  CHECK(kernels::softmax_scale(older) == kernels::softmax_scale(newer));
  CHECK(older.rope.yarn->mscale_all_dim == 0.5);
  CHECK_FALSE(spec_of({{"rope_parameters", {{"rope_type", "default"}}}}).rope.yarn);
}

TEST_CASE("both spellings at once are taken if they agree and refused by name if not") {
  CHECK(spec_of({{"rope_parameters", yarn}, {"rope_scaling", yarn}}).rope.yarn);
  CHECK(refusal({{"rope_parameters", yarn}, {"rope_scaling", with(yarn, "factor", 2)}})
            .starts_with("config.json: rope_scaling is {"));
  CHECK(refusal({{"rope_parameters", with(yarn, "type", "default")}}) ==
        "config.json: rope_parameters: type is \"default\", expected the same as rope_type");
}

TEST_CASE("attention_factor is what cosine and sine are multiplied by") {
  CHECK(kernels::rope_magnitude(spec_of({{"rope_scaling", with(yarn, "attention_factor", 3.0)}}).rope) == 3);
  CHECK(kernels::rope_magnitude(spec_of({{"rope_scaling", with(yarn, "attention_factor", nullptr)}}).rope) != 3);
  CHECK(refusal({{"rope_scaling", with(yarn, "attention_factor", "3")}}) ==
        "config.json: rope_scaling: attention_factor is \"3\", expected a number from 0.001 to 1000.0");
}

TEST_CASE("an unknown key of the rope settings is refused with the nearest known one") {
  CHECK(refusal({{"rope_scaling", with(yarn, "mscale_all_dims", 1)}}) ==
        "config.json: rope_scaling: unknown key mscale_all_dims (did you mean mscale_all_dim?)");
  CHECK(refusal({{"rope_parameters", {{"rope_theta", 5000}, {"thetas", 1}}}}) ==
        "config.json: rope_parameters: unknown key thetas");
}

TEST_CASE("known keys of the rope settings that kernels cannot serve are refused by name") {
  CHECK(refusal({{"rope_scaling", with(yarn, "truncate", false)}}) ==
        "config.json: rope_scaling: truncate is false, expected true");
  CHECK(refusal({{"rope_parameters", with(yarn, "partial_rotary_factor", 0.5)}}) ==
        "config.json: rope_parameters: partial_rotary_factor is 0.5, expected 1");
  CHECK(refusal({{"rope_scaling", {{"type", "linear"}, {"factor", 2}}}}) ==
        "config.json: rope_scaling: type is \"linear\", expected yarn or default");
}

}  // namespace
}  // namespace shoal::engine
