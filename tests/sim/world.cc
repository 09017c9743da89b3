#include "world.h"

#include <algorithm>
#include <utility>

#include <msgpack.hpp>

#include "base/check.h"
#include "services/gateway/gateway_core.h"
#include "services/inference/inference_core.h"
#include "services/postprocess/postprocess_core.h"
#include "services/preprocess/preparer.h"
#include "services/router/router_core.h"

namespace shoal::sim {
namespace {

constexpr std::uint32_t context = 4096;

std::vector<protocol::Label> labels_of(const std::string& kind) {
  const std::string digest = text::Tokenizer::bytes_tokenizer()->digest();
  if (kind == "preprocess" || kind == "postprocess") return {{"model", "bytes"}, {"tokenizer_digest", digest}};
  if (kind == "inference") {
    return {{"model", "bytes"}, {"tokenizer_digest", digest}, {"model_digest", "bytes"}, {"numerics", "echo"}};
  }
  return {};
}

engine::StepCoreConfig engine_config(std::uint32_t pages) {
  engine::StepCoreConfig config;
  config.vocab = 257;
  config.context_tokens = context;
  config.pages = pages;
  return config;
}

const msgpack::object* field(const msgpack::object& map, std::string_view key) {
  for (std::uint32_t i = 0; i < map.via.map.size; ++i) {
    const auto& entry = map.via.map.ptr[i];
    if (entry.key.as<std::string>() == key) return &entry.val;
  }
  return nullptr;
}

std::string text_field(const msgpack::object& map, std::string_view key) {
  const auto* value = field(map, key);
  return value == nullptr ? "" : value->as<std::string>();
}

}  // namespace

InferenceProcess::InferenceProcess(std::string process_name, protocol::Entry self, std::uint32_t slots,
                                   std::uint32_t pages, Duration step_time, kernels::EchoBackend::Mode model,
                                   Network& network)
    : Process(std::move(process_name), std::move(self),
              std::make_unique<inference::InferenceCore>(inference::InferenceCore::Config{slots})),
      network_(network),
      step_time_(step_time),
      backend_(model) {
  SHOAL_CHECK(backend_.reserve_kv(std::size_t{pages} * page_tokens * sizeof(TokenId), 32).has_value());
  engine_ = std::make_unique<engine::StepCore>(engine_config(pages), backend_);
}

void InferenceProcess::engine_command(const std::any& command, Time now) {
  inference::apply(std::any_cast<inference::Command>(command), *engine_, now, rejected_);
  schedule(now);
}

void InferenceProcess::schedule(Time when) {
  const Time start = std::max(when, network_.now());
  if (start >= scheduled_) return;
  scheduled_ = start;
  network_.at(start + step_time_, [this, start] {
    if (scheduled_ != start || !alive) return;
    scheduled_ = time_never;
    if (paused) return schedule(network_.now() + milliseconds(5));
    step();
  });
}

void InferenceProcess::step() {
  inference::EngineReport report;
  report.outcome = engine_->step(network_.now());
  report.rejected = std::exchange(rejected_, {});
  report.load = engine_->load();
  network_.deliver(*this, actors::Reported{std::move(report)});
  if (engine_->has_work()) return schedule(network_.now());
  if (engine_->next_wake() != time_never) schedule(engine_->next_wake());
}

std::vector<TokenId> salted_ids(const std::string& prompt, std::uint64_t seed, std::size_t count) {
  Chain chain = seed;
  for (const char byte : prompt) chain = chain_next(chain, static_cast<std::uint8_t>(byte));
  std::vector<TokenId> ids;
  while (ids.size() < count) {
    ids.push_back(static_cast<TokenId>(chain % 256));
    chain = chain_next(chain, ids.back());
  }
  return ids;
}

World::World(WorldConfig config) : config_(config), network_(config.seed) {
  for (int i = 0; i < config.routers; ++i) seeds_.push_back("sim://router" + std::to_string(i));
  network_.on_reply = [this](Process& gateway, const actors::ClientId& client, const std::string& frame) {
    on_reply(gateway, client, frame);
  };
  const std::pair<const char*, int> kinds[] = {{"router", config.routers},
                                               {"gateway", config.gateways},
                                               {"preprocess", config.preprocesses},
                                               {"inference", config.inferences},
                                               {"postprocess", config.postprocesses}};
  for (const auto& [kind, count] : kinds) {
    for (int i = 0; i < count; ++i) add(kind);
  }
}

Process& World::add(const std::string& kind) {
  protocol::Entry self;
  self.epoch = network_.random().next();
  self.kind = kind;
  self.node = "n" + std::to_string(started_++);
  self.address = "sim://" + self.node;
  if (kind == "gateway") self.client = "sim://client-" + self.node;
  self.labels = labels_of(kind);
  if (kind == "router") {  // at a seed address that no living router has
    for (const std::string& seed : seeds_) {
      const auto taken = all("router");
      const bool free = std::none_of(taken.begin(), taken.end(),
                                     [&](Process* router) { return router->mesh.self().address == seed; });
      if (free) {
        self.address = seed;
        break;
      }
    }
  }
  std::unique_ptr<Process> process;
  if (kind == "inference") {
    process = std::make_unique<InferenceProcess>(self.node, self, config_.slots, config_.pages, config_.step,
                                                 config_.model, network_);
  } else {
    std::unique_ptr<actors::Core> core;
    if (kind == "gateway") {
      core = std::make_unique<gateway::GatewayCore>(gateway::GatewayCore::Config{.epoch = self.epoch,
                                                                                 .seed = network_.random().next(),
                                                                                 .streams_max = config_.streams_max,
                                                                                 .pipeline = config_.pipeline,
                                                                                 .after = config_.after});
    } else if (kind == "router") {
      core = std::make_unique<router::RouterCore>(
          router::RouterCore::Config{.self = self, .tiers = config_.tiers, .policy = {.policy = config_.policy}});
    } else if (kind == "preprocess") {
      auto preparer = preprocess::Preparer::open("bytes", [] { return std::tm{}; });
      SHOAL_CHECK(preparer.has_value());
      core = std::make_unique<preprocess::PreprocessCore>(
          preprocess::PreprocessCore::Config{},
          [preparer = *preparer](const protocol::Prepare& request) { return preparer->prepare(request); });
    } else if (kind != "postprocess") {
      core = config_.make_stage();
    } else {
      const auto tokenizer = text::Tokenizer::bytes_tokenizer();
      core = std::make_unique<postprocess::PostprocessCore>(
          postprocess::PostprocessCore::Config{.tokenizer_digest = tokenizer->digest(),
                                               .streams_max = config_.streams_max,
                                               .first_handle = static_cast<std::uint32_t>(self.epoch)},
          tokenizer);
    }
    process = std::make_unique<Process>(self.node, self, std::move(core));
  }
  Process& started = network_.start(std::move(process), seeds_);
  processes_.emplace_back(kind, &started);
  return started;
}

std::vector<Process*> World::all(const std::string& kind) {
  std::vector<Process*> found;
  for (const auto& [process_kind, process] : processes_) {
    if (process_kind == kind && process->alive) found.push_back(process);
  }
  return found;
}

bool World::whole() {
  const auto knows = [](Process& one, const Process& other) {
    const Epoch epoch = other.mesh.self().epoch;
    const auto* router = dynamic_cast<const router::RouterCore*>(&one.mesh.service());
    if (router != nullptr) return router->directory().rows().count(epoch) != 0;
    return one.mesh.alive().count(epoch) != 0;
  };
  for (const auto& [kind, one] : processes_) {
    for (const auto& [other_kind, other] : processes_) {
      if (one->alive && other->alive && !knows(*one, *other)) return false;
    }
  }
  return true;
}

bool World::settle() {
  run_for(milliseconds(300));
  return run_until(
      [&] {
        return std::all_of(processes_.begin(), processes_.end(),
                           [](const auto& item) { return !item.second->alive || item.second->mesh.joined(); });
      },
      seconds(5));
}

Answer& World::ask(const Ask& ask, Process* gateway) {
  auto client = std::make_unique<Client>();
  client->id = {"client" + std::to_string(clients_.size()), ask.enveloped};
  client->ask = ask;
  client->answer.id = "r";
  client->answer.asked = network_.now();
  const auto gateways = all("gateway");
  client->gateway = gateway != nullptr ? gateway : gateways.at(turn_++ % gateways.size());

  msgpack::sbuffer buffer;
  msgpack::packer<msgpack::sbuffer> pack(buffer);
  std::vector<std::pair<std::string, std::function<void()>>> fields;
  const auto put = [&](const std::string& key, auto value) {
    fields.emplace_back(key, [&pack, value] { pack.pack(value); });
  };
  put("type", std::string("SUBMIT"));
  put("id", std::string("r"));
  fields.emplace_back("messages", [&] {
    pack.pack_array(1);
    pack.pack_map(2);
    pack.pack(std::string("role"));
    pack.pack(std::string("user"));
    pack.pack(std::string("content"));
    pack.pack(ask.prompt);
  });
  put("stream", ask.stream);
  if (ask.window) put("window", *ask.window);
  if (ask.max_tokens) put("max_tokens", *ask.max_tokens);
  if (ask.seed) put("seed", *ask.seed);
  if (ask.frequency_penalty) put("frequency_penalty", *ask.frequency_penalty);
  if (ask.deadline_ms) put("deadline_ms", *ask.deadline_ms);
  if (!ask.model.empty()) put("model", ask.model);
  if (!ask.tier.empty()) put("tier", ask.tier);
  if (!ask.stop.empty()) put("stop", ask.stop);
  pack.pack_map(static_cast<std::uint32_t>(fields.size()));
  for (const auto& [key, write] : fields) {
    pack.pack(key);
    write();
  }
  network_.client_says(*client->gateway, client->id, std::string(buffer.data(), buffer.size()));
  Client& kept = *clients_.emplace(client->id.routing_id, std::move(client)).first->second;
  return kept.answer;
}

void World::cancel(Answer& answer) {
  for (auto& [name, client] : clients_) {
    if (&client->answer != &answer) continue;
    msgpack::sbuffer buffer;
    msgpack::pack(buffer, std::map<std::string, std::string>{{"type", "CANCEL"}, {"id", "r"}});
    network_.client_says(*client->gateway, client->id, std::string(buffer.data(), buffer.size()));
  }
}

void World::credit(Answer& answer, Position position) {
  for (auto& [name, client] : clients_) {
    if (&client->answer != &answer) continue;
    msgpack::sbuffer buffer;
    msgpack::packer<msgpack::sbuffer> pack(buffer);
    pack.pack_map(3);
    for (const char* text : {"type", "CREDIT", "id", "r", "position"}) pack.pack(std::string(text));
    pack.pack(position);
    network_.client_says(*client->gateway, client->id, std::string(buffer.data(), buffer.size()));
  }
}

bool World::run_until(const std::function<bool()>& done, Duration at_most) {
  return network_.run(done, network_.now() + at_most);
}

bool World::run_all_done(Duration at_most) {
  return run_until(
      [&] {
        return std::all_of(clients_.begin(), clients_.end(),
                           [](const auto& item) { return item.second->answer.done(); });
      },
      at_most);
}

void World::run_for(Duration span) {
  network_.run([] { return false; }, network_.now() + span);
}

void World::on_reply(Process&, const actors::ClientId& id, const std::string& frame) {
  Client& client = *clients_.at(id.routing_id);
  Answer& answer = client.answer;
  ++answer.frames;
  const auto handle = msgpack::unpack(frame.data(), frame.size());
  const msgpack::object& map = handle.get();
  const std::string type = text_field(map, "type");
  if (type == "ACCEPTED") {
    answer.accepted = true;
    answer.request_hex = text_field(map, "request");
  } else if (type == "DELTA") {
    answer.shown = std::min(answer.shown, network_.now());
    const auto ids = field(map, "ids")->as<std::vector<TokenId>>();
    const auto position = field(map, "position")->as<Position>();
    if (position != answer.position + ids.size() || answer.done()) answer.consistent = false;
    answer.position = position;
    answer.chain_hex = text_field(map, "chain");
    answer.ids.insert(answer.ids.end(), ids.begin(), ids.end());
    answer.content += text_field(map, "content");
    answer.reasoning += text_field(map, "reasoning_content");
    if (client.ask.window && client.ask.grants) credit(answer, answer.position);
  } else if (type == "DONE") {
    ++answer.terminals;
    answer.finish_reason = text_field(map, "finish_reason");
    if (!client.ask.stream || client.ask.enveloped) answer.content = text_field(map, "content");
  } else if (type == "ERROR") {
    ++answer.terminals;
    answer.error_code = text_field(map, "code");
    answer.error_text = text_field(map, "message");
  }
}

}  // namespace shoal::sim
