#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/limits.h"
#include "protocol/edge/edge.h"
#include "tests/unit/protocol/edge_pack.h"
#include "tests/unit/protocol/samples.h"

namespace shoal::protocol {
namespace {

using samples::Json;
using samples::unpack;

edge::Process process(const std::string& kind) {
  edge::Process process;
  samples::Filler filler;
  Entry::fields(process.entry, filler);
  LoadReport::fields(process.load, filler);
  process.entry.kind = kind;
  process.age_ms = 17;
  return process;
}

}  // namespace

TEST_CASE("ACCEPTED carries the ticket and the ways back") {
  const Json map = unpack(edge::accepted("7", samples::head(Type::ping).request, {"tcp://a:1", "tcp://b:2"}));
  CHECK(map == Json{{"type", "ACCEPTED"},
                    {"id", "7"},
                    {"request", "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"},
                    {"gateways", {"tcp://a:1", "tcp://b:2"}}});
}

TEST_CASE("DELTA carries position, chain, ids and both channels") {
  const Json map = unpack(edge::delta({"7", 12, 0x0123'4567'89ab'cdef, {5, 128'799}, "世", "think"}));
  CHECK(map == Json{{"type", "DELTA"},
                    {"id", "7"},
                    {"position", 12},
                    {"chain", "0123456789abcdef"},
                    {"ids", {5, 128'799}},
                    {"content", "世"},
                    {"reasoning_content", "think"}});
}

TEST_CASE("DONE has usage, and the text only of an unstreamed request") {
  edge::Done done{.id = "7",
                  .finish = Finish::length,
                  .prompt_tokens = 4'000'000'000,
                  .completion_tokens = 1'000'000'000,
                  .content = std::nullopt,
                  .reasoning_content = std::nullopt};
  const Json usage = {
      {"prompt_tokens", 4'000'000'000}, {"completion_tokens", 1'000'000'000}, {"total_tokens", 5'000'000'000}};
  CHECK(unpack(edge::done(done)) == Json{{"type", "DONE"}, {"id", "7"}, {"finish_reason", "length"}, {"usage", usage}});
  done.finish = Finish::stop;
  done.content = "";
  done.reasoning_content = "because";
  CHECK(unpack(edge::done(done)) == Json{{"type", "DONE"},
                                         {"id", "7"},
                                         {"finish_reason", "stop"},
                                         {"usage", usage},
                                         {"content", ""},
                                         {"reasoning_content", "because"}});
}

TEST_CASE("log probabilities have OpenAI's shape, in DELTA and in DONE") {
  edge::Logprobs logprobs;
  logprobs.add({{{{"世"}, -0.5F}, {{{"世"}, -0.5F}, {{"\xe4\xb8"}, -1.25F}}}});
  logprobs.add({{{{""}, -2.0F}, {}}});
  const Json chosen = {{"token", "世"}, {"logprob", -0.5}, {"bytes", {0xe4, 0xb8, 0x96}}};
  const Json part = {{"token", "\\xe4\\xb8"}, {"logprob", -1.25}, {"bytes", {0xe4, 0xb8}}};
  Json first = chosen;
  first["top_logprobs"] = {chosen, part};
  const Json second = {{"token", ""}, {"logprob", -2.0}, {"bytes", nullptr}, {"top_logprobs", Json::array()}};
  const Json expected = {{"content", {first, second}}};

  edge::Delta delta{"7", 2, 0, {5, 6}, "世", ""};
  delta.logprobs = logprobs;
  CHECK(unpack(edge::delta(delta))["logprobs"] == expected);
  edge::Done done{.id = "7", .content = "世", .reasoning_content = "", .logprobs = logprobs};
  CHECK(unpack(edge::done(done))["logprobs"] == expected);
  delta.logprobs = edge::Logprobs{};
  CHECK(unpack(edge::delta(delta))["logprobs"] == Json{{"content", Json::array()}});
}

TEST_CASE("ERROR has a code by name, a sentence that is UTF-8, and a pause if trying again may help") {
  CHECK(unpack(edge::error("7", {Code::busy, "full"}, 250)) ==
        Json{{"type", "ERROR"}, {"id", "7"}, {"code", "busy"}, {"message", "full"}, {"retry_after_ms", 250}});
  CHECK(unpack(edge::error("", {Code::malformed, "got \xff"})) ==
        Json{{"type", "ERROR"}, {"id", ""}, {"code", "malformed"}, {"message", "got \\xff"}});
  const std::string long_text(limits::text_bytes_max + 1, 'x');
  CHECK(unpack(edge::error("7", {Code::internal, long_text}))["message"].get<std::string>().size() ==
        limits::text_bytes_max);
}

TEST_CASE("KEEPALIVE says where the stream is") {
  CHECK(unpack(edge::keepalive("7", {.term = 1, .redispatch = 2}, 9, 0xff)) ==
        Json{{"type", "KEEPALIVE"}, {"id", "7"}, {"attempt", 65'538}, {"position", 9}, {"chain", "00000000000000ff"}});
}

TEST_CASE("STATUS lists every process with its load under names") {
  const Json map = unpack(edge::status("7", {process("router"), process("gateway")}));
  CHECK(map["type"] == "STATUS");
  CHECK(map["id"] == "7");
  REQUIRE(map["processes"].size() == 2);
  const Json& first = map["processes"][0];
  CHECK(first["kind"] == "router");
  CHECK(first["epoch"] == to_hex(process("router").entry.epoch));
  CHECK(first["labels"].size() == 2);
  CHECK(first["load"].size() == field_count<LoadReport>());
  CHECK(first["load"]["slots_free"] == process("router").load.slots_free);
  CHECK(first["load"]["running"].size() == 2);
  CHECK(first["age_ms"] == 17);
  CHECK(map["processes"][1]["kind"] == "gateway");
}

TEST_CASE("a table of processes survives its way through a payload") {
  const std::vector<edge::Process> processes = {process("router"), edge::Process{}, process("moderate")};
  const auto unpacked = edge::unpack_processes(edge::pack_processes(processes));
  REQUIRE(unpacked.has_value());
  CHECK(*unpacked == processes);
}

TEST_CASE("a whole directory fits into a payload, and what does not is left out") {
  const std::vector<edge::Process> processes(limits::directory_entries_max, process("inference"));
  const auto unpacked = edge::unpack_processes(edge::pack_processes(processes));
  REQUIRE(unpacked.has_value());
  CHECK(unpacked->size() == processes.size());

  std::vector<edge::Process> wide = processes;
  for (edge::Process& each : wide) {
    each.entry.labels.assign(limits::labels_max, {std::string(128, 'k'), std::string(128, 'v')});
  }
  const Bytes payload = edge::pack_processes(wide);
  CHECK(payload.bytes.size() <= limits::payload_bytes_max);
  CHECK(edge::unpack_processes(payload)->size() > 1000);
}

TEST_CASE("a table of processes that is bent out of shape is refused by field") {
  const auto answer = [](Json entry) {
    const auto unpacked = edge::unpack_processes({samples::pack(Json::array({std::move(entry)}))});
    return unpacked ? "ok" : unpacked.error().text;
  };
  const Json good = unpack(edge::status("7", {process("router")}))["processes"][0];
  const auto with = [&](const char* pointer, Json value) {
    Json bent = good;
    bent[Json::json_pointer(pointer)] = std::move(value);
    return answer(bent);
  };
  CHECK(answer(good) == "ok");
  CHECK(with("/epoch", "xyz") == "processes[0].epoch: expected 16 hexadecimal digits");
  CHECK(with("/kind", 5) == "processes[0].kind: expected a string, got 5");
  CHECK(with("/labels", 5) == "processes[0].labels: expected a map of at most 16");
  CHECK(with("/labels/a", 5) == "processes[0].labels: expected strings");
  CHECK(with("/load", 5) == "processes[0].load: expected a map, got 5");
  CHECK(with("/load/streams", -1) == "processes[0].load.streams: expected an integer from 0 to 4294967295, got -1");
  CHECK(with("/load/running", {1, 2, 3, 4, 5}) == "processes[0].load.running: expected an array of at most 4");
  CHECK(with("/load/running", {"x"}) == "processes[0].load.running: expected integers of 32 bits, got a string");
  CHECK(with("/later", "field") == "ok");
  CHECK(answer(5) == "processes[0]: expected a map, got 5");
  CHECK(edge::unpack_processes({"\xc1"}).error().text.starts_with("processes: not msgpack"));
  CHECK(edge::unpack_processes({"\x05"}).error().text == "processes: expected an array of at most 1024 maps");
}

}  // namespace shoal::protocol
