// Any bytes as the files of a checkpoint: opened or refused by name, and every tensor of an opened one lies inside its
// file. The first byte of an input says what the rest is: a whole safetensors file, the header of one with 64 bytes of
// data, the index beside a good file, config.json, or generation_config.json.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/config.h"
#include "tests/fuzz/scratch.h"

namespace {

using namespace shoal;
using namespace shoal::engine;

constexpr std::string_view good_header =
    R"({"model.embed_tokens.weight":{"dtype":"F32","shape":[2,6],"data_offsets":[0,48]},)"
    R"("model.norm.weight":{"dtype":"BF16","shape":[8],"data_offsets":[48,64]}})";

std::string safetensors(std::string_view header) {
  std::string bytes(8, '\0');
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(header.size() >> (8 * i));
  return bytes.append(header).append(64, 'x');
}

template <class T>
void check_refusal(const Result<T>& result) {
  if (result) return;
  SHOAL_CHECK(result.error().code == Code::bad_checkpoint);
  SHOAL_CHECK(result.error().text.find("shoal-fuzz-") != std::string::npos);  // names the file
}

// Reads every byte, so that one outside of the mapping shows.
void use(Checkpoint& checkpoint, const std::filesystem::path& file) {
  const auto opened = SafetensorsFile::open(file);
  if (opened) {
    unsigned sum = 0;
    for (const auto& [name, tensor] : opened->tensors()) {
      for (const std::byte byte : tensor.data) sum += std::to_integer<unsigned>(byte);
    }
    SHOAL_CHECK(sum <= 255 * std::filesystem::file_size(file));
  }
  check_refusal(checkpoint.tensor({.part = kernels::Part::embed}, 2, 6));
  check_refusal(checkpoint.tensor({.part = kernels::Part::final_norm}, 1, 8));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Scratch folder;
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const unsigned form = data[0] % 5;
  if (form == 3) {
    check_refusal(read_spec(folder.write("config.json", rest)));
    return 0;
  }
  if (form == 4) {
    folder.write("config.json", R"({"eos_token_id": 1})");
    folder.write("generation_config.json", rest);
    check_refusal(read_eos_ids(folder.path(), 100));
    return 0;
  }
  const auto file = folder.write("model.safetensors", form == 0   ? std::string(rest)
                                                      : form == 1 ? safetensors(rest)
                                                                  : safetensors(good_header));
  if (form == 2) folder.write("model.safetensors.index.json", rest);
  auto checkpoint = Checkpoint::open(folder.path());
  check_refusal(checkpoint);
  if (checkpoint) use(*checkpoint, file);
  if (form == 2) folder.remove("model.safetensors.index.json");
  return 0;
}
