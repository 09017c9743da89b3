#include "cli/report.h"

#include <cstdio>
#include <ctime>

#include <nlohmann/json.hpp>

#include "cli/command.h"

namespace shoal::cli {

std::string advice(const Error& error) {
  switch (error.code) {
    case Code::no_gateway:
      return "Start a mesh with `scripts/up` (or `shoal up`), or name its client address with --connect=HOST:PORT.";
    case Code::wrong_port:
      return "Clients talk to a gateway's client port (5555 unless it was changed): see --connect.";
    case Code::peer_lost:
      return "A process that worked on the answer is gone. The mesh goes on without it: ask again.";
    case Code::busy:
      return "The mesh is full at the moment: try again shortly. `shoal status` shows what waits.";
    case Code::no_preprocess:
    case Code::no_router:
    case Code::no_inference:
    case Code::no_postprocess:
      return "`shoal status` shows who is alive; `shoal up` starts again what died, so ask again shortly.";
    case Code::no_service:
      return "`shoal status` shows who is alive; a stage of the pipeline or a service is started by whoever runs it.";
    case Code::no_compatible_worker:
    case Code::unknown_model:
      return "`shoal status` shows which models are served; all kinds must be started with the same --model.";
    case Code::context_length:
      return "Ask something shorter, begin a new conversation, or allow fewer tokens with --max-tokens.";
    case Code::too_large:
      return "Ask something shorter, or allow fewer tokens with --max-tokens.";
    case Code::deadline_exceeded:
    case Code::timeout:
    case Code::grant_expired:
      return "`shoal status` shows who is alive and how loaded; ask again when there is less to do.";
    case Code::poison:
      return "Every process that tried this question ended: do not send it again, and look at `shoal logs inference`.";
    case Code::unsupported_version:
      return "The two speak different versions: use the `shoal` that the mesh was started with.";
    case Code::draining:
      return "Ask another gateway, by --connect=HOST:PORT; `shoal status` lists them. Or ask again shortly.";
    case Code::not_finite:
      return "Another question may go well. `shoal logs inference` shows where the model's numbers end.";
    case Code::client_stalled:
      return "Whatever reads this output stood still for too long; ask again, and let it read on.";
    case Code::internal:
      return "This is a bug. `shoal logs gateway` shows what happened around it.";
    case Code::malformed:
    case Code::unknown_type:
    case Code::unknown_field:
      return "Is that a gateway of this version? `shoal --version` says which this is.";
    default:  // the text says it already, or there is nothing to be done
      return "";
  }
}

int report(const std::string& command, const Error& error, bool json) {
  // These two are what this side found out; every other code came from the mesh.
  const bool nobody = error.code == Code::no_gateway || error.code == Code::wrong_port;
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
