#include "engine/checkpoint/checkpoint.h"

#include <cstring>
#include <functional>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "engine/checkpoint/config.h"
#include "engine/model.h"
#include "tests/unit/engine/temporary_directory.h"

using namespace shoal;
using namespace shoal::engine;
namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

std::string safetensors(const std::string& header, const std::string& data) {
  std::string bytes(8, '\0');
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(header.size() >> (8 * i));
  return bytes + header + data;
}

// Two matrices of 6 and 4 elements: 32 bytes of data.
Json good_header() {
  return {{"a", {{"dtype", "F32"}, {"shape", {2, 3}}, {"data_offsets", {0, 24}}}},
          {"b", {{"dtype", "BF16"}, {"shape", {4}}, {"data_offsets", {24, 32}}}},
          {"__metadata__", {{"format", "pt"}}}};
}

// The error of a file that must be refused.
std::string refusal(const std::string& bytes) {
  const TemporaryDirectory directory;
  directory.write("model.safetensors", bytes);
  const auto file = SafetensorsFile::open(directory.path() / "model.safetensors");
  REQUIRE_FALSE(file);
  CHECK(file.error().code == Code::bad_checkpoint);
  CHECK(file.error().text.find("model.safetensors") != std::string::npos);
  return file.error().text;
}

bool names(const std::string& text, std::initializer_list<const char*> parts) {
  for (const char* part : parts) {
    if (text.find(part) == std::string::npos) {
      MESSAGE("\"" << part << "\" is not in: " << text);
      return false;
    }
  }
  return true;
}

std::string refusal_of_change(const std::function<void(Json&)>& change) {
  Json header = good_header();
  change(header);
  return refusal(safetensors(header.dump(), std::string(32, 'x')));
}

const fs::path golden = fs::path(SHOAL_ROOT) / "tests/golden/tiny/lite";

std::string file_bytes(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A copy of a golden model whose config or tensors the test spoils.
struct SpoiledModel {
  SpoiledModel()
      : config(Json::parse(file_bytes(golden / "config.json"))), weights(file_bytes(golden / "model.safetensors")) {
    std::uint64_t size;
    std::memcpy(&size, weights.data(), 8);
    header = Json::parse(weights.substr(8, size));
    data = weights.substr(8 + size);
  }

  Result<Model> open() const {
    directory.write("config.json", config.dump());
    directory.write("model.safetensors", safetensors(header.dump(), data));
    return open_model(directory.path(), {.kv_bytes = std::size_t{1} << 20});
  }
  std::string refusal() const {
    const auto model = open();
    REQUIRE_FALSE(model);
    CHECK(model.error().code == Code::bad_checkpoint);
    return model.error().text;
  }

  TemporaryDirectory directory;
  Json config;
  std::string weights;
  Json header;
  std::string data;
};

}  // namespace

TEST_CASE("a well-formed file gives its tensors") {
  const TemporaryDirectory directory;
  directory.write("model.safetensors",
                  safetensors(good_header().dump() + "   ", std::string(24, 'a') + std::string(8, 'b')));
  const auto file = SafetensorsFile::open(directory.path() / "model.safetensors");
  REQUIRE(file);
  CHECK(file->tensors().size() == 2);
  const StoredTensor& b = file->tensors().at("b");
  CHECK(b.dtype == "BF16");
  CHECK(to_string(b.shape) == "[4]");
  CHECK(b.data.size() == 8);
  CHECK(std::to_integer<char>(b.data[0]) == 'b');
}

TEST_CASE("a truncated file is refused wherever it breaks off") {
  const std::string whole = safetensors(good_header().dump(), std::string(32, 'x'));
  for (std::size_t size = 0; size < whole.size(); size += 5) refusal(whole.substr(0, size));
  CHECK(names(refusal(whole.substr(0, 7)), {"at least 8 bytes", "truncated"}));
  CHECK(names(refusal(whole.substr(0, whole.size() - 1)), {"tensor b", "at most 31 bytes", "truncated"}));
  CHECK(names(refusal(whole + "x"), {"1 more bytes"}));
}

