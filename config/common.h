// The settings that every service has. A struct of settings lists its keys once, with a line of help each; the command
// line, the configuration file and what is printed at start all follow that list (config/settings.h). Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/limits.h"

namespace shoal::config {

struct CommonConfig {
  std::vector<std::string> routers = {"tcp://127.0.0.1:5570"};
  std::string bind = "tcp://127.0.0.1:*";
  std::string advertise;  // empty: what was bound
  std::string node;       // empty: the host's name
  std::string model;      // a directory, or "bytes"
  bool insecure = false;
  std::uint32_t drain_ms = limits::drain_default_ms;
  std::string log_format = "text";
  std::string log_level = "info";

  // Calls visit(key, member, help) for each setting, in the order in which they are shown. Self is a CommonConfig or a
  // const one, as everywhere below.
  template <class Self, class Visitor>
  static void keys(Self& self, Visitor&& visit) {
    visit("routers", self.routers,
          "where routers listen: 1 to 3 addresses HOST:PORT, comma separated; a name stands for all of its addresses");
    visit("bind", self.bind, "where this process listens to the mesh");
    visit("advertise", self.advertise, "the address of `bind` as others reach it (default: what was bound)");
    visit("node", self.node, "the name of this host (default: the host's name)");
    visit("model", self.model, "directory of the model, or `bytes` for an echo without a model");
    visit("insecure", self.insecure, "allow addresses other than loopback and ipc without keys");
    visit("drain_ms", self.drain_ms,
          "how long this process goes on with what it has after SIGTERM; Ctrl-C or a second signal ends it at once", 0,
          limits::deadline_default_ms);
    visit("log_format", self.log_format, "how each line of the log is written: as key=value, or as a JSON object",
          {"text", "json"});
    visit("log_level", self.log_level, "what is logged: this and whatever is more serious",
          {"debug", "info", "warning", "error"});
  }
};

}  // namespace shoal::config
