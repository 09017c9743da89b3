// A whole mesh in one thread: the services' own cores around the byte model, on the virtual network, with clients that
// check what they are told. The simulator replaces the model's forward and the clock, nothing else.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/step_core.h"
#include "kernels/echo/echo.h"
#include "network.h"
#include "protocol/edge/edge.h"
#include "services/gateway/pipeline.h"
#include "services/inference/engine_port.h"
#include "services/router/admission/tiers.h"

namespace shoal::sim {

struct WorldConfig {
  std::uint64_t seed = 1;
  int gateways = 1;
  int preprocesses = 1;
  int routers = 1;
  int inferences = 1;
  int postprocesses = 1;
  kernels::EchoBackend::Mode model = kernels::EchoBackend::Mode::repeat;
  std::uint32_t slots = 8;    // of each executor
  std::uint32_t pages = 256;  // of each executor
  Duration step = milliseconds(2);
  std::uint32_t streams_max = limits::streams_max;              // of gateways and relays
  router::Tiers tiers{};                                        // of routers
  std::string policy = "least_tokens";                          // of routers
  std::vector<gateway::Stage> pipeline{};                       // of gateways
  std::vector<gateway::Stage> after{};                          // likewise, after the model
  std::function<std::unique_ptr<actors::Core>()> make_stage{};  // the core of a process of any other kind
};

// An executor: its core, and the real step core over the byte model, whose steps take virtual time.
class InferenceProcess : public Process {
public:
  InferenceProcess(std::string name, protocol::Entry self, std::uint32_t slots, std::uint32_t pages, Duration step,
                   kernels::EchoBackend::Mode model, Network& network);

  void engine_command(const std::any& command, Time now) override;

  const engine::StepCore& engine() const { return *engine_; }

private:
  void schedule(Time when);
  void step();

  Network& network_;
  Duration step_time_;
  kernels::EchoBackend backend_;
  std::unique_ptr<engine::StepCore> engine_;
  std::vector<inference::Rejected> rejected_;
  Time scheduled_ = time_never;
};

// What one request's client saw.
struct Answer {
  std::string id;
  bool accepted = false;
  std::string content;
  std::string reasoning;
  std::vector<TokenId> ids;
  Position position = 0;
  std::string chain_hex;
  std::string request_hex;
  std::string finish_reason;
  std::string error_code;
  std::string error_text;
  int terminals = 0;
  int frames = 0;
  Time asked;
  Time shown = time_never;  // its first DELTA
  bool consistent = true;   // positions counted on without gap or repetition

  bool done() const { return terminals > 0; }
};

// What the salted byte model generates: each id is a hash of all before it, so a splice of two histories shows.
std::vector<TokenId> salted_ids(const std::string& prompt, std::uint64_t seed, std::size_t count);

struct Ask {
  std::string prompt = "hello";
  bool stream = true;
  bool enveloped = false;
  std::optional<std::uint32_t> window{};
  std::optional<std::uint32_t> max_tokens{};
  std::optional<std::uint32_t> deadline_ms{};
  std::optional<std::uint64_t> seed{};
  std::optional<float> frequency_penalty{};
  std::string model{};
  std::string tier{};
  std::vector<std::string> stop{};
  bool grants = true;  // the client sends CREDIT as it reads
};

class World {
public:
  explicit World(WorldConfig config);

  Network& network() { return network_; }
  Process& add(const std::string& kind);
  void kill(Process& process) { network_.kill(process); }
  std::vector<Process*> all(const std::string& kind);

  // Whether every living process knows every other, and every router lists all.
  bool whole();

  // Runs until every process has joined.
  bool settle();

  // Sends a request to a gateway (round robin over the living, or `gateway`) and returns its record, kept by the world.
  Answer& ask(const Ask& ask, Process* gateway = nullptr);
  void cancel(Answer& answer);
  void credit(Answer& answer, Position position);

  bool run_until(const std::function<bool()>& done, Duration at_most = seconds(30));
  bool run_all_done(Duration at_most = seconds(30));
  void run_for(Duration span);

private:
  struct Client {
    actors::ClientId id;
    Process* gateway = nullptr;
    Ask ask;
    Answer answer;
  };

  void on_reply(Process& gateway, const actors::ClientId& client, const std::string& frame);

  WorldConfig config_;
  Network network_;
  std::vector<std::string> seeds_;
  std::vector<std::pair<std::string, Process*>> processes_;
  std::map<std::string, std::unique_ptr<Client>> clients_;  // by routing id
  int started_ = 0;
  std::size_t turn_ = 0;
};

}  // namespace shoal::sim