TEST_CASE("a header size beyond the file is refused") {
  CHECK(names(refusal(std::string("\xff\xff\xff\xff\xff\xff\xff\xff{}", 10)), {"header claims", "at most 2"}));
  CHECK(names(refusal(std::string("\x03\0\0\0\0\0\0\0{}", 10)), {"header claims 3 bytes", "at most 2"}));
}

TEST_CASE("offsets that overlap, leave a gap or point outside are refused by tensor") {
  CHECK(names(refusal_of_change([](Json& h) { h["b"]["data_offsets"] = {20, 28}; }), {"tensor b", "overlaps"}));
  CHECK(names(refusal_of_change([](Json& h) { h["b"]["data_offsets"] = {25, 33}; }), {"tensor b", "at most 32"}));
  CHECK(names(refusal_of_change([](Json& h) {
                h["a"]["shape"] = {5};
                h["a"]["data_offsets"] = {0, 20};
              }),
              {"tensor b", "gap", "expected 20"}));
  CHECK(names(refusal_of_change([](Json& h) { h["b"]["data_offsets"] = {32, 24}; }), {"tensor b", "begin <= end"}));
  CHECK(names(refusal_of_change([](Json& h) { h["b"]["data_offsets"] = {-1, 8}; }), {"tensor b", "data_offsets"}));
}

TEST_CASE("a shape that does not take the bytes it is given is refused, overflow included") {
  CHECK(names(refusal_of_change([](Json& h) { h["a"]["shape"] = {2, 4}; }), {"tensor a", "24 bytes", "[2, 4] of F32"}));
  CHECK(names(refusal_of_change([](Json& h) { h["a"]["shape"] = {(1ull << 62) + 6}; }), {"tensor a", "24 bytes"}));
  CHECK(names(refusal_of_change([](Json& h) { h["a"]["shape"] = {2.5, 3}; }), {"tensor a", "shape"}));
}

TEST_CASE("unknown dtypes, malformed entries and headers that are not JSON are refused") {
  CHECK(names(refusal_of_change([](Json& h) { h["a"]["dtype"] = "F31"; }),
              {"tensor a", "unknown dtype F31, expected one like BF16"}));
  CHECK(names(refusal_of_change([](Json& h) { h["a"] = 5; }), {"tensor a", "expected an object"}));
  CHECK(names(refusal_of_change([](Json& h) { h["a"].erase("shape"); }), {"tensor a", "shape"}));
  CHECK(names(refusal(safetensors("{", "")), {"JSON object"}));
  CHECK(names(refusal(safetensors(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                                  R"("a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
                                  "x")),
              {"each name once"}));
}

TEST_CASE("a missing or empty file is refused by name") {
  const auto file = SafetensorsFile::open("/nonexistent/model.safetensors");
  REQUIRE_FALSE(file);
  CHECK(names(file.error().text, {"/nonexistent/model.safetensors", "No such file"}));
  refusal("");
}

TEST_CASE("the unspoiled model opens") {
  const auto model = SpoiledModel{}.open();
  REQUIRE_MESSAGE(model, (model ? "" : model.error().text));
  CHECK(model->eos_ids == std::vector<TokenId>{1});
  CHECK(model->numerics == "ref fp32");
  CHECK(model->model_digest.size() == 32);
  CHECK(model->kv.pages > 0);
}

TEST_CASE("a missing tensor is named with the shape that was expected") {
  SpoiledModel model;
  const std::string name = "model.layers.1.self_attn.kv_b_proj.weight";
  model.header["renamed"] = model.header[name];
  model.header.erase(name);
  CHECK(names(model.refusal(), {name.c_str(), "missing", "expected shape [64, 32]"}));
}

TEST_CASE("a tensor of another shape is named with both shapes") {
  SpoiledModel model;
  const std::string name = "model.layers.0.self_attn.kv_b_proj.weight";
  model.header[name]["shape"] = {32, 64};
  CHECK(names(model.refusal(), {"model.safetensors", name.c_str(), "[32, 64]", "expected [64, 32]"}));
}

