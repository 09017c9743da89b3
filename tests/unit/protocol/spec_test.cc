// protocol/README.md is the specification: its tables name every field, type, bound, code and limit that the code has.
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include "base/limits.h"
#include "protocol/codec.h"
#include "protocol/describe.h"

namespace shoal::protocol {
namespace {

// The rows of the first table under each heading, as "field type"; headings without their #.
std::map<std::string, std::vector<std::string>> read_tables() {
  std::ifstream in(SHOAL_SOURCE_DIR "/protocol/README.md");
  std::map<std::string, std::vector<std::string>> tables;
  std::string heading;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("#")) heading = line.substr(line.find(' ') + 1);
    if (!line.starts_with("| ") || line.starts_with("| field") || line.starts_with("| number") ||
        line.starts_with("| limit")) {
      continue;
    }
    std::stringstream cells(line.substr(2));
    std::string first;
    std::string second;
    std::getline(cells, first, '|');
    std::getline(cells, second, '|');
    std::string row = first + second;
    std::erase(row, '`');
    row.pop_back();  // the blank before the bar
    tables[heading].push_back(row.replace(row.find("  "), 2, " "));
  }
  return tables;
}

const std::map<std::string, std::vector<std::string>>& tables() {
  static const auto all = read_tables();
  return all;
}

std::vector<std::string> rows(const std::string& heading) {
  const auto table = tables().find(heading);
  return table == tables().end() ? std::vector<std::string>{} : table->second;
}

template <class T>
constexpr const char* part_name = nullptr;
template <>
constexpr const char* part_name<Label> = "Label";
template <>
constexpr const char* part_name<Entry> = "Entry";
template <>
constexpr const char* part_name<LoadReport> = "LoadReport";
template <>
constexpr const char* part_name<ChatMessage> = "ChatMessage";
template <>
constexpr const char* part_name<Parameters> = "Parameters";
template <>
constexpr const char* part_name<Journal> = "Journal";
template <>
constexpr const char* part_name<Grant> = "Grant";
template <>
constexpr const char* part_name<IdLogprobs> = "IdLogprobs";
template <>
constexpr const char* part_name<TokenLogprob> = "TokenLogprob";
template <>
constexpr const char* part_name<TextLogprobs> = "TextLogprobs";
template <>
constexpr const char* part_name<Code> = "Code";
template <>
constexpr const char* part_name<Type> = "Type";
template <>
constexpr const char* part_name<Finish> = "Finish";
template <>
constexpr const char* part_name<Reasoning> = "Reasoning";
template <>
constexpr const char* part_name<StreamState> = "StreamState";

// A type as the specification spells it: "str 128", "[u32] 8192", "Journal".
template <class T>
std::string spell(const Bound& bound) {
  if constexpr (std::is_same_v<T, std::string>) {
    return "str " + std::to_string(length_max<T>(bound));
  } else if constexpr (std::is_same_v<T, Bytes>) {
    return "bin " + std::to_string(length_max<T>(bound));
  } else if constexpr (std::is_same_v<T, Ids>) {
    return "ids " + std::to_string(length_max<T>(bound));
  } else if constexpr (std::is_same_v<T, bool>) {
    return "bool";
  } else if constexpr (std::is_same_v<T, float>) {
    return "f32";
  } else if constexpr (List<T>) {
    return "[" + spell<typename T::value_type>(entry_bound(bound)) + "] " + std::to_string(length_max<T>(bound));
  } else if constexpr (part_name<T> != nullptr) {
    return part_name<T>;
  } else {
    return "u" + std::to_string(8 * sizeof(T));
  }
}

template <class T>
std::vector<std::string> fields_of() {
  std::vector<std::string> fields;
  T part;
  auto visit = [&fields](const char* field, auto& member, const Bound& bound) {
    fields.push_back(std::string(field) + " " + spell<std::decay_t<decltype(member)>>(bound));
  };
  T::fields(part, visit);
  return fields;
}

template <class T>
void check_part() {
  CAPTURE(part_name<T>);
  CHECK(rows(part_name<T>) == fields_of<T>());
}

}  // namespace

