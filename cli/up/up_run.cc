#include "cli/up/up_run.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include "cli/client.h"
#include "cli/command.h"
#include "cli/question.h"
#include "cli/status/processes.h"
#include "cli/up/supervisor.h"

namespace shoal::cli {
namespace {

using Clock = Supervisor::Clock;

// Until every process is up and known to a router. Long enough to read a large checkpoint from a slow disk.
constexpr seconds start_wait{600};
constexpr seconds still_waiting_interval{5};
constexpr milliseconds poll_interval{50};
constexpr std::uint32_t first_answer_ms_max = 120'000;
// What children get to end by themselves.
constexpr seconds end_patience{5};

constexpr const char* python_example = "clients/python/examples/ten_lines.py";

// Whether the example is here, and what it imports.
bool python_example_works() {
  const std::filesystem::path packages = "/usr/lib/python3/dist-packages";
  std::error_code error;
  return std::filesystem::is_regular_file(python_example, error) &&
         std::filesystem::exists("/usr/bin/python3", error) && std::filesystem::exists(packages / "zmq", error) &&
         std::filesystem::exists(packages / "msgpack", error);
}

std::string value_of(const std::map<std::string, std::string>& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? "" : found->second;
}

class Up {
public:
  Up(const UpOptions& options, UpPlan plan, Manner manner, const UpVoice& voice, const std::function<void()>& is_up)
      : options_(options),
        manner_(manner),
        is_up_(is_up),
        voice_(voice),
        plan_(std::move(plan)),
        supervisor_(plan_.children, [this](const ChildNews& news) { tell(news); }) {}

  int run() {
    const auto answered = start_and_ask();
    if (!answered && !supervisor_.asked_to_end()) {
      voice_.refuse(answered.error(), "The logs are in " + plan_.run_dir + ".");
    }
    if (answered && !manner_.once) {
      voice_.say("up", {{"clients", plan_.client_addresses}}, next_steps());
      if (is_up_) is_up_();
      while (!supervisor_.asked_to_end()) supervisor_.step(seconds(60));
    }
    if (!manner_.once) voice_.say("ending", Json::object(), "Ending.");
    supervisor_.end(end_patience);
    if (!answered && supervisor_.asked_to_end()) return exit_code::ok;
    return answered ? exit_code::ok : exit_code::failed;
  }

private:
  void tell(const ChildNews& news) const {
    Json fields = {{"process", news.child.spec().name}, {"kind", news.child.spec().kind}};
    if (news.child.running()) fields["pid"] = news.child.pid();
    if (!news.reason.empty()) fields.update({{"reason", news.reason}, {"restart_ms", news.pause.count()}});
    voice_.say(news.event, fields, news.sentence);
  }

  Result<void> start_and_ask() {
    voice_.say("starting", {{"processes", plan_.children.size()}, {"model", plan_.model}, {"run_dir", plan_.run_dir}},
               "Starting " + std::to_string(plan_.children.size()) + " processes with model " + plan_.model +
                   "; logs in " + plan_.run_dir);
    for (const ChildSpec& child : plan_.children) std::ofstream(child.log, std::ios::trunc);
    SHOAL_TRY(supervisor_.start());
    const auto deadline = Clock::now() + start_wait;
    SHOAL_TRY(wait_until(deadline, [this] { return supervisor_.all_ready(); }));
    print_processes();
    SHOAL_TRY(wait_until(deadline, [this] { return everybody_is_known(); }));
    return ask_first(deadline);
  }

  // Lets the supervisor work until `reached`.
  template <class Condition>
  Result<void> wait_until(Clock::time_point deadline, Condition reached) {
    auto remark = Clock::now() + still_waiting_interval;
    while (!reached()) {
      if (supervisor_.asked_to_end()) return Error{Code::cancelled, "ended before the mesh was ready"};
      SHOAL_TRY(supervisor_.hopeful());
      const auto now = Clock::now();
      if (now >= deadline) return Error{Code::timeout, "the mesh is not ready in time; " + waiting_for()};
      if (now >= remark) {
        voice_.say("waiting", {{"text", waiting_for()}}, waiting_for());
        remark = now + still_waiting_interval;
      }
      supervisor_.step(poll_interval);
    }
    return {};
  }

  std::string waiting_for() const {
    std::string names;
    for (const Child* child : supervisor_.children()) {
      if (child->ready().empty() && child->spec().command.empty())
        names += (names.empty() ? "" : ", ") + child->spec().name;
    }
    return names.empty() ? "waiting until every process is known to the routers" : "waiting for " + names;
  }

