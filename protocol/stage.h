// What a stage of the pipeline is asked and what it answers: the payloads of CALL and RESULT with the method "stage",
// as msgpack maps. For gateways and for services that are stages. Specification: protocol/README.md, "Stages of the
// pipeline". Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "protocol/parts.h"

namespace shoal::protocol {

inline constexpr std::string_view stage_method = "stage";

// A request on its way to the model. Either messages or a prompt.
struct StageRequest {
  std::vector<ChatMessage> messages;
  std::optional<std::string> prompt;  // raw text to continue
  std::string model;
  std::string tenant;
  Tier tier = Tier::realtime;
  bool operator==(const StageRequest&) const = default;
};

enum class Verdict : std::uint8_t { pass, replace, refuse };

struct StageAnswer {
  Verdict verdict = Verdict::pass;
  std::vector<ChatMessage> messages;  // REPLACE: these instead, or:
  std::optional<std::string> prompt;  // REPLACE: this instead
  std::string code;                   // REFUSE: the stage's own word for it, which a program can test
  std::string text;                   // REFUSE: one sentence for whoever sent the request
  bool operator==(const StageAnswer&) const = default;
};

inline StageAnswer pass() { return {}; }
StageAnswer replace(std::vector<ChatMessage> messages);
StageAnswer refuse(std::string code, std::string text);

Bytes pack(const StageRequest& request);
Bytes pack(const StageAnswer& answer);

// Errors: malformed, invalid_request, unknown_field and too_large, with the field that is wrong. Every bound of a
// SUBMIT is kept. Requests may grow, so a field that is not known is ignored there; in an answer it is refused by name.
Result<StageRequest> parse_stage_request(const Bytes& payload);
Result<StageAnswer> parse_stage_answer(const Bytes& payload);

}  // namespace shoal::protocol
