#include <bit>
#include <cmath>
#include <concepts>
#include <cstring>
#include <limits>
#include <numeric>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "protocol/codec.h"
#include "protocol/describe.h"
#include "protocol/value.h"

namespace shoal::protocol {
namespace {

static_assert(std::endian::native == std::endian::little, "attachments are copied as they lie in memory");

// The highest number of an enum whose unknown numbers cannot be carried on; others (codes, types) keep theirs.
template <class T>
constexpr std::uint64_t enum_max = std::numeric_limits<std::underlying_type_t<T>>::max();
template <>
constexpr std::uint64_t enum_max<Tier> = tier_count - 1;
template <>
constexpr std::uint64_t enum_max<Finish> = static_cast<std::uint64_t>(Finish::length);
template <>
constexpr std::uint64_t enum_max<Reasoning> = static_cast<std::uint64_t>(Reasoning::begun);
template <>
constexpr std::uint64_t enum_max<StreamState> = static_cast<std::uint64_t>(StreamState::ended);

std::string received(const Value& value) {
  if (value.is(Value::Kind::integer)) return "got " + std::to_string(value.integer());
  if (value.is(Value::Kind::negative)) return "got " + std::to_string(value.negative());
  return "got " + std::string(value.kind_name());
}

// Where the reader is, for error texts; a chain of frames of the call stack.
struct Path {
  const Path* up = nullptr;
  const char* field = nullptr;  // or an index:
  std::size_t index = 0;
};

// Unpacks the fields of one message in order. The first error stays, and everything after it is left alone.
class Reader {
public:
  Reader(std::string_view message, std::span<const std::string_view> attachments)
      : message_(message), attachments_(attachments) {}

  template <class T>
  void read(const Path& path, const Value& value, T& out, const Bound& bound) {
    if constexpr (std::is_same_v<T, std::string>) {
      read_string(path, value, out, bound);
    } else if constexpr (std::is_same_v<T, Ids>) {
      read_ids(path, value, out, bound);
    } else if constexpr (std::is_same_v<T, Bytes>) {
      read_bytes(path, value, out, bound);
    } else if constexpr (std::is_same_v<T, bool>) {
      if (expect(path, value, Value::Kind::boolean, "a boolean")) out = value.boolean();
    } else if constexpr (std::is_floating_point_v<T>) {
      read_number(path, value, out);
    } else if constexpr (std::is_same_v<T, std::optional<Trace>>) {
      if (!value.is(Value::Kind::nil)) read_raw(path, value, out.emplace());
    } else if constexpr (std::is_same_v<T, RequestId>) {
      read_raw(path, value, out.bytes);
    } else if constexpr (std::is_same_v<T, Attempt>) {
      std::uint32_t number = 0;
      read(path, value, number, bound);
      out = Attempt::from_u32(number);
    } else if constexpr (std::is_enum_v<T>) {
      std::underlying_type_t<T> number = 0;
      read_integer(path, value, number, enum_max<T>);
      out = static_cast<T>(number);
    } else if constexpr (List<T>) {
      read_list(path, value, out, bound);
    } else if constexpr (Part<T>) {
      read_part(path, value, out);
    } else {
      read_integer(path, value, out, std::numeric_limits<T>::max());
    }
  }

  // Fields that the array lacks keep their defaults; entries after the known fields are skipped.
  template <class T>
  void read_part(const Path& path, const Value& value, T& out) {
    if (!expect(path, value, Value::Kind::array, "an array")) return;
    Value::Cursor cursor(value);
    auto visit = [&](const char* field, auto& member, const Bound& bound) {
      if (error_ || cursor.at_end()) return;
      read(Path{&path, field}, cursor.next(), member, bound);
    };
    T::fields(out, visit);
    longer_ = longer_ || !cursor.at_end();
  }

  void fail(const Path& path, Code code, const std::string& text) {
    if (!error_) error_ = Error{code, spell(path) + ": " + text};
  }

  // Whether every attachment has been taken by a field. A newer version's extra fields may bring extra attachments.
  bool attachments_fit() const { return next_attachment_ == attachments_.size() || longer_; }

  std::optional<Error>& error() { return error_; }

private:
  std::string spell(const Path& path) const {
    if (path.up == nullptr) return std::string(message_);
    const std::string before = spell(*path.up);
    return path.field ? before + "." + path.field : before + "[" + std::to_string(path.index) + "]";
  }

  bool expect(const Path& path, const Value& value, Value::Kind kind, const char* what) {
    if (value.is(kind)) return true;
    fail(path, Code::malformed, std::string("expected ") + what + ", " + received(value));
    return false;
  }

  bool within(const Path& path, std::size_t length, std::size_t length_max, const char* unit) {
    if (length <= length_max) return true;
    fail(path, Code::too_large, std::to_string(length) + unit + ", at most " + std::to_string(length_max));
    return false;
  }

