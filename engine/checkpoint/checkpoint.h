// A model directory's tensors: one model.safetensors, or shards under model.safetensors.index.json. Gives a backend its
// weights by what they are. Any thread; read-only after opening.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/checkpoint/names.h"
#include "engine/checkpoint/safetensors.h"
#include "kernels/tensor.h"

namespace shoal::engine {

class Checkpoint : public kernels::TensorSource {
public:
  // bad_checkpoint as SafetensorsFile::open says; also when the index names a file or a tensor that is not there.
  static Result<Checkpoint> open(const std::filesystem::path& directory);

  // The mapped weight; valid while this object lives.
  Result<kernels::Tensor> tensor(kernels::WeightId id, std::uint32_t rows, std::uint32_t cols) override;

  // "DIR/model.safetensors: tensor model.norm.weight: [5]"
  std::string place_of(kernels::WeightId id, std::uint32_t rows, std::uint32_t row, std::uint32_t col) const override;

  // XXH3-128 over all tensors (name, dtype, shape, data, in order of names) and the bytes of config.json and
  // tokenizer.json: 32 hexadecimal digits, whatever the sharding.
  Result<std::string> digest() const;

private:
  struct Found {
    const SafetensorsFile* file = nullptr;
    const StoredTensor* tensor = nullptr;
  };

  Result<void> read_shards();
  void take(const SafetensorsFile& file);
  const Found* find(const std::string& name) const;

  std::filesystem::path directory_;
  std::map<std::string, SafetensorsFile> files_;  // by file name; nodes do not move
  std::map<std::string, Found> tensors_;
};

}  // namespace shoal::engine
