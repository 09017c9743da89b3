#include "actors/host/service.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <initializer_list>
#include <random>
#include <signal.h>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include <spdlog/spdlog.h>

#include "actors/host/join_watch.h"
#include "actors/host/log.h"
#include "actors/host/service_actor.h"
#include "actors/net/address.h"
#include "actors/net/loop.h"
#include "actors/net/resolver.h"
#include "base/key_values.h"

namespace shoal::actors {
namespace {

constexpr int exit_config = 78;  // EX_CONFIG of sysexits.h
constexpr unsigned end_patience_s = 10;

std::uint64_t random_bits() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

constexpr int drained_signal = SIGUSR1;  // from the actor to main: what is owed is done

sigset_t set_of(std::initializer_list<int> numbers) {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : numbers) sigaddset(&set, number);
  return set;
}

// Blocked in every thread, awaited by main.
void block_signals() {
  const sigset_t awaited = set_of({SIGINT, SIGTERM, drained_signal});
  pthread_sigmask(SIG_BLOCK, &awaited, nullptr);
}

int next_of(std::initializer_list<int> numbers) {
  const sigset_t set = set_of(numbers);
  int number = 0;
  sigwait(&set, &number);
  return number;
}

// SIGTERM leaves time for what is owed; SIGINT, and whatever comes second, does not.
void drain(ServiceActor& running, std::uint32_t drain_ms, int signal) {
  const auto done = [main_thread = pthread_self()] { pthread_kill(main_thread, drained_signal); };
  const std::uint32_t patience_ms = signal == SIGTERM ? drain_ms : 0;
  alarm(patience_ms / 1000 + end_patience_s);  // whatever hangs, the process ends: SIGALRM's default does it
  running.drain(milliseconds(patience_ms), done);
  while (next_of({SIGINT, SIGTERM, drained_signal}) != drained_signal) {
    alarm(end_patience_s);
    running.drain(milliseconds(0), done);
  }
}

// Every connection is a descriptor or two, and the usual soft limit is far below what the system allows.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 65'536);
  setrlimit(RLIMIT_NOFILE, &limit);
}

LogConfig log_config(const ServiceConfig& config, Epoch epoch) {
  return {.format = config.log_format, .level = config.log_level, .kind = config.kind, .epoch = to_hex(epoch)};
}

// "listening" or "ready", and where.
void print_state(const std::string& state, const protocol::Entry& self, const Loop& loop, bool json) {
  std::string pairs = "kind=" + self.kind + " epoch=" + to_hex(self.epoch) + " bind=" + quoted_value(loop.bound()) +
                      " address=" + quoted_value(self.address) + " client=" + quoted_value(self.client);
  const PublishPort& port = loop.publish_port();
  if (port.is_open()) {
    pairs += " publish=" + quoted_value(port.bound()) + " answers=" + quoted_value(port.answers_bound());
  }
  const std::string line =
      json ? log_line({.format = "json"}, std::chrono::system_clock::now(), "info", "event=" + state + ' ' + pairs)
           : state + ' ' + pairs;
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

}  // namespace

int run_service(const ServiceConfig& config, const std::function<Service(ServiceHandle&)>& make) {
  block_signals();
  signal(SIGPIPE, SIG_IGN);  // a log nobody reads is no reason to end
  raise_descriptor_limit();
  ServiceHandle handle;
  handle.seed = random_bits();
  handle.self.epoch = random_bits();
  handle.self.kind = config.kind;
  handle.self.node = config.node.empty() ? host_name() : config.node;
  handle.self.labels = config.labels;
  const LogConfig log = log_config(config, handle.self.epoch);
  start_log(log);

  auto loop = Loop::open({.routing_id = make_routing_id(config.kind, handle.self.node, handle.self.epoch),
                          .bind = config.bind,
                          .advertise = config.advertise,
                          .client_bind = config.client_bind,
                          .client_advertise = config.client_advertise,
                          .publish_bind = config.publish_bind,
                          .answers_bind = config.answers_bind,
                          .insecure = config.insecure,
                          .client_bounds = {.stalled_ms = config.client_stalled_ms}});
  if (!loop) {
    log_refusal(log, loop.error());
    return exit_config;
  }
  Loop& sockets = **loop;
  handle.self.address = sockets.advertised();
  handle.self.client = sockets.client_advertised();

  std::atomic<ServiceActor*> actor{nullptr};
  handle.report = [&actor](std::any value) {
    ServiceActor* running = actor;
    if (running != nullptr) running->tell(Reported{std::move(value)});
    return running != nullptr;
  };
  Service service = make(handle);
  const bool json = log.format == "json";
  auto watched = std::make_unique<JoinWatch>(handle.self, config.routers, std::move(service.core),
                                             [&] { print_state("ready", handle.self, sockets, json); });
  print_state("listening", handle.self, sockets, json);
  ServiceActor running(std::make_unique<MeshCore>(MeshCore::Config{handle.self, sockets.bound()}, std::move(watched)),
                       {.post = [&sockets](WireEffect&& effect) { return sockets.post(std::move(effect)); },
                        .engine_command = service.engine_command,
                        .take_loop_lag_ms = [&sockets] { return sockets.take_lag_ms(); },
                        .wake = [&sockets] { sockets.wake(); }},
                       config.workers);
  actor = &running;
  running.tell(Started{});
  sockets.start([&running](WireEvent event) { running.tell(std::move(event)); },
                [&running] { return running.congested(); }, [&running] { return running.run(); });
  {
    const Resolver resolver(
        config.routers, [&running](std::vector<std::string> found) { running.tell(SeedsResolved{std::move(found)}); });
    drain(running, config.drain_ms, next_of({SIGINT, SIGTERM}));
  }

  if (service.stop) service.stop();
  running.stop();
  sockets.stop();
  spdlog::shutdown();
  return 0;
}

}  // namespace shoal::actors
