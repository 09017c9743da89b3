// What the policies make of many requests and stale reports, and the log of their decisions.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <unistd.h>

#include "cluster.h"
#include "services/router/decisions/event_json.h"
#include "services/router/decisions/log_file.h"
#include "services/router/decisions/replay.h"

using namespace shoal;
using namespace shoal::test;

namespace {

router::RouterCore::Config by(const std::string& policy) {
  router::RouterCore::Config config;
  config.policy.policy = policy;
  config.policy.seed = 7;
  return config;
}

Worker with_slots(std::uint32_t slots) {
  Worker worker;
  worker.slots = slots;
  return worker;
}

double mean_of_others(const Cluster& cluster) {
  std::uint32_t all = 0;
  for (std::size_t i = 1; i < cluster.workers().size(); ++i) all += cluster.workers()[i].placed;
  return all / static_cast<double>(cluster.workers().size() - 1);
}

// A file of its own, gone at the end.
struct TemporaryFile {
  TemporaryFile() : path("/tmp/shoal_placement_" + std::to_string(getpid()) + ".jsonl") { clear(); }
  ~TemporaryFile() { clear(); }
  void clear() const {
    std::filesystem::remove(path);
    std::filesystem::remove(path + ".1");
  }
  std::string text(const std::string& suffix = "") const {
    std::ifstream file(path + suffix);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  const std::string path;
};

const router::LogFile::Clock clock{[] { return Time(seconds(1000)); }, [] { return 1'800'000'000'000; }};

Result<router::Replay::Report> replay(const std::string& text, const std::string& policy = "") {
  auto replay = router::Replay::make({policy});
  if (!replay) return replay.error();
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) SHOAL_TRY(replay->on_line(line));
  return replay->report();
}

// The log of a run, through the file.
std::string logged(const std::string& policy, std::uint32_t count, TemporaryFile& file,
                   std::size_t bytes_max = limits::event_log_bytes_max) {
  auto config = by(policy);
  auto log = router::LogFile::open(file.path, clock, bytes_max);
  REQUIRE(log.has_value());
  (*log)->begin({1, "n1", config.policy});
  config.log = [&log](const std::vector<router::EventPtr>& events) { (*log)->write(events); };
  Cluster cluster(std::vector<Worker>(8), std::move(config));
  cluster.run(count, 2.5);
  return file.text();
}

}  // namespace

