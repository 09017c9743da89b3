// Reads one frame of msgpack. A document is parsed once, within every limit of base/limits.h, into a flat list of
// nodes; strings stay in the frame, which must outlive document and values. The only place that knows the library's
// parser is value.cc. Immutable once parsed; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace shoal::protocol {

// One value of the frame, before its children in the list. Maps have twice as many children as pairs.
struct Node {
  enum class Kind : std::uint8_t { nil, boolean, integer, negative, number, string, bytes, array, map };

  Kind kind = Kind::nil;
  std::uint32_t size = 0;  // bytes of a string, entries of an array, pairs of a map
  std::uint32_t end = 0;   // index of the first node after this one and all below it
  union {
    bool boolean;
    std::uint64_t integer;
    std::int64_t negative;
    double number;
    const char* data;
  };
};

// A view of one node; valid as long as its document.
class Value {
public:
  using Kind = Node::Kind;

  Kind kind() const { return node().kind; }
  bool is(Kind kind) const { return node().kind == kind; }
  // With its article, for error texts: "an integer", "a string", "a map".
  std::string_view kind_name() const;

  // Each needs the kind to be right.
  bool boolean() const { return node().boolean; }
  std::uint64_t integer() const { return node().integer; }
  std::int64_t negative() const { return node().negative; }
  std::string_view text() const { return {node().data, node().size}; }  // of a string or bytes

  // Integers count as numbers, because packers shorten 1.0 to 1; nothing for other kinds.
  std::optional<double> number() const;

  // Entries of an array, pairs of a map; 0 otherwise.
  std::size_t size() const { return is(Kind::array) || is(Kind::map) ? node().size : 0; }

  // Calls visit(entry) for each entry of an array, in order.
  template <class Visit>
  void each(Visit visit) const {
    const std::vector<Node>& nodes = *nodes_;
    for (std::size_t at = index_ + 1; at < node().end; at = nodes[at].end) visit(Value(nodes, at));
  }
  // Calls visit(key, value) for each pair of a map, in order.
  template <class Visit>
  void each_pair(Visit visit) const {
    const std::vector<Node>& nodes = *nodes_;
    for (std::size_t key = index_ + 1; key < node().end;) {
      const std::size_t value = nodes[key].end;
      visit(Value(nodes, key), Value(nodes, value));
      key = nodes[value].end;
    }
  }

  // The entries of an array one by one, for readers that know their order.
  class Cursor {
  public:
    explicit Cursor(Value array) : nodes_(array.nodes_), at_(array.index_ + 1), end_(array.node().end) {}
    bool at_end() const { return at_ >= end_; }
    Value next() {
      const std::size_t at = at_;
      at_ = (*nodes_)[at].end;
      return {*nodes_, at};
    }

  private:
    const std::vector<Node>* nodes_;
    std::size_t at_;
    std::size_t end_;
  };

private:
  friend class Document;
  Value(const std::vector<Node>& nodes, std::size_t index) : nodes_(&nodes), index_(index) {}
  const Node& node() const { return (*nodes_)[index_]; }

  const std::vector<Node>* nodes_;
  std::size_t index_;
};

class Document {
public:
  // Errors: malformed (not msgpack, cut off, trailing bytes, an extension type) and too_large (too deep, too many
  // entries or values). Never throws. Memory is at most 24 bytes for each of values_max values.
  static Result<Document> parse(std::string_view frame);

  Value root() const { return {nodes_, 0}; }

private:
  std::vector<Node> nodes_;
};

// What stands beside `key` in the outermost map of a frame, read as far as the frame can be: text and bytes as they
// are, an integer in decimal. For a frame that is refused, so that the error reaches the request that it is about.
std::optional<std::string> salvage(std::string_view frame, std::string_view key);

}  // namespace shoal::protocol
