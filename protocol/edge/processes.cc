#include <concepts>
#include <string>
#include <type_traits>
#include <utility>

#include "base/limits.h"
#include "protocol/describe.h"
#include "protocol/edge/edge.h"
#include "protocol/map_reader.h"
#include "protocol/pack.h"
#include "protocol/value.h"

namespace shoal::protocol::edge {
namespace {

using Kind = Value::Kind;

// The fields of a load report under their names.
struct PackLoad {
  Packer& packer;

  void operator()(const char* field, const std::vector<std::uint32_t>& list, const Bound&) {
    packer.string(field);
    packer.array(list.size());
    for (const std::uint32_t number : list) packer.integer(number);
  }
  void operator()(const char* field, std::unsigned_integral auto number, const Bound&) {
    packer.string(field);
    packer.integer(number);
  }
};

struct ReadLoad {
  MapReader& map;

  void operator()(const char* field, std::vector<std::uint32_t>& list, const Bound& bound) {
    const auto value = map.find(field);
    if (!value) return;
    const std::size_t entries_max = length_max<std::vector<std::uint32_t>>(bound);
    if (!value->is(Kind::array) || value->size() > entries_max) {
      return map.fail(field, Code::malformed, "expected an array of at most " + std::to_string(entries_max));
    }
    value->each([&](const Value& entry) {
      if (!entry.is(Kind::integer) || entry.integer() > UINT32_MAX) {
        return map.fail(field, Code::malformed, expected("integers of 32 bits", entry));
      }
      list.push_back(static_cast<std::uint32_t>(entry.integer()));
    });
  }
  template <std::unsigned_integral T>
  void operator()(const char* field, T& number, const Bound&) {
    map.integer(field, number);
  }
};

std::string pack_process(const Process& process) {
  const auto text = [](Packer& packer, std::string_view key, std::string_view value) {
    packer.string(key);
    packer.string(value);
  };
  const Entry& entry = process.entry;
  Packer packer;
  packer.map(8);
  text(packer, "kind", entry.kind);
  text(packer, "node", entry.node);
  text(packer, "epoch", to_hex(entry.epoch));
  text(packer, "address", entry.address);
  text(packer, "client", entry.client);
  packer.string("labels");
  packer.map(entry.labels.size());
  for (const Label& label : entry.labels) text(packer, label.key, label.value);
  packer.string("load");
  packer.map(field_count<LoadReport>());
  PackLoad load{packer};
  LoadReport::fields(process.load, load);
  packer.string("age_ms");
  packer.integer(process.age_ms);
  return packer.take();
}

void read_labels(MapReader& map, std::vector<Label>& labels) {
  const auto value = map.find("labels");
  if (!value) return;
  if (!value->is(Kind::map) || value->size() > limits::labels_max) {
    return map.fail("labels", Code::malformed, "expected a map of at most " + std::to_string(limits::labels_max));
  }
  value->each_pair([&](const Value& key, const Value& label) {
    if (!key.is(Kind::string) || !label.is(Kind::string) || key.text().size() > limits::name_bytes_max ||
        label.text().size() > limits::name_bytes_max) {
      return map.fail("labels", Code::malformed, "expected strings");
    }
    labels.push_back({std::string(key.text()), std::string(label.text())});
  });
}

void read_process(MapReader& map, Process& process) {
  Entry& entry = process.entry;
  std::string epoch;
  map.text("kind", entry.kind, limits::name_bytes_max);
  map.text("node", entry.node, limits::name_bytes_max);
  map.text("epoch", epoch, limits::name_bytes_max);
  if (const auto number = number_of_hex(epoch)) {
    entry.epoch = *number;
  } else {
    map.fail("epoch", Code::malformed, "expected 16 hexadecimal digits");
  }
  map.text("address", entry.address, limits::address_bytes_max);
  map.text("client", entry.client, limits::address_bytes_max);
  read_labels(map, entry.labels);
  if (const auto value = map.find("load")) {
    MapReader report(map.path() + ".load", *value);
    ReadLoad load{report};
    LoadReport::fields(process.load, load);
    map.adopt(report.error());
  }
  map.integer("age_ms", process.age_ms);
}

}  // namespace

Bytes pack_processes(const std::vector<Process>& processes) {
  constexpr std::size_t header_bytes_max = 5;  // of a msgpack array
  std::string entries;
  std::size_t count = 0;
  for (const Process& process : processes) {
    const std::string entry = pack_process(process);
    if (entries.size() + entry.size() + header_bytes_max > limits::payload_bytes_max) break;
    entries += entry;
    ++count;
  }
  Packer packer;
  packer.array(count);
  return {packer.take() + entries};
}

Result<std::vector<Process>> unpack_processes(const Bytes& payload) {
  const auto document = Document::parse(payload.bytes);
  if (!document) return Error{document.error().code, "processes: " + document.error().text};
  const Value root = document->root();
  if (!root.is(Kind::array) || root.size() > limits::directory_entries_max) {
    return Error{Code::malformed,
                 "processes: expected an array of at most " + std::to_string(limits::directory_entries_max) + " maps"};
  }
  std::vector<Process> processes;
  std::optional<Error> error;
  root.each([&](const Value& entry) {
    if (error) return;
    MapReader map("processes[" + std::to_string(processes.size()) + "]", entry);
    read_process(map, processes.emplace_back());
    error = map.error();
  });
  if (error) return *std::move(error);
  return processes;
}

}  // namespace shoal::protocol::edge
