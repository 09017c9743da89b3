#include "engine/checkpoint/safetensors.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/json_depth.h"

namespace shoal::engine {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t header_bytes_max = 100'000'000;  // the format's own bound

struct KnownType {
  std::string_view name;
  std::uint64_t bytes;
};
constexpr std::array known_types = {
    KnownType{"BOOL", 1}, KnownType{"U8", 1},  KnownType{"I8", 1},  KnownType{"F8_E5M2", 1}, KnownType{"F8_E4M3", 1},
    KnownType{"I16", 2},  KnownType{"U16", 2}, KnownType{"F16", 2}, KnownType{"BF16", 2},    KnownType{"I32", 4},
    KnownType{"U32", 4},  KnownType{"F32", 4}, KnownType{"I64", 8}, KnownType{"U64", 8},     KnownType{"F64", 8}};

std::optional<std::vector<std::uint64_t>> numbers(const Json& array) {
  if (!array.is_array()) return std::nullopt;
  std::vector<std::uint64_t> result;
  for (const Json& number : array) {
    if (!number.is_number_unsigned()) return std::nullopt;
    result.push_back(number.get<std::uint64_t>());
  }
  return result;
}

// Elements times bytes, or nothing on overflow.
std::optional<std::uint64_t> size_of(std::span<const std::uint64_t> shape, std::uint64_t bytes) {
  std::uint64_t size = bytes;
  for (const std::uint64_t dimension : shape) {
    if (__builtin_mul_overflow(size, dimension, &size)) return std::nullopt;
  }
  return size;
}

// One entry of the header; the text of a failure names what was expected.
Result<StoredTensor> read_entry(const Json& entry, std::span<const std::byte> data) {
  const auto fail = [](std::string text) { return Error{Code::bad_checkpoint, std::move(text)}; };
  if (!entry.is_object() || !entry.contains("dtype") || !entry.contains("shape") || !entry.contains("data_offsets") ||
      !entry["dtype"].is_string()) {
    return fail("expected an object with dtype, shape and data_offsets");
  }
  StoredTensor tensor;
  tensor.dtype = entry["dtype"].get<std::string>();
  const auto type = std::find_if(known_types.begin(), known_types.end(),
                                 [&](const KnownType& known) { return known.name == tensor.dtype; });
  if (type == known_types.end()) return fail("unknown dtype " + tensor.dtype + ", expected one like BF16, F16 or F32");
  const auto shape = numbers(entry["shape"]);
  if (!shape) return fail("expected a shape of non-negative integers");
  tensor.shape = *shape;
  const auto offsets = numbers(entry["data_offsets"]);
  if (!offsets || offsets->size() != 2 || (*offsets)[0] > (*offsets)[1]) {
    return fail("expected data_offsets [begin, end] with begin <= end");
  }
  const std::uint64_t begin = (*offsets)[0];
  const std::uint64_t end = (*offsets)[1];
  if (end > data.size()) {
    return fail("data_offsets end at " + std::to_string(end) + ", expected at most " + std::to_string(data.size()) +
                " bytes of data: the file is truncated or its header is wrong");
  }
  const auto size = size_of(tensor.shape, type->bytes);
  if (!size || *size != end - begin) {
    return fail("data_offsets span " + std::to_string(end - begin) + " bytes, expected what shape " +
                to_string(tensor.shape) + " of " + tensor.dtype + " takes");
  }
  tensor.data = data.subspan(begin, end - begin);
  return tensor;
}

// Tensors must tile the data: no overlap, and no byte that belongs to none.
Result<void> check_tiling(const std::map<std::string, StoredTensor>& tensors, std::span<const std::byte> data) {
  std::vector<std::pair<const std::byte*, const std::map<std::string, StoredTensor>::value_type*>> order;
  for (const auto& named : tensors) {
    if (!named.second.data.empty()) order.emplace_back(named.second.data.data(), &named);
  }
  std::sort(order.begin(), order.end());
  const std::byte* reached = data.data();
  for (const auto& [begin, named] : order) {
    if (begin != reached) {
      return Error{Code::bad_checkpoint, "tensor " + named->first + ": begins at byte " +
                                             std::to_string(begin - data.data()) + ", expected " +
                                             std::to_string(reached - data.data()) +
                                             (begin < reached ? ": it overlaps another tensor" : ": there is a gap")};
    }
    reached = begin + named->second.data.size();
  }
  if (reached == data.data() + data.size()) return {};
  return Error{Code::bad_checkpoint, "expected the file to end with its last tensor, found " +
                                         std::to_string(data.data() + data.size() - reached) + " more bytes"};
}

// The header as JSON; discarded when it is not, or when a name stands twice.
Json parse_header(std::string_view text) {
  std::set<std::string> names;
  bool twice = false;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth == 1 && event == Json::parse_event_t::key) twice |= !names.insert(parsed.get<std::string>()).second;
    return true;
  };
  Json header = Json::parse(text, watch, false);
  return twice ? Json(Json::value_t::discarded) : header;
}

}  // namespace

std::string to_string(std::span<const std::uint64_t> shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

Result<SafetensorsFile> SafetensorsFile::open(const std::filesystem::path& path) {
  const auto fail = [&](const std::string& text) { return Error{Code::bad_checkpoint, path.string() + ": " + text}; };
  auto mapped = MappedFile::open(path);
  if (!mapped) return std::move(mapped).error();
  SafetensorsFile file{path, std::move(*mapped)};
  const auto bytes = file.file_.bytes();

  if (bytes.size() < 8) return fail("expected a header of at least 8 bytes: the file is truncated");
  std::uint64_t header_bytes = 0;
  for (int i = 7; i >= 0; --i) header_bytes = header_bytes << 8 | std::to_integer<std::uint64_t>(bytes[i]);
  if (header_bytes > header_bytes_max || header_bytes > bytes.size() - 8) {
    return fail("the header claims " + std::to_string(header_bytes) + " bytes, expected at most " +
                std::to_string(std::min<std::uint64_t>(header_bytes_max, bytes.size() - 8)));
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + 8, header_bytes);
  if (depth_of_json(text) > json_depth_max) {
    return fail("the header is nested deeper than " + std::to_string(json_depth_max));
  }
  const Json header = parse_header(text);
  if (!header.is_object()) return fail("expected the header to be a JSON object with each name once");

  const auto data = bytes.subspan(8 + header_bytes);
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") continue;
    auto tensor = read_entry(entry, data);
    if (!tensor) return fail("tensor " + name + ": " + tensor.error().text);
    file.tensors_.emplace(name, std::move(*tensor));
  }
  if (auto tiled = check_tiling(file.tensors_, data); !tiled) return fail(tiled.error().text);
  return file;
}

}  // namespace shoal::engine