  // Whether every gateway lists every process.
  bool everybody_is_known() const {
    return std::all_of(plan_.client_addresses.begin(), plan_.client_addresses.end(),
                       [this](const std::string& address) {
                         auto client = Client::connect(address, milliseconds(200));
                         if (!client) return false;
                         const auto processes = client->status(milliseconds(500));
                         return processes && std::all_of(std::begin(kinds), std::end(kinds), [&](const char* kind) {
                                  return count_kind(*processes, kind) >= options_.count(kind);
                                });
                       });
  }

  void print_processes() const {
    std::vector<std::vector<std::string>> rows = {{"KIND", "PID", "ADDRESS", "CLIENT"}};
    for (const Child* child : supervisor_.children()) {
      Json fields = child->ready();
      fields.erase("event");
      fields.erase("time");
      fields.erase("level");
      fields.update({{"process", child->spec().name}, {"pid", child->pid()}, {"log", child->spec().log}});
      voice_.say("ready", fields, "");
      rows.push_back({child->spec().kind, std::to_string(child->pid()), value_of(child->ready(), "address"),
                      value_of(child->ready(), "client")});
    }
    if (voice_.json()) return;
    std::fputs(make_table(rows).c_str(), stdout);
    std::fflush(stdout);
  }

  std::string first_prompt() const { return plan_.model == "bytes" ? "Hello, Shoal!" : "What is 17 + 25?"; }

  // A stage that is started with the mesh may join it a little later.
  Result<void> ask_first(Clock::time_point deadline) {
    auto client = Client::connect_any(plan_.client_addresses, seconds(5));
    if (!client) return client.error();
    voice_.say("asking", {{"prompt", first_prompt()}}, "\n> " + first_prompt());
    AnswerPrinter printer(stdout, true);
    const Json messages = {{{"role", "user"}, {"content", first_prompt()}}};
    Answer answer;
    const auto ask_once = [&] {
      answer = {};
      return ask(
          *client, {{"messages", messages}, {"temperature", 0}, {"deadline_ms", first_answer_ms_max}},
          voice_.json() ? nullptr : &printer,
          [this] {
            supervisor_.step(milliseconds(0));
            return !supervisor_.asked_to_end();
          },
          answer);
    };
    auto asked = ask_once();
    while (!options_.services.empty() && !asked && asked.error().code == Code::no_service && Clock::now() < deadline &&
           !supervisor_.asked_to_end()) {
      SHOAL_TRY(supervisor_.hopeful());
      supervisor_.step(poll_interval);
      asked = ask_once();
    }
    if (!voice_.json()) printer.end();
    if (asked) {
      voice_.say("answered", to_json(answer), "");
      return {};
    }
    const Error& error = asked.error();
    const bool no_stage = error.code == Code::no_service;
    const bool no_chat = error.code == Code::invalid_request;  // a template that is missing or not understood
    if (manner_.once || (!no_stage && !no_chat)) return error;
    const std::string advice = no_stage
                                   ? "Stages that are services of their own join a mesh that is up: start them now."
                                   : "The mesh answers raw prompts: `prompt` instead of `messages` in a SUBMIT.";
    voice_.say(no_stage ? "stage_missing" : "no_chat", {{"text", error.text}}, error.text + ".\n" + advice);
    return {};
  }

  std::string next_steps() const {
    std::error_code error;
    const auto binary = std::filesystem::read_symlink("/proc/self/exe", error);
    const auto here = std::filesystem::current_path(error);
    std::string shoal = std::filesystem::proximate(binary, here, error).string();
    if (shoal.find('/') == std::string::npos) shoal = "./" + shoal;
    const std::string address = plan_.client_addresses.front().substr(std::string("tcp://").size());
    const bool usual = options_.client_port == UpOptions().client_port;
    const std::string connect = usual ? "" : " --connect=" + address;
    const std::string folder = options_.run_dir.empty() ? "" : " --run_dir=" + options_.run_dir;
    std::string steps = "\nThe mesh is up: clients talk to " + address + ". From another terminal:\n  " + shoal +
                        " chat" + connect + " \"" + first_prompt() + "\"\n  " + shoal + " chat" + connect +
                        "   (a conversation)\n  " + shoal + " status" + connect + " --watch\n  " + shoal + " logs" +
                        folder + " inference -f\n";
    if (python_example_works()) {
      steps += "  /usr/bin/python3 " + std::string(python_example) + (usual ? "" : " tcp://" + address) + "\n";
    }
    if (manner_.detached) return steps + shoal + " stop" + folder + " ends it and all its processes.";
    return steps + "Ctrl-C ends it and all its processes.";
  }

  const UpOptions& options_;
  const Manner manner_;
  const std::function<void()>& is_up_;
  const UpVoice& voice_;
  UpPlan plan_;
  Supervisor supervisor_;
};

}  // namespace

int run_mesh(const UpOptions& options, UpPlan plan, Manner manner, const UpVoice& voice,
             const std::function<void()>& is_up) {
  return Up(options, std::move(plan), manner, voice, is_up).run();
}

}  // namespace shoal::cli