TEST_CASE("a tensor of a dtype that kernels cannot read is named") {
  SpoiledModel model;
  const std::string name = "model.norm.weight";
  model.header[name]["dtype"] = "I32";
  CHECK(names(model.refusal(), {name.c_str(), "I32", "expected BF16, F16 or F32"}));
}

TEST_CASE("a weight that is not finite is refused with file, tensor and index") {
  const auto refusal = [](const std::string& name, std::size_t index, std::uint32_t bits) {
    SpoiledModel model;
    const Json& entry = model.header.at(name);
    const std::size_t size = entry.at("dtype") == "F32" ? 4 : 2;
    if (size == 2) bits >>= 16;
    std::memcpy(model.data.data() + entry.at("data_offsets")[0].get<std::size_t>() + index * size, &bits, size);
    return model.refusal();
  };
  CHECK(names(refusal("model.norm.weight", 5, 0x7fc00000),
              {"model.safetensors: tensor model.norm.weight: [5] is not a finite number"}));
  CHECK(names(refusal("lm_head.weight", 32 * 7 + 3, 0xff800000), {"tensor lm_head.weight: [7, 3] is not"}));
}

TEST_CASE("a fused expert tensor of another shape is named") {
  SpoiledModel model;
  const fs::path fused = fs::path(SHOAL_ROOT) / "tests/golden/tiny/fused_experts";
  model.config = Json::parse(file_bytes(fused / "config.json"));
  const std::string bytes = file_bytes(fused / "model.safetensors");
  std::uint64_t size;
  std::memcpy(&size, bytes.data(), 8);
  model.header = Json::parse(bytes.substr(8, size));
  model.data = bytes.substr(8 + size);
  REQUIRE(model.open());
  const Json good = model.header;
  const auto refused = [&](const auto& change) {
    model.header = good;
    for (auto& [name, entry] : model.header.items()) {
      if (name.ends_with("gate_up_proj")) change(entry["shape"]);
    }
    return names(model.refusal(), {"mlp.experts.gate_up_proj", "shape is", "expected [more than 0"});
  };
  CHECK(refused([](Json& shape) { std::swap(shape[0], shape[1]); }));
  CHECK(refused([](Json& shape) { shape = {shape[0].get<int>() * shape[1].get<int>(), shape[2]}; }));
  CHECK(refused([](Json& shape) { shape.push_back(1); }));
}

TEST_CASE("every key of config.json that kernels cannot serve is named with what was expected") {
  const auto refused = [](const char* key, const Json& value) {
    SpoiledModel model;
    model.config[key] = value;
    const std::string text = model.refusal();
    CHECK(names(text, {"config.json", key, "expected"}));
  };
  refused("model_type", "gpt2");
  refused("hidden_size", nullptr);
  refused("hidden_size", -5);
  refused("hidden_size", "many");
  refused("num_hidden_layers", 1e9);
  refused("qk_rope_head_dim", 7);
  refused("hidden_act", "gelu");
  refused("topk_method", "noaux_tc");
  refused("scoring_func", "sigmoid");
  refused("attention_bias", true);
  refused("num_experts_per_tok", 9);
  for (const Json& change : {Json{{"n_group", 3}}, Json{{"n_group", 8}, {"topk_group", 1}}, Json{{"topk_group", 2}}}) {
    SpoiledModel model;  // eight experts, two per token
    model.config["topk_method"] = "group_limited_greedy";
    model.config.update(change);
    CHECK(names(model.refusal(), {"config.json", "group", "expected"}));
  }
  refused("eos_token_id", 80);
  refused("eos_token_id", nullptr);
  refused("rope_scaling", {{"type", "linear"}, {"factor", 2}});
  refused("rope_scaling", {{"type", "yarn"}, {"factor", "x"}, {"original_max_position_embeddings", 64}});
  refused("quantization_config", {{"quant_method", "fp8"}});
}

