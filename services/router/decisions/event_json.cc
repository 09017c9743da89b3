#include "services/router/decisions/event_json.h"

#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/limits.h"
#include "services/router/decisions/json_reader.h"

namespace shoal::router {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view log_name = "shoal router decisions";

std::int64_t micros(Time at) { return at.time_since_epoch().count(); }

Json json_of(const LogHeader& header) {
  return {{"log", log_name},
          {"version", log_version},
          {"router", to_hex(header.router)},
          {"node", header.node},
          {"policy", header.config.policy},
          {"score_weights", header.config.score_weights},
          {"latency_ref_ms", header.config.latency_ref_ms},
          {"seed", to_hex(header.config.seed)}};
}

Json json_of(const Candidate& candidate, const Verdict& verdict) {
  return {{"epoch", to_hex(candidate.epoch)},
          {"node", candidate.node},
          {"standing", name(verdict.standing)},
          {"slots", candidate.slots},
          {"slots_free", candidate.slots_free},
          {"promised", candidate.promised},
          {"tokens", candidate.tokens},
          {"pages", candidate.pages},
          {"pages_free", candidate.pages_free},
          {"cpu_permille", candidate.cpu_permille},
          {"latency_us", candidate.latency_us},
          {"age_ms", candidate.age_ms},
          {"weight", candidate.weight},
          {"score", verdict.score},
          {"parts", verdict.parts}};
}

Json json_of(const Event& event) {
  const Snapshot& snapshot = event.snapshot;
  const Asked& asked = snapshot.asked;
  Json json = {{"event", name(event.outcome)},
               {"sequence", snapshot.sequence},
               {"at_us", micros(event.at)},
               {"request", to_hex(asked.stream.request)},
               {"choice", asked.stream.choice},
               {"attempt", asked.attempt.to_u32()},
               {"owner", to_hex(asked.owner)},
               {"tier", static_cast<int>(asked.tier)},
               {"tenant", asked.tenant},
               {"model", asked.model},
               {"prompt_tokens", asked.prompt_tokens},
               {"max_tokens", asked.max_tokens},
               {"waited_ms", asked.waited_ms},
               {"ahead", event.ahead},
               {"grant", event.grant},
               {"executor", to_hex(event.executor)},
               {"code", static_cast<int>(event.code)},
               {"text", event.text},
               {"turn", snapshot.turn},
               {"last", to_hex(snapshot.last)},
               {"chosen", to_hex(event.decision.chosen)},
               {"candidates", Json::array()}};
  for (std::size_t i = 0; i < snapshot.candidates.size(); ++i) {
    json["candidates"].push_back(json_of(snapshot.candidates[i], event.decision.verdicts.at(i)));
  }
  return json;
}

void read_config(JsonReader& reader, LogHeader& header) {
  const std::uint64_t version = reader.number("version", UINT32_MAX);
  if (reader.ok() && version != log_version) reader.fail("version", "expected " + std::to_string(log_version));
  header.router = reader.hex("router");
  header.node = reader.text("node");
  header.config.policy = reader.text("policy");
  header.config.score_weights = reader.three("score_weights");
  header.config.latency_ref_ms = static_cast<std::uint32_t>(reader.number("latency_ref_ms", UINT32_MAX));
  header.config.seed = reader.hex("seed");
}

void read_candidate(JsonReader reader, Snapshot& snapshot, Decision& decision) {
  const auto u32 = [&](const char* key) { return static_cast<std::uint32_t>(reader.number(key, UINT32_MAX)); };
  Candidate candidate;
  Verdict verdict;
  candidate.epoch = reader.hex("epoch");
  candidate.node = reader.text("node");
  verdict.standing = reader.one_of<Standing>("standing", Standing::late);
  // These two are the policy's findings, the others were known before.
  const bool found = verdict.standing == Standing::full || verdict.standing == Standing::not_drawn;
  candidate.standing = found ? Standing::able : verdict.standing;
  candidate.slots = u32("slots");
  candidate.slots_free = u32("slots_free");
  candidate.promised = u32("promised");
  candidate.tokens = reader.number("tokens");
  candidate.pages = u32("pages");
  candidate.pages_free = u32("pages_free");
  candidate.cpu_permille = u32("cpu_permille");
  candidate.latency_us = u32("latency_us");
  candidate.age_ms = u32("age_ms");
  candidate.weight = u32("weight");
  verdict.score = reader.real("score");
  verdict.parts = reader.three("parts");
  if (!snapshot.candidates.empty() && snapshot.candidates.back().epoch >= candidate.epoch) {
    reader.fail("epoch", "expected candidates in the order of their epochs");
  }
  snapshot.candidates.push_back(std::move(candidate));
  decision.verdicts.push_back(verdict);
}

void read_event(JsonReader& reader, Event& event) {
  const auto u32 = [&](const char* key) { return static_cast<std::uint32_t>(reader.number(key, UINT32_MAX)); };
  Snapshot& snapshot = event.snapshot;
  Asked& asked = snapshot.asked;
  event.outcome = reader.one_of<Outcome>("event", Outcome::grant_lost);
  snapshot.sequence = reader.number("sequence");
  event.at = Time(Duration(reader.number("at_us", INT64_MAX)));
  asked.stream.request = reader.request("request");
  asked.stream.choice = static_cast<Choice>(reader.number("choice", UINT16_MAX));
  asked.attempt = Attempt::from_u32(u32("attempt"));
  asked.owner = reader.hex("owner");
  asked.tier = static_cast<Tier>(reader.number("tier", tier_count - 1));
  asked.tenant = reader.text("tenant");
  asked.model = reader.text("model");
  asked.prompt_tokens = u32("prompt_tokens");
  asked.max_tokens = u32("max_tokens");
  asked.waited_ms = u32("waited_ms");
  event.ahead = u32("ahead");
  event.grant = reader.number("grant");
  event.executor = reader.hex("executor");
  event.code = static_cast<Code>(reader.number("code", UINT16_MAX));
  event.text = reader.text("text");
  snapshot.turn = reader.number("turn");
  snapshot.last = reader.hex("last");
  event.decision.chosen = reader.hex("chosen");
  reader.each("candidates", limits::directory_entries_max,
              [&](JsonReader candidate) { read_candidate(std::move(candidate), snapshot, event.decision); });
}

}  // namespace

