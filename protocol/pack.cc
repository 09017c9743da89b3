#include "protocol/pack.h"

#include <bit>

#include <msgpack.hpp>

#include "base/check.h"

namespace shoal::protocol {
namespace {

// What the library's packer calls a stream.
struct Sink {
  std::string& out;
  void write(const char* data, std::size_t size) { out.append(data, size); }
};

std::uint32_t length(std::size_t size) {
  SHOAL_CHECK(size <= UINT32_MAX);
  return static_cast<std::uint32_t>(size);
}

// The shortest forms, which are nearly all there is in a message, are written here: msgpack's fixint and fixstr
// (specification, "formats"). The library writes the others.
constexpr std::uint64_t fixint_max = 0x7f;
constexpr std::size_t fixstr_bytes_max = 31;
constexpr std::size_t frame_bytes_expected = 96;  // of a head, and of most bodies
constexpr std::size_t long_bytes_min = 4096;

}  // namespace

Packer::Packer() { out_.reserve(frame_bytes_expected); }

void Packer::array(std::size_t entries) {
  Sink sink{out_};
  msgpack::packer<Sink>(sink).pack_array(length(entries));
}

void Packer::map(std::size_t pairs) {
  Sink sink{out_};
  msgpack::packer<Sink>(sink).pack_map(length(pairs));
}

void Packer::nil() {
  Sink sink{out_};
  msgpack::packer<Sink>(sink).pack_nil();
}

void Packer::boolean(bool value) {
  Sink sink{out_};
  value ? msgpack::packer<Sink>(sink).pack_true() : msgpack::packer<Sink>(sink).pack_false();
}

void Packer::integer(std::uint64_t value) {
  if (value <= fixint_max) return out_.push_back(static_cast<char>(value));
  Sink sink{out_};
  msgpack::packer<Sink>(sink).pack_uint64(value);  // in the shortest form
}

void Packer::number(float value) {
  // By hand, because the library turns floats without a fraction into integers.
  const auto bits = std::bit_cast<std::uint32_t>(value);
  out_.push_back('\xca');
  for (int shift = 24; shift >= 0; shift -= 8) out_.push_back(static_cast<char>(bits >> shift & 0xff));
}

// What follows something long is short: it should not double what is allocated, and copy all of it once more.
void Packer::make_room(std::size_t bytes) {
  if (bytes >= long_bytes_min) out_.reserve(out_.size() + bytes + long_bytes_min);
}

void Packer::string(std::string_view utf8) {
  if (utf8.size() <= fixstr_bytes_max) {
    out_.push_back(static_cast<char>(0xa0 | utf8.size()));
    out_.append(utf8);
    return;
  }
  make_room(utf8.size());
  Sink sink{out_};
  msgpack::packer<Sink>(sink).pack_str(length(utf8.size())).pack_str_body(utf8.data(), length(utf8.size()));
}

void Packer::bytes(std::string_view raw) {
  make_room(raw.size());
  Sink sink{out_};
  msgpack::packer<Sink>(sink).pack_bin(length(raw.size())).pack_bin_body(raw.data(), length(raw.size()));
}

}  // namespace shoal::protocol