TEST_CASE("the specification lists the fields of every message") {
  each_message_type([]<class T>() {
    constexpr char digits[] = "0123456789abcdef";
    const auto number = static_cast<std::uint8_t>(T::type);
    std::string heading = name(T::type) + " 0x";
    heading += {digits[number >> 4], digits[number & 15]};
    CAPTURE(heading);
    CHECK(rows(heading) == fields_of<T>());
  });
}

TEST_CASE("the specification lists the fields of every part") {
  check_part<Label>();
  check_part<Entry>();
  check_part<LoadReport>();
  check_part<ChatMessage>();
  check_part<Parameters>();
  check_part<Journal>();
  check_part<Grant>();
  check_part<IdLogprobs>();
  check_part<TokenLogprob>();
  check_part<TextLogprobs>();
}

TEST_CASE("the specification lists the head") {
  CHECK(rows("2 Head") == std::vector<std::string>{"version u16", "type u8", "flags u8", "request bin 16", "choice u16",
                                                   "attempt u32", "position u32", "chain u64", "budget_ms u32",
                                                   "tier u8", "trace bin 24 or nil"});
}

TEST_CASE("the specification lists every error code") {
  std::vector<std::string> codes;
  for (std::uint16_t number = 0; code_of(shoal::name(static_cast<Code>(number))); ++number) {
    codes.push_back(std::to_string(number) + " " + std::string(shoal::name(static_cast<Code>(number))));
  }
  CHECK(rows("7 Error codes") == codes);
}

TEST_CASE("the specification gives the limits that the code has") {
  const std::map<std::string, std::size_t> known = {
      {"message_bytes_max", limits::message_bytes_max},
      {"head_bytes_max", limits::head_bytes_max},
      {"body_bytes_max", limits::body_bytes_max},
      {"attachments_max", limits::attachments_max},
      {"attachment_bytes_max", limits::attachment_bytes_max},
      {"array_entries_max", limits::array_entries_max},
      {"map_entries_max", limits::map_entries_max},
      {"depth_max", limits::depth_max},
      {"values_max", limits::values_max},
      {"routing_id_bytes_max", limits::routing_id_bytes_max},
      {"edge_message_bytes_max", limits::edge_message_bytes_max},
      {"edge_frames_max", limits::edge_frames_max},
      {"envelope_bytes_max", limits::envelope_bytes_max},
      {"client_handshake_ms", limits::client_handshake_ms},
      {"client_slow_bytes", limits::client_slow_bytes},
      {"client_stalled_ms", limits::client_stalled_ms},
      {"client_backlog_bytes_max", limits::client_backlog_bytes_max},
      {"prompt_bytes_max", limits::prompt_bytes_max},
      {"messages_max", limits::messages_max},
      {"client_id_bytes_max", limits::client_id_bytes_max},
      {"stop_strings_max", limits::stop_strings_max},
      {"stop_string_bytes_max", limits::stop_string_bytes_max},
      {"top_logprobs_max", limits::top_logprobs_max},
      {"logprobs_bytes_max", limits::logprobs_bytes_max},
      {"token_bytes_max", limits::token_bytes_max},
      {"row_logprobs_max", limits::row_logprobs_max},
      {"streams_max", limits::streams_max},
      {"load_interval_ms", limits::load_interval_ms},
      {"load_gap_ms", limits::load_gap_ms},
      {"load_missed_max", limits::load_missed_max},
      {"silence_max_ms", limits::silence_max_ms},
      {"ping_after_ms", limits::ping_after_ms},
      {"answer_wait_ms", limits::answer_wait_ms},
      {"queued_wait_ms", limits::queued_wait_ms},
      {"keepalive_interval_ms", limits::keepalive_interval_ms},
      {"orphan_ms", limits::orphan_ms},
      {"finished_keep_ms", limits::finished_keep_ms},
      {"deadline_default_ms", limits::deadline_default_ms},
  };
  const auto listed = rows("8 Limits");
  CHECK(listed.size() == known.size());
  for (const std::string& row : listed) {
    const std::size_t blank = row.find(' ');
    const auto limit = known.find(row.substr(0, blank));
    REQUIRE_MESSAGE(limit != known.end(), row);
    CHECK(row.substr(blank + 1) == std::to_string(limit->second));
  }
}

}  // namespace shoal::protocol