  void read_string(const Path& path, const Value& value, std::string& out, const Bound& bound) {
    if (!expect(path, value, Value::Kind::string, "a string")) return;
    if (within(path, value.text().size(), length_max<std::string>(bound), " bytes")) out = value.text();
  }

  void read_bytes(const Path& path, const Value& value, Bytes& out, const Bound& bound) {
    if (!expect(path, value, Value::Kind::bytes, "bytes")) return;
    if (within(path, value.text().size(), length_max<Bytes>(bound), " bytes")) out.bytes = value.text();
  }

  template <std::size_t size>
  void read_raw(const Path& path, const Value& value, std::array<std::uint8_t, size>& out) {
    if (value.is(Value::Kind::bytes) && value.text().size() == size) {
      std::memcpy(out.data(), value.text().data(), size);
    } else {
      fail(path, Code::malformed, "expected " + std::to_string(size) + " bytes");
    }
  }

  template <class T>
  void read_integer(const Path& path, const Value& value, T& out, std::uint64_t max) {
    if (value.is(Value::Kind::integer) && value.integer() <= max) {
      out = static_cast<T>(value.integer());
    } else {
      fail(path, Code::malformed, "expected an integer from 0 to " + std::to_string(max) + ", " + received(value));
    }
  }

  template <class T>
  void read_number(const Path& path, const Value& value, T& out) {
    const std::optional<double> number = value.number();
    if (!number) return fail(path, Code::malformed, "expected a number, " + received(value));
    if (std::isfinite(*number) && std::abs(*number) > std::numeric_limits<T>::max()) {
      return fail(path, Code::malformed, "the number does not fit " + std::to_string(8 * sizeof(T)) + " bits");
    }
    out = static_cast<T>(*number);
  }

  template <class T>
  void read_list(const Path& path, const Value& value, T& out, const Bound& bound) {
    if (!expect(path, value, Value::Kind::array, "an array")) return;
    if (!within(path, value.size(), length_max<T>(bound), " entries")) return;
    out.resize(value.size());
    std::size_t index = 0;
    value.each([&](const Value& entry) {
      if (!error_) read(Path{&path, nullptr, index}, entry, out[index], entry_bound(bound));
      ++index;
    });
  }

  void read_ids(const Path& path, const Value& value, Ids& out, const Bound& bound) {
    std::uint32_t count = 0;
    read_integer(path, value, count, std::numeric_limits<std::uint32_t>::max());
    if (error_ || !within(path, count, length_max<Ids>(bound), " ids")) return;
    if (next_attachment_ == attachments_.size()) {
      return fail(path, Code::malformed, std::to_string(count) + " ids, but the message has no attachment for them");
    }
    const std::string_view raw = attachments_[next_attachment_++];
    if (raw.size() != count * sizeof(TokenId)) {
      return fail(path, Code::malformed,
                  std::to_string(count) + " ids, but the attachment has " + std::to_string(raw.size()) + " bytes");
    }
    out.ids.resize(count);
    if (count > 0) std::memcpy(out.ids.data(), raw.data(), raw.size());
  }

  std::string_view message_;
  std::span<const std::string_view> attachments_;
  std::size_t next_attachment_ = 0;
  bool longer_ = false;  // some array had more entries than this version has fields
  std::optional<Error> error_;
};

// What a body must satisfy beyond the types of its fields.
template <class T>
void check_body(Reader&, const T&) {}

void check_body(Reader& reader, const Tokens& tokens) {
  const std::size_t rows = tokens.handles.size();
  const bool equal = tokens.attempts.size() == rows && tokens.positions.size() == rows &&
                     tokens.chains.size() == rows && tokens.counts.size() == rows && tokens.flags.size() == rows;
  if (!equal) return reader.fail({}, Code::malformed, "columns of different lengths");
  const std::uint64_t ids = std::accumulate(tokens.counts.begin(), tokens.counts.end(), std::uint64_t{0});
  if (ids != tokens.ids.ids.size()) reader.fail({}, Code::malformed, "counts that do not add up to the ids");
  std::uint64_t entries = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    if ((tokens.flags[i] & row_has_logprobs) == 0) continue;
    entries += tokens.counts[i];
    if (tokens.counts[i] > limits::row_logprobs_max) {
      reader.fail({}, Code::too_large,
                  "a row with more than " + std::to_string(limits::row_logprobs_max) + " logprobs");
    }
  }
  if (entries != tokens.logprobs.size()) reader.fail({}, Code::malformed, "logprobs that do not match the ids");
  for (const IdLogprobs& entry : tokens.logprobs) {
    if (entry.top_ids.size() == entry.top_logprobs.size()) continue;
    return reader.fail({}, Code::malformed, "as many top_ids as top_logprobs are needed");
  }
}

void check_body(Reader& reader, const Text& text) {
  if (text.logprobs.empty() || text.logprobs.size() == text.ids.ids.size()) return;
  reader.fail({}, Code::malformed, "logprobs that do not match the ids");
}

template <class T>
Result<Message> decode_body(const Head& head, const Value& value, std::span<const std::string_view> attachments) {
  const std::string message = name(T::type);
  Reader reader(message, attachments);
  T body;
  reader.read_part({}, value, body);
  if (!reader.error() && !reader.attachments_fit())
    reader.fail({}, Code::malformed, "attachments that no field counts");
  if (!reader.error()) check_body(reader, body);
  if (reader.error()) return *std::move(reader.error());
  return Message{head, Body(std::in_place_type<T>, std::move(body))};
}

// For a msgpack map where a head belongs: the frame of a client that dialled the wrong port.
bool begins_map(std::string_view frame) {
  if (frame.empty()) return false;
  const auto byte = static_cast<std::uint8_t>(frame[0]);
  return (byte & 0xf0) == 0x80 || byte == 0xde || byte == 0xdf;
}

Error in(const std::string& what, const Error& error) { return {error.code, what + ": " + error.text}; }

Error too_large(const std::string& what, std::size_t bytes, std::size_t bytes_max) {
  return {Code::too_large, what + ": " + std::to_string(bytes) + " bytes, at most " + std::to_string(bytes_max)};
}

}  // namespace

