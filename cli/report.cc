#include "cli/report.h"

#include <cstdio>
#include <ctime>

#include <nlohmann/json.hpp>

#include "cli/command.h"

namespace shoal::cli {

std::string advice(const Error& error) {
  switch (error.code) {
    case Code::peer_lost:
      return "Start a mesh with `scripts/up` (or `shoal up`), or name its client address with "
             "--connect=tcp://HOST:PORT.";
    case Code::wrong_port:
      return "Clients talk to a gateway's client port (5555 unless it was changed): see --connect.";
    case Code::busy:
      return "The mesh is full at the moment: try again shortly.";
    case Code::no_gateway:
    case Code::no_preprocess:
    case Code::no_router:
    case Code::no_inference:
    case Code::no_postprocess:
      return "`shoal status` shows who is alive; `shoal up` starts again what died.";
    case Code::context_length:
      return "Ask something shorter, or begin a new conversation.";
    case Code::deadline_exceeded:
    case Code::timeout:
      return "`shoal status` shows who is alive and how loaded.";
    default:
      return "";
  }
}

int report(const std::string& command, const Error& error, bool json) {
  // These two are what this side found out; every other code came from the mesh.
  const bool nobody = error.code == Code::peer_lost || error.code == Code::wrong_port;
  const std::string code(name(error.code));
  const std::string help = advice(error);
  if (json) {
    const nlohmann::ordered_json line = {{"error", {{"code", code}, {"message", error.text}, {"advice", help}}}};
    std::fprintf(stderr, "%s\n", line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace).c_str());
  } else {
    std::fprintf(stderr, "shoal %s: %s%s%s\n", command.c_str(), nobody ? "" : code.c_str(), nobody ? "" : ": ",
                 error.text.c_str());
    if (!help.empty()) std::fprintf(stderr, "%s\n", help.c_str());
  }
  return nobody ? exit_code::no_connection : exit_code::failed;
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace shoal::cli
