#include "protocol/value.h"

#include <algorithm>
#include <array>
#include <exception>
#include <string>
#include <utility>

#include <msgpack.hpp>

#include "base/limits.h"

namespace shoal::protocol {
namespace {

constexpr std::size_t nodes_expected = 64;  // in most messages; more are fine

// Takes the events of the library's parser. It is told the size of a container before the library allocates for it, so
// a frame of five bytes that claims 2^32 entries costs nothing.
class Builder : public msgpack::null_visitor {
public:
  explicit Builder(std::vector<Node>& nodes) : nodes_(nodes) {}

  std::optional<Error> error;

  bool visit_nil() { return add(Node::Kind::nil) != nullptr; }
  bool visit_boolean(bool value) {
    if (Node* node = add(Node::Kind::boolean)) node->boolean = value;
    return !error;
  }
  bool visit_positive_integer(std::uint64_t value) {
    if (Node* node = add(Node::Kind::integer)) node->integer = value;
    return !error;
  }
  bool visit_negative_integer(std::int64_t value) {
    if (Node* node = add(Node::Kind::negative)) node->negative = value;
    return !error;
  }
  bool visit_float32(float value) { return visit_float64(value); }
  bool visit_float64(double value) {
    if (Node* node = add(Node::Kind::number)) node->number = value;
    return !error;
  }
  bool visit_str(const char* data, std::uint32_t size) { return add_text(Node::Kind::string, data, size); }
  bool visit_bin(const char* data, std::uint32_t size) { return add_text(Node::Kind::bytes, data, size); }
  bool visit_ext(const char*, std::uint32_t) { return fail(Code::malformed, "msgpack extension types are not used"); }

  bool start_array(std::uint32_t entries) { return open(Node::Kind::array, entries, limits::array_entries_max); }
  bool end_array() { return close(); }
  bool start_map(std::uint32_t pairs) { return open(Node::Kind::map, pairs, limits::map_entries_max); }
  bool end_map() { return close(); }

  void parse_error(std::size_t, std::size_t at) { fail(Code::malformed, "not msgpack at byte " + std::to_string(at)); }
  void insufficient_bytes(std::size_t, std::size_t at) {
    fail(Code::malformed, "msgpack ends at byte " + std::to_string(at) + " inside a value");
  }

private:
  bool fail(Code code, std::string text) {
    if (!error) error = Error{code, std::move(text)};
    return false;
  }

  Node* add(Node::Kind kind, std::uint32_t size = 0) {
    if (nodes_.size() == limits::values_max) {
      fail(Code::too_large, "more than " + std::to_string(limits::values_max) + " msgpack values");
      return nullptr;
    }
    Node& node = nodes_.emplace_back();
    node.kind = kind;
    node.size = size;
    node.end = static_cast<std::uint32_t>(nodes_.size());
    return &node;
  }

  bool add_text(Node::Kind kind, const char* data, std::uint32_t size) {
    if (Node* node = add(kind, size)) node->data = data;
    return !error;
  }

  bool open(Node::Kind kind, std::uint32_t size, std::size_t size_max) {
    if (size > size_max) {
      return fail(Code::too_large,
                  with_article(kind) + " of " + std::to_string(size) + " entries, at most " + std::to_string(size_max));
    }
    if (depth_ == limits::depth_max) {
      return fail(Code::too_large, with_article(kind) + " nested deeper than " + std::to_string(limits::depth_max));
    }
    open_[depth_++] = nodes_.size();
    return add(kind, size) != nullptr;
  }

  bool close() {
    nodes_[open_[--depth_]].end = static_cast<std::uint32_t>(nodes_.size());
    return true;
  }

  static std::string with_article(Node::Kind kind) { return kind == Node::Kind::map ? "a map" : "an array"; }

  std::vector<Node>& nodes_;
  std::array<std::size_t, limits::depth_max> open_{};  // indices of the containers around the next value
  std::size_t depth_ = 0;                              // how many of them
};

// Looks for one key of the outermost map, whatever else the frame holds, and stops at its value.
class Finder : public msgpack::null_visitor {
public:
  explicit Finder(std::string_view key) : key_(key) {}

  std::optional<std::string> found;

  bool visit_str(const char* data, std::uint32_t size) { return take({data, size}); }
  bool visit_bin(const char* data, std::uint32_t size) { return take({data, size}); }
  bool visit_positive_integer(std::uint64_t value) { return in_value_ ? find(std::to_string(value)) : true; }
  bool visit_negative_integer(std::int64_t value) { return in_value_ ? find(std::to_string(value)) : true; }

  bool start_array(std::uint32_t) { return open(); }
  bool end_array() { return close(); }
  bool start_map(std::uint32_t) { return open(); }
  bool end_map() { return close(); }
  bool start_map_key() {
    in_key_ = depth_ == 1;
    if (in_key_) matched_ = in_value_ = false;
    return true;
  }
  bool end_map_key() {
    in_key_ = false;
    return true;
  }
  bool start_map_value() {
    in_value_ = matched_ && depth_ == 1;
    return true;
  }

private:
  bool take(std::string_view text) {
    if (in_key_) matched_ = text == key_;
    return in_value_ ? find(std::string(text)) : true;
  }
  bool find(std::string value) {
    found = std::move(value);
    return false;  // that is all
  }
  bool open() {
    in_key_ = in_value_ = false;
    return depth_++ < limits::depth_max;
  }
  bool close() {
    --depth_;
    return true;
  }

  std::string_view key_;
  std::size_t depth_ = 0;
  bool in_key_ = false;  // of the outermost map
  bool matched_ = false;
  bool in_value_ = false;  // of the key that is looked for
};

}  // namespace

std::optional<std::string> salvage(std::string_view frame, std::string_view key) {
  Finder finder(key);
  try {
    msgpack::parse(frame.data(), frame.size(), finder);
  } catch (const std::exception&) {  // the frame is refused elsewhere
  }
  return std::move(finder.found);
}

std::string_view Value::kind_name() const {
  switch (kind()) {
    case Kind::nil:
      return "nil";
    case Kind::boolean:
      return "a boolean";
    case Kind::integer:
    case Kind::negative:
      return "an integer";
    case Kind::number:
      return "a float";
    case Kind::string:
      return "a string";
    case Kind::bytes:
      return "bytes";
    case Kind::array:
      return "an array";
    case Kind::map:
      return "a map";
  }
  return "nothing";
}

std::optional<double> Value::number() const {
  if (is(Kind::number)) return node().number;
  if (is(Kind::integer)) return static_cast<double>(node().integer);
  if (is(Kind::negative)) return static_cast<double>(node().negative);
  return std::nullopt;
}

Result<Document> Document::parse(std::string_view frame) {
  Document document;
  document.nodes_.reserve(std::min(frame.size(), nodes_expected));  // a value has a byte at least
  Builder builder(document.nodes_);
  std::size_t offset = 0;
  try {
    // parse() also says true when bytes follow the first value, so the offset is compared.
    const bool complete = msgpack::parse(frame.data(), frame.size(), offset, builder);
    if (!complete && !builder.error) builder.error = Error{Code::malformed, "not msgpack"};
  } catch (const std::exception& exception) {
    return Error{Code::malformed, std::string("not msgpack: ") + exception.what()};
  }
  if (builder.error) return *builder.error;
  if (offset != frame.size()) {
    return Error{Code::malformed, std::to_string(frame.size() - offset) + " bytes after the msgpack value"};
  }
  return document;
}

}  // namespace shoal::protocol