Result<Head> decode_head(std::string_view frame) {
  if (frame.size() > limits::head_bytes_max) return too_large("head", frame.size(), limits::head_bytes_max);
  const auto document = Document::parse(frame);
  if (!document) return in("head", document.error());

  const Value root = document->root();
  Reader reader("head", {});
  if (!root.is(Value::Kind::array) || root.size() < 2) {
    return Error{Code::malformed, "head: expected an array that begins with version and type, " + received(root)};
  }
  Head head;
  Value::Cursor cursor(root);
  const Path path;
  const auto next = [&](const char* field, auto& member) {
    if (!reader.error() && !cursor.at_end()) reader.read(Path{&path, field}, cursor.next(), member, Bound{});
  };
  next("version", head.version);
  if (!reader.error() && head.version >> 8 != version_major) {
    return Error{Code::unsupported_version, "head: major version " + std::to_string(head.version >> 8) +
                                                ", this process speaks " + std::to_string(version_major)};
  }
  next("type", head.type);
  next("flags", head.flags);
  next("request", head.request);
  next("choice", head.choice);
  next("attempt", head.attempt);
  next("position", head.position);
  next("chain", head.chain);
  next("budget_ms", head.budget_ms);
  next("tier", head.tier);
  next("trace", head.trace);
  if (reader.error()) return *std::move(reader.error());
  return head;
}

Result<Message> decode(const Head& head, std::span<const std::string_view> rest) {
  const std::string message = name(head.type);
  if (!known(head.type)) return Error{Code::unknown_type, "no message of type " + message};
  if (rest.empty()) return Error{Code::malformed, message + ": the body is missing"};
  if (rest.size() - 1 > limits::attachments_max) {
    return Error{Code::too_large, message + ": " + std::to_string(rest.size() - 1) + " attachments, at most " +
                                      std::to_string(limits::attachments_max)};
  }
  if (rest[0].size() > limits::body_bytes_max) return too_large(message, rest[0].size(), limits::body_bytes_max);
  for (const std::string_view attachment : rest.subspan(1)) {
    if (attachment.size() > limits::attachment_bytes_max) {
      return too_large(message + ": attachment", attachment.size(), limits::attachment_bytes_max);
    }
  }

  const auto document = Document::parse(rest[0]);
  if (!document) return in(message, document.error());
  std::optional<Result<Message>> decoded;
  each_message_type([&]<class T>() {
    if (T::type == head.type) decoded = decode_body<T>(head, document->root(), rest.subspan(1));
  });
  return *std::move(decoded);
}

Result<Message> decode(std::span<const std::string_view> frames) {
  for (const std::string_view frame : frames.first(std::min<std::size_t>(frames.size(), 2))) {
    if (begins_map(frame)) {
      return Error{Code::wrong_port,
                   "a client's map arrived at the inbox of a process: clients dial a gateway's client "
                   "port (5555 by default)"};
    }
    if (!frame.empty()) break;  // only the empty frame of a REQ socket may stand before it
  }
  if (frames.empty()) return Error{Code::malformed, "head: missing"};
  auto head = decode_head(frames[0]);
  if (!head) return std::move(head).error();
  return decode(*head, frames.subspan(1));
}

}  // namespace shoal::protocol