std::string header_line(const LogHeader& header, std::uint64_t unix_ms, Time at) {
  Json json = json_of(header);
  json["unix_ms"] = unix_ms;
  json["at_us"] = micros(at);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string event_line(const Event& event) {
  return json_of(event).dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<std::variant<HeaderLine, Event>> read_line(std::string_view line) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return Error{Code::malformed, "expected a JSON object"};
  std::optional<Error> error;
  JsonReader reader(json, "", error);
  if (json.contains("log")) {
    HeaderLine header;
    if (reader.text("log") != log_name) reader.fail("log", "expected \"" + std::string(log_name) + "\"");
    read_config(reader, header.header);
    header.unix_ms = reader.number("unix_ms");
    header.at = Time(Duration(reader.number("at_us", INT64_MAX)));
    if (error) return *std::move(error);
    return std::variant<HeaderLine, Event>(std::move(header));
  }
  Event event;
  read_event(reader, event);
  if (error) return *std::move(error);
  return std::variant<HeaderLine, Event>(std::move(event));
}

std::string pack_explanation(const LogHeader& header, const std::vector<EventPtr>& events, Time now) {
  Json json = {{"router", json_of(header)}, {"now_us", micros(now)}, {"events", Json::array()}};
  for (const EventPtr& event : events) json["events"].push_back(json_of(*event));
  const auto bytes = Json::to_msgpack(json);
  return {bytes.begin(), bytes.end()};
}

Result<Explanation> unpack_explanation(std::string_view payload) {
  const Json json = Json::from_msgpack(payload, true, false);
  if (!json.is_object()) return Error{Code::malformed, "the router's answer to explain: expected a msgpack map"};
  std::optional<Error> error;
  JsonReader reader(json, "", error);
  Explanation explanation;
  JsonReader header = reader.object("router");
  if (!error) read_config(header, explanation.header);
  explanation.now = Time(Duration(reader.number("now_us", INT64_MAX)));
  reader.each("events", limits::explained_events_max,
              [&](JsonReader event) { read_event(event, explanation.events.emplace_back()); });
  if (error) return Error{error->code, "the router's answer to explain: " + error->text};
  return explanation;
}

}  // namespace shoal::router
