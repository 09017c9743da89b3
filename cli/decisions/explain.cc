// `shoal explain`: why a request went where it went, from the routers' memory or from a log of their decisions.
#include <cctype>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/limits.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/decisions/explanation.h"
#include "cli/report.h"

namespace shoal::cli {
namespace {

using router::Event;
using router::Explanation;

struct ExplainOptions {
  std::string id;
  std::string log;
  std::vector<std::string> connect;
  bool json = false;
};

Json json_of(const router::LogHeader& header, const std::vector<Event>& events) {
  Json all = Json::array();
  for (const Event& event : events) {
    Json one = Json::parse(router::event_line(event), nullptr, false);
    one["router"] = to_hex(header.router);
    one["policy"] = header.config.policy;
    one["reason"] = reason_of(header, event);
    all.push_back(std::move(one));
  }
  return all;
}

void print(const Json& json) { std::printf("%s\n", json.dump(2, ' ', false, Json::error_handler_t::replace).c_str()); }

// ---- from the routers

Result<Explanation> ask_router(Client& client, const std::string& epoch, const std::string& request) {
  const std::vector<std::uint8_t> payload(request.begin(), request.end());
  SHOAL_TRY(client.send({{"type", "CALL"},
                         {"id", "explain-" + epoch},
                         {"kind", "router"},
                         {"epoch", epoch},
                         {"method", "explain"},
                         {"payload", Json::binary(payload)},
                         {"deadline_ms", 3000}}));
  for (;;) {
    const auto message = client.receive(seconds(5));
    if (!message) return message.error();
    if (!*message) return Error{Code::timeout, "the gateway did not answer"};
    const Json& answer = **message;
    if (text_field(answer, "id") != "explain-" + epoch) continue;
    if (text_field(answer, "type") == "ERROR") return error_of(answer);
    const auto payload_field = answer.find("payload");
    if (payload_field == answer.end() || !payload_field->is_binary()) {
      return Error{Code::malformed, "the gateway's RESULT has no payload"};
    }
    const auto& bytes = payload_field->get_binary();
    return router::unpack_explanation({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
}

std::string ago(Time now, Time at) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f s ago", std::chrono::duration<double>(now - at).count());
  return text.data();
}

// A request is known where it was asked to be placed: mostly one router, after a router's death two.
int explain_live(const ExplainOptions& options) {
  auto client = Client::connect_any(options.connect, seconds(2));
  if (!client) return report("explain", client.error(), options.json);
  const auto processes = client->status(seconds(5));
  if (!processes) return report("explain", processes.error(), options.json);
  std::optional<Error> error = Error{Code::no_router, "no router is alive"};
  Json all = Json::array();
  for (const Json& process : *processes) {
    if (text_field(process, "kind") != "router") continue;
    const auto found = ask_router(*client, text_field(process, "epoch"), options.id);
    if (!found) {
      if (!error || error->code == Code::no_router || error->code == Code::unknown_id) error = found.error();
      continue;
    }
    if (options.json) {
      for (Json& one : json_of(found->header, found->events)) all.push_back(std::move(one));
    } else {
      std::vector<std::string> came;
      for (const Event& event : found->events) came.push_back(ago(found->now, event.at));
      std::printf("%s%s", all.empty() ? "" : "\n", explanation_text(found->header, found->events, came).c_str());
      all.push_back(true);
    }
  }
  if (all.empty()) return report("explain", *error, options.json);
  if (options.json) print(all);
  return exit_code::ok;
}

// ---- from a log

std::string time_of_day(const router::HeaderLine& header, Time at) {
  const std::int64_t ms = static_cast<std::int64_t>(header.unix_ms) + (at - header.at) / milliseconds(1);
  const auto whole_s = static_cast<std::time_t>(ms / 1000);
  std::tm parts{};
  gmtime_r(&whole_s, &parts);
  std::array<char, 40> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text.data() + size, text.size() - size, ".%03dZ", static_cast<int>(ms % 1000));
  return text.data();
}

struct Found {
  router::HeaderLine header;
  std::vector<Event> events;
  std::vector<std::string> came;
};

Result<std::vector<Found>> search(const std::string& path, const std::string& id) {
  std::ifstream file(path);
  if (!file) return Error{Code::io, "cannot read " + path};
  std::vector<Found> lives;
  std::optional<RequestId> request;
  std::string text;
  for (std::size_t number = 1; std::getline(file, text); ++number) {
    if (file.eof()) break;  // a line that is being written
    auto line = router::read_line(text);
    const auto at_line = [&](const std::string& what) {
      return Error{Code::malformed, path + ": line " + std::to_string(number) + ": " + what};
    };
    if (!line) return at_line(line.error().text);
    if (auto* header = std::get_if<router::HeaderLine>(&*line)) {
      lives.push_back({std::move(*header), {}, {}});
      continue;
    }
    if (lives.empty()) return at_line("expected the header of a log of a router's decisions");
    Event& event = std::get<Event>(*line);
    const RequestId& other = event.snapshot.asked.stream.request;
    if (to_hex(other).compare(0, id.size(), id) != 0) continue;
    if (request && *request != other) {
      return Error{Code::invalid_request, "several requests begin with " + id + "; give more digits"};
    }
    request = other;
    lives.back().came.push_back(time_of_day(lives.back().header, event.at));
    lives.back().events.push_back(std::move(event));
  }
  if (!request) return Error{Code::unknown_id, path + " has no decision about the request " + id};
  return lives;
}

int explain_log(const ExplainOptions& options) {
  const auto found = search(options.log, options.id);
  if (!found) return report("explain", found.error(), options.json);
  Json all = Json::array();
  for (const Found& life : *found) {
    if (options.json) {
      for (Json& one : json_of(life.header.header, life.events)) all.push_back(std::move(one));
    } else {
      std::fputs(explanation_text(life.header.header, life.events, life.came).c_str(), stdout);
    }
  }
  if (options.json) print(all);
  return exit_code::ok;
}

int run_explain(ExplainOptions options) {
  for (char& c : options.id) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const bool is_hex = options.id.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!is_hex || options.id.size() < limits::explain_digits_min || options.id.size() > 32) {
    return usage_error("explain",
                       "ID: expected the request of ACCEPTED, 32 hexadecimal digits, or at least its first " +
                           std::to_string(limits::explain_digits_min) + "; `shoal chat` shows them after an answer");
  }
  return options.log.empty() ? explain_live(options) : explain_log(options);
}

}  // namespace

void add_explain(Application application) {
  const auto options = std::make_shared<ExplainOptions>();
  CLI::App* const command = add_command(application, "explain", "Show why a request went where it went",
                                        [options] { return run_explain(*options); });
  command->add_option("ID", options->id, "The request, as ACCEPTED gives it, or its first digits")->required();
  command->add_option("--log", options->log, "Look in this log (a router's event_log) instead of asking the routers");
  add_connect_option(*command, options->connect);
  command->add_flag("--json", options->json, "Print JSON: the decisions with every candidate");
  command->group(group::look);
  set_examples(
      *command,
      {{"shoal explain 8cdbeaec", "asks the routers, by the digits that `shoal chat` shows after an answer"},
       {"shoal explain 8cdbeaec --log=decisions.log", "looks it up in a router's event_log"}},
      "Every executor is shown with its score and the parts of it, the chosen one with a star. Routers remember their\n"
      "last few thousand decisions; a log holds as many as its size allows.");
}

}  // namespace shoal::cli
