#include <bit>
#include <cstring>
#include <string>
#include <type_traits>

#include "base/check.h"
#include "base/utf8.h"
#include "protocol/codec.h"
#include "protocol/describe.h"
#include "protocol/pack.h"

namespace shoal::protocol {
namespace {

static_assert(std::endian::native == std::endian::little, "attachments are copied as they lie in memory");

constexpr std::size_t frames_expected = 2;  // after head and body, in most messages

// A message that our own code made too long: the field is what helps.
void check_length(const char* field, std::size_t length, std::size_t length_max) {
  if (length > length_max) check_failed((std::string(field) + " is within its bound").c_str(), __FILE__, __LINE__);
}

// Packs the fields of one message in order; ids go to frames of their own.
class Writer {
public:
  explicit Writer(Frames& frames) : frames_(frames) {}

  template <Part T>
  void part(const T& value) {
    packer_.array(field_count<T>());
    T::fields(value, *this);
  }

  template <class Member>
  void operator()(const char* field, const Member& member, const Bound& bound) {
    write(field, member, bound);
  }

  std::string take() { return packer_.take(); }

private:
  void write(const char* field, const std::string& text, const Bound& bound) {
    const std::size_t bytes_max = length_max<std::string>(bound);
    if (bound.cut) return packer_.string(as_sentence(text, bytes_max));
    check_length(field, text.size(), bytes_max);
    packer_.string(text);
  }

  void write(const char* field, const Bytes& value, const Bound& bound) {
    check_length(field, value.bytes.size(), length_max<Bytes>(bound));
    packer_.bytes(value.bytes);
  }

  void write(const char* field, const Ids& value, const Bound& bound) {
    check_length(field, value.ids.size(), length_max<Ids>(bound));
    packer_.integer(value.ids.size());
    std::string& raw = frames_.emplace_back(value.ids.size() * sizeof(TokenId), '\0');
    if (!raw.empty()) std::memcpy(raw.data(), value.ids.data(), raw.size());
  }

  template <List T>
  void write(const char* field, const T& list, const Bound& bound) {
    check_length(field, list.size(), length_max<T>(bound));
    packer_.array(list.size());
    for (const auto& entry : list) write(field, entry, entry_bound(bound));
  }

  template <class T>
  void write(const char*, const T& value, const Bound&) {
    if constexpr (Part<T>) {
      part(value);
    } else if constexpr (std::is_same_v<T, bool>) {
      packer_.boolean(value);
    } else if constexpr (std::is_floating_point_v<T>) {
      packer_.number(value);
    } else {
      packer_.integer(static_cast<std::uint64_t>(value));  // enums too
    }
  }

  Frames& frames_;
  Packer packer_;
};

std::string encode_head(const Head& head) {
  Packer packer;
  packer.array(11);
  packer.integer(head.version);
  packer.integer(static_cast<std::uint64_t>(head.type));
  packer.integer(head.flags);
  packer.bytes({reinterpret_cast<const char*>(head.request.bytes.data()), head.request.bytes.size()});
  packer.integer(head.choice);
  packer.integer(head.attempt.to_u32());
  packer.integer(head.position);
  packer.integer(head.chain);
  packer.integer(head.budget_ms);
  packer.integer(static_cast<std::uint64_t>(head.tier));
  if (head.trace) {
    packer.bytes({reinterpret_cast<const char*>(head.trace->data()), head.trace->size()});
  } else {
    packer.nil();
  }
  return packer.take();
}

}  // namespace

Frames encode(const Message& message) {
  Frames frames;
  frames.reserve(2 + frames_expected);
  frames.push_back(encode_head(message.head));
  frames.emplace_back();
  Writer writer(frames);
  std::visit(
      [&](const auto& body) {
        SHOAL_CHECK(message.head.type == body.type);
        writer.part(body);
      },
      message.body);
  frames[1] = writer.take();
  check_length("body", frames[1].size(), limits::body_bytes_max);
  check_length("attachments", frames.size() - 2, limits::attachments_max);
  return frames;
}

}  // namespace shoal::protocol