TEST_CASE("score does not herd on stale reports from eight executors") {
  Cluster cluster(std::vector<Worker>(8), by("score"));
  cluster.run(10'000, 2.5);
  MESSAGE("busiest over mean: " << cluster.unevenness());
  CHECK(cluster.unevenness() <= 1.3);
}

TEST_CASE("between two reports requests spread by what was promised, whoever was freest in the last one") {
  std::vector<Worker> workers(8);
  for (std::size_t i = 0; i < workers.size(); ++i) workers[i].decoding_until.assign(i, Time(seconds(2000)));
  Cluster cluster(std::move(workers), by("score"));
  cluster.run(160, 0.1);  // 16 ms: nobody reports meanwhile
  CHECK(cluster.unevenness() <= 1.3);
}

TEST_CASE("round_robin gives equal shares to executors that are not equal") {
  std::vector<Worker> workers(4, with_slots(1000));
  workers[0].tokens_per_ms = 20;
  Cluster cluster(std::move(workers), by("round_robin"));
  cluster.run(4'000, 10);
  for (const Worker& worker : cluster.workers()) CHECK(worker.placed == 1'000);
}

TEST_CASE("weighted gives shares by the label, and by slots without one") {
  std::vector<Worker> workers(3);
  workers[0].labels = {{"weight", "192"}};
  workers[1].slots = 128;
  Cluster cluster(std::move(workers), by("weighted"));
  cluster.run(6'000, 15);
  CHECK(cluster.workers()[0].placed == doctest::Approx(3'000).epsilon(0.01));
  CHECK(cluster.workers()[1].placed == doctest::Approx(2'000).epsilon(0.01));
  CHECK(cluster.workers()[2].placed == doctest::Approx(1'000).epsilon(0.01));
}

TEST_CASE("least_tokens gives less to an executor that computes long prompts of others") {
  std::vector<Worker> workers(4);
  workers[0].foreign_ms = 1000;  // 400 ms of work in each second
  Cluster blind(workers, by("round_robin"));
  blind.run(5'000, 8);
  CHECK(blind.workers()[0].placed == 1'250);  // it is never full, so that nothing but the policy keeps requests away
  Cluster cluster(workers, by("least_tokens"));
  cluster.run(5'000, 8);
  MESSAGE("share of the others' mean: " << cluster.workers()[0].placed / mean_of_others(cluster));
  CHECK(cluster.workers()[0].placed < 0.8 * mean_of_others(cluster));
}

TEST_CASE("p2c gives less to a slow executor") {
  std::vector<Worker> workers(4);
  workers[0].tokens_per_ms = 20;
  Cluster blind(workers, by("round_robin"));
  blind.run(5'000, 8);
  CHECK(blind.workers()[0].placed == 1'250);
  Cluster cluster(workers, by("p2c"));
  cluster.run(5'000, 8);
  MESSAGE("share of the others' mean: " << cluster.workers()[0].placed / mean_of_others(cluster));
  CHECK(cluster.workers()[0].placed < 0.8 * mean_of_others(cluster));
}

TEST_CASE("of all policies least_tokens, the default, has the lowest p99 of first ids, even and uneven") {
  for (const bool uneven : {false, true}) {
    const auto p99 = [&](const std::string& policy) {
      std::vector<Worker> workers(8);
      if (uneven) workers[0].tokens_per_ms = workers[1].tokens_per_ms = 15;
      Cluster cluster(std::move(workers), by(policy));
      cluster.run(10'000, 2.5);
      return cluster.first_id_ms(0.99);  // virtual time
    };
    const double lowest = p99("least_tokens");
    for (const router::Policy* policy : router::policies())
      CHECK_MESSAGE(lowest <= p99(std::string(policy->name)), policy->name);
  }
}

TEST_CASE("replay reproduces every decision of a log of 10,000 requests") {
  TemporaryFile file;
  for (const router::Policy* policy : router::policies()) {
    CAPTURE(policy->name);
    file.clear();
    const std::string log = logged(std::string(policy->name), 10'000, file);
    const auto report = replay(log);
    REQUIRE(report.has_value());
    CHECK(report->decisions >= 10'000);
    CHECK(report->same == report->decisions);
    CHECK(report->differences.empty());
    CHECK(report->missing == 0);
  }
}

TEST_CASE("replay by another policy says how many would have gone elsewhere, and where to") {
  TemporaryFile file;
  const std::string log = logged("score", 1'000, file);
  const auto report = replay(log, "round_robin");
  REQUIRE(report.has_value());
  CHECK(report->logged_policy == "score");
  CHECK(report->same < report->decisions);
  std::uint64_t before = 0, after = 0;
  for (const auto& [epoch, share] : report->shares) {
    before += share.logged;
    after += share.replayed;
    CHECK(share.replayed == doctest::Approx(125).epsilon(0.25));  // some were full
  }
  CHECK(before == 1'000);
  CHECK(after == 1'000);
  CHECK_FALSE(replay(log, "round_rabbit").has_value());
}

TEST_CASE("a log that was tampered with is noticed") {
  TemporaryFile file;
  const std::string log = logged("score", 200, file);
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string text = log;
    const auto at = text.find(from, text.size() / 2);
    REQUIRE(at != std::string::npos);
    text.replace(at, from.size(), to);
    return replay(text);
  };
  const auto noticed = [](const Result<router::Replay::Report>& report) {
    return report.has_value() && report->same < report->decisions && report->differences.size() == 1;
  };
  CHECK(noticed(changed("\"chosen\":\"000000000000006", "\"chosen\":\"000000000000016")));
  CHECK(noticed(changed("\"slots_free\":4", "\"slots_free\":3")));
  CHECK(noticed(changed("\"score\":0.", "\"score\":0.0")));
  CHECK(noticed(changed("\"executor\":\"000000000000006", "\"executor\":\"000000000000016")));
  std::string shorter = log;
  const auto middle = shorter.find('\n', shorter.size() / 2) + 1;
  shorter.erase(middle, shorter.find('\n', middle) + 1 - middle);
  const auto report = replay(shorter);
  REQUIRE(report.has_value());
  CHECK(report->missing == 1);
}

TEST_CASE("a malformed log is refused with its line and what was expected") {
  TemporaryFile file;
  const std::string log = logged("least_tokens", 20, file);
  const auto second = log.find('\n') + 1;
  const auto refused = [&](const std::string& text) {
    const auto report = replay(text);
    return report.has_value() ? std::string("accepted") : report.error().text;
  };
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string text = log;
    text.replace(text.find(from), from.size(), to);
    return refused(text);
  };
  CHECK(refused(log.substr(second)) == "line 1: expected the header of a log of a router's decisions");
  CHECK(refused(log.substr(0, second) + "{\n") == "line 2: expected a JSON object");
  CHECK(refused(log.substr(0, second) + "{}\n") == "line 2: event: is missing");
  CHECK(replaced("\"version\":1", "\"version\":2") == "line 1: version: expected 1");
  CHECK(replaced("\"event\":\"placed\"", "\"event\":\"pleased\"") ==
        "line 2: event: expected one of placed, queued, refused, withdrawn, timed_out, grant_lost");
  CHECK(replaced("\"slots\":64", "\"slots\":-1") ==
        "line 2: candidates[0].slots: expected an integer from 0 to 4294967295");
  CHECK(replaced("\"parts\":[", "\"parts\":[0,") == "line 2: candidates[0].parts: expected three numbers");
}

TEST_CASE("a log never grows for ever, and each of its files stands alone") {
  TemporaryFile file;
  logged("score", 2'000, file, 1u << 20);
  CHECK(std::filesystem::file_size(file.path) <= 1u << 20);
  CHECK(std::filesystem::file_size(file.path + ".1") <= 1u << 20);
  for (const auto& report : {replay(file.text()), replay(file.text(".1"))}) {
    REQUIRE(report.has_value());
    CHECK(report->decisions > 100);
    CHECK(report->same == report->decisions);
  }
}

TEST_CASE("a log goes on behind what a killed process left, and nobody else can read it") {
  TemporaryFile file;
  std::string log = logged("score", 50, file);
  const auto decisions = replay(log)->decisions;
  std::ofstream(file.path, std::ios::app) << "{\"event\":\"pla";
  log = logged("score", 50, file);
  const auto report = replay(log);
  REQUIRE(report.has_value());
  CHECK(report->decisions == 2 * decisions);
  CHECK(report->same == report->decisions);
  const auto mode = std::filesystem::status(file.path).permissions();
  CHECK((mode & (std::filesystem::perms::group_all | std::filesystem::perms::others_all)) ==
        std::filesystem::perms::none);
}

TEST_CASE("explain tells the decisions about a request with every candidate and its score") {
  Cluster cluster(std::vector<Worker>(8), by("score"));
  cluster.run(100, 2.5);
  protocol::Call call{.id = 5, .kind = "router", .method = "explain", .payload = {"0000002A"}};
  cluster.bench().receive(77, call);
  const auto* result = cluster.bench().body<protocol::CallResult>(77);
  REQUIRE(result != nullptr);
  REQUIRE(result->code == Code::ok);
  const auto explained = router::unpack_explanation(result->payload.bytes);
  REQUIRE(explained.has_value());
  CHECK(explained->header.config.policy == "score");
  REQUIRE(explained->events.size() == 1);
  const router::Event& event = explained->events[0];
  CHECK(event.outcome == router::Outcome::placed);
  CHECK(event.snapshot.candidates.size() == 8);
  CHECK(event.decision.chosen == event.executor);
  for (const router::Verdict& verdict : event.decision.verdicts) CHECK(verdict.score > 0);

  const auto code_of = [&](const std::string& digits) {
    call.payload.bytes = digits;
    cluster.bench().receive(77, call);
    return cluster.bench().body<protocol::CallResult>(77)->code;
  };
  CHECK(code_of("000000ff") == Code::unknown_id);
  CHECK(code_of("0000002") == Code::invalid_request);
  CHECK(code_of("0000002x") == Code::invalid_request);
}

TEST_CASE("a router remembers a bounded number of decisions, and of executors in them") {
  router::EventLog log({}, {});
  actors::Effects out;
  router::Event event;
  event.snapshot.candidates.resize(100);
  event.decision.verdicts.resize(100);
  for (std::size_t i = 0; i < 1000; ++i) {
    event.snapshot.sequence = log.next_sequence();
    log.add(event, out);
  }
  CHECK(log.last().size() == limits::explained_candidates_max / 100);
  event.snapshot.candidates.clear();
  for (std::size_t i = 0; i < 2 * limits::explained_max; ++i) {
    event.snapshot.sequence = log.next_sequence();
    log.add(event, out);
  }
  CHECK(log.last().size() == limits::explained_max);
}

TEST_CASE("decisions are written by one job at a time, in order, and what a slow disk cannot take is counted") {
  std::vector<std::uint64_t> written;
  router::EventLog log({}, [&](const std::vector<router::EventPtr>& events) {
    for (const auto& event : events) written.push_back(event->snapshot.sequence);
  });
  actors::Effects out;
  for (std::size_t i = 0; i < limits::event_log_pending_max + 3; ++i) {
    router::Event event;
    event.snapshot.sequence = log.next_sequence();
    log.add(std::move(event), out);
  }
  auto effects = out.take();
  REQUIRE(effects.size() == 3);  // the first event's job, and two that were left out
  CHECK(std::holds_alternative<actors::Count>(effects[2]));
  CHECK(log.on_reported({std::get<actors::StartJob>(effects[0]).work()}, out));
  effects = out.take();
  REQUIRE(effects.size() == 1);
  CHECK(log.on_reported({std::get<actors::StartJob>(effects[0]).work()}, out));
  CHECK(out.take().empty());
  CHECK(written.size() == limits::event_log_pending_max + 1);
  CHECK(std::is_sorted(written.begin(), written.end()));
}
