// Runs a service core as a process of the mesh: sockets, actor, workers, signals, logs. What run_<kind>() and services
// of third parties call. Free of CAF and ZeroMQ.
#pragma once

#include <any>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/core.h"
#include "base/limits.h"
#include "base/result.h"

namespace shoal::actors {

struct ServiceConfig {
  std::string kind{};
  std::string node{};                  // empty: the host's name
  std::vector<std::string> routers{};  // tcp://host:port or ipc://path; a name stands for all of its addresses
  std::string bind = "tcp://127.0.0.1:*";
  std::string advertise{};    // empty: what was bound
  std::string client_bind{};  // empty: no client edge
  std::string client_advertise{};
  std::string publish_bind{};  // empty: no publish port
  std::string answers_bind{};
  std::uint32_t client_stalled_ms = limits::client_stalled_ms;
  bool insecure = false;
  std::vector<protocol::Label> labels{};
  std::uint32_t workers = 2;  // threads of actor and jobs
  std::uint32_t drain_ms = limits::drain_default_ms;
  std::string log_format = "text";  // as in log.h
  std::string log_level = "info";
};

// What the process is, for making its core.
struct ServiceHandle {
  protocol::Entry self;                  // epoch and addresses included
  std::uint64_t seed = 0;                // 64 random bits
  std::function<bool(std::any)> report;  // any thread: becomes a Reported event; false once the process is ending
};

struct Service {
  std::unique_ptr<Core> core;
  std::function<void(std::any)> engine_command{};  // gets EngineCommands in order; may be empty
  std::function<void()> stop{};                    // joins the service's own threads; may be empty
};

// Blocks until SIGTERM, then lets the service do what it owes for up to `drain_ms`, says BYE and ends. A second signal
// ends that time, and so does SIGINT as the first one: whoever still waits is told. Prints on stdout once the process
// can be reached
//   listening kind=gateway epoch=0123456789abcdef bind=tcp://127.0.0.1:40000 address=… client=…
// and, with a publish port, publish=… answers=…; and the same behind `ready` once it has joined the mesh, that is when
// a router answered. Where the log is JSON, both are objects with these keys and the word as "event".
// Returns the exit code: 0, 78 for a configuration that cannot be used (said on stderr), 70 after a bug of ours.
int run_service(const ServiceConfig& config, const std::function<Service(ServiceHandle&)>& make);

}  // namespace shoal::actors
