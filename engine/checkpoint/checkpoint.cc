#include "engine/checkpoint/checkpoint.h"

#include <optional>
#include <utility>

#include "engine/checkpoint/config.h"

namespace shoal::engine {
namespace {

using kernels::DType;
using kernels::Tensor;
using kernels::WeightId;

std::optional<DType> dtype_of(const std::string& name) {
  if (name == "F32") return DType::f32;
  if (name == "BF16") return DType::bf16;
  if (name == "F16") return DType::f16;
  return std::nullopt;
}

}  // namespace

Result<Checkpoint> Checkpoint::open(const std::filesystem::path& directory) {
  Checkpoint checkpoint;
  checkpoint.directory_ = directory;
  if (std::filesystem::exists(directory / "model.safetensors.index.json")) {
    SHOAL_TRY(checkpoint.read_shards());
    return checkpoint;
  }
  auto file = SafetensorsFile::open(directory / "model.safetensors");
  if (!file) return std::move(file).error();
  checkpoint.take(checkpoint.files_.emplace("model.safetensors", std::move(*file)).first->second);
  return checkpoint;
}

void Checkpoint::take(const SafetensorsFile& file) {
  for (const auto& [name, tensor] : file.tensors()) tensors_[name] = {&file, &tensor};
}

Result<void> Checkpoint::read_shards() {
  const std::string index = (directory_ / "model.safetensors.index.json").string();
  auto map = read_weight_map(index);
  if (!map) return std::move(map).error();
  for (const auto& [name, file_name] : *map) {
    auto file = files_.find(file_name);
    if (file == files_.end()) {
      auto opened = SafetensorsFile::open(directory_ / file_name);
      if (!opened) return std::move(opened).error();
      file = files_.emplace(file_name, std::move(*opened)).first;
    }
    const auto tensor = file->second.tensors().find(name);
    if (tensor == file->second.tensors().end()) {
      return Error{Code::bad_checkpoint, index + ": tensor " + name + ": expected in " + file_name + ", not there"};
    }
    tensors_[name] = {&file->second, &tensor->second};
  }
  return {};
}

const Checkpoint::Found* Checkpoint::find(const std::string& name) const {
  const auto found = tensors_.find(name);
  return found == tensors_.end() ? nullptr : &found->second;
}

Result<Tensor> Checkpoint::tensor(WeightId id, std::uint32_t rows, std::uint32_t cols) {
  const WeightName where = weight_name(id);
  const Found* found = find(where.name);
  const bool fused = !found && !where.fused.empty() && find(where.fused);
  if (fused) found = find(where.fused);
  std::vector<std::uint64_t> expected{rows, cols};
  if (rows == 1) expected = {cols};
  const std::string& name = fused ? where.fused : where.name;
  if (!found) {
    return Error{Code::bad_checkpoint,
                 directory_.string() + ": tensor " + name + " is missing, expected shape " + to_string(expected)};
  }
  const auto fail = [&](const std::string& text) {
    return Error{Code::bad_checkpoint, found->file->path().string() + ": tensor " + name + ": " + text};
  };
  const StoredTensor& stored = *found->tensor;
  const auto dtype = dtype_of(stored.dtype);
  if (!dtype) return fail("dtype is " + stored.dtype + ", expected BF16, F16 or F32");
  if (!fused) {
    if (stored.shape != expected) {
      return fail("shape is " + to_string(stored.shape) + ", expected " + to_string(expected));
    }
    return Tensor{*dtype, rows, cols, stored.data.data()};
  }
  const std::uint64_t fused_rows = std::uint64_t{rows} * where.halves;
  if (stored.shape.size() != 3 || stored.shape[0] <= id.expert || stored.shape[1] != fused_rows ||
      stored.shape[2] != cols) {
    return fail("shape is " + to_string(stored.shape) + ", expected [more than " + std::to_string(id.expert) + ", " +
                std::to_string(fused_rows) + ", " + std::to_string(cols) + "]");
  }
  const std::size_t first_row = id.expert * fused_rows + std::size_t{where.half} * rows;
  return Tensor{*dtype, rows, cols, stored.data.data() + first_row * cols * kernels::bytes_of(*dtype)};
}

std::string Checkpoint::place_of(WeightId id, std::uint32_t rows, std::uint32_t row, std::uint32_t col) const {
  const WeightName where = weight_name(id);
  const Found* found = find(where.name);
  const std::string& name = found ? where.name : where.fused;
  std::vector<std::uint64_t> index{row, col};
  if (!found) {
    found = find(where.fused);
    index = {id.expert, std::uint64_t{where.half} * rows + row, col};
  } else if (rows == 1) {
    index = {col};
  }
  const std::string file = (found ? found->file->path() : directory_).string();
  return file + ": tensor " + name + ": " + to_string(index);
}

}  // namespace shoal::engine