TEST_CASE("files that nest without end are refused by name") {
  const auto deep = [](const char* prefix) {
    return prefix + std::string(1'000'000, '[') + std::string(1'000'000, ']') + "}";
  };
  CHECK(names(refusal(safetensors(deep(R"({"a":)"), "")), {"the header is nested deeper than 64"}));
  for (const char* file : {"config.json", "generation_config.json", "model.safetensors.index.json"}) {
    const SpoiledModel model;
    REQUIRE(model.open());
    model.directory.write(file, deep(R"({"hidden_size":)"));
    const auto opened = open_model(model.directory.path());
    REQUIRE_FALSE(opened);
    CHECK(names(opened.error().text, {file, ": nested deeper than 64"}));
  }
}

TEST_CASE("end-of-sequence ids come from generation_config.json first, one or several") {
  SpoiledModel model;
  model.config["eos_token_id"] = {3, 4};
  CHECK(model.open()->eos_ids == std::vector<TokenId>{3, 4});
  model.directory.write("generation_config.json", R"({"eos_token_id": 7})");
  CHECK(model.open()->eos_ids == std::vector<TokenId>{7});
  model.directory.write("generation_config.json", R"({"temperature": 0.6})");
  CHECK(model.open()->eos_ids == std::vector<TokenId>{3, 4});
}

namespace {

// Splits the model's tensors over two files by their name's length.
void write_shards(const SpoiledModel& model, Json& index) {
  for (const int shard : {0, 1}) {
    const std::string file = "model-0000" + std::to_string(shard + 1) + "-of-00002.safetensors";
    Json header;
    std::string data;
    for (const auto& [name, entry] : model.header.items()) {
      if (name == "__metadata__" || static_cast<int>(name.size() % 2) != shard) continue;
      const std::size_t begin = entry["data_offsets"][0];
      const std::size_t end = entry["data_offsets"][1];
      header[name] = entry;
      header[name]["data_offsets"] = {data.size(), data.size() + end - begin};
      data += model.data.substr(begin, end - begin);
      index["weight_map"][name] = file;
    }
    model.directory.write(file, safetensors(header.dump(), data));
  }
}

}  // namespace

TEST_CASE("shards open like one file and have the same digest") {
  const SpoiledModel model;
  const std::string whole = model.open()->model_digest;
  Json index;
  write_shards(model, index);
  fs::remove(model.directory.path() / "model.safetensors");
  model.directory.write("model.safetensors.index.json", index.dump());
  const auto sharded = open_model(model.directory.path(), {.kv_bytes = std::size_t{1} << 20});
  REQUIRE_MESSAGE(sharded, (sharded ? "" : sharded.error().text));
  CHECK(sharded->model_digest == whole);

  const auto refused = [&](const std::string& file) {
    Json wrong = index;
    wrong["weight_map"]["model.norm.weight"] = file;
    model.directory.write("model.safetensors.index.json", wrong.dump());
    const auto opened = open_model(model.directory.path());
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == Code::bad_checkpoint);
    return opened.error().text;
  };
  const std::string other = index["weight_map"]["model.norm.weight"] == "model-00001-of-00002.safetensors"
                                ? "model-00002-of-00002.safetensors"
                                : "model-00001-of-00002.safetensors";
  CHECK(names(refused(other), {"index.json", "model.norm.weight", other.c_str(), "not there"}));
  CHECK(names(refused("../elsewhere"), {"index.json", "model.norm.weight", "same directory"}));
  CHECK(names(refused("absent.safetensors"), {"absent.safetensors"}));
}

TEST_CASE("one changed bit of weights, config or tokenizer changes the digest") {
  SpoiledModel model;
  const std::string before = model.open()->model_digest;
  model.directory.write("tokenizer.json", "{}");
  const std::string with_tokenizer = model.open()->model_digest;
  CHECK(with_tokenizer != before);
  model.config["comment"] = "x";
  const std::string with_config = model.open()->model_digest;
  CHECK(with_config != with_tokenizer);
  model.data[model.data.size() / 2] ^= 1;
  CHECK(model.open()->model_digest != with_config);
}
