// What a stage of the pipeline is asked and what it answers: the payloads of CALL and RESULT with the method "stage"
// (before the model) or "review" (after it), as msgpack maps. For gateways and for services that are stages.
// Specification: protocol/README.md, "Stages of the pipeline". Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "protocol/parts.h"

namespace shoal::protocol {

inline constexpr std::string_view stage_method = "stage";
inline constexpr std::string_view review_method = "review";

// A request on its way to the model. Either messages or a prompt.
struct StageRequest {
  std::vector<ChatMessage> messages;
  std::optional<std::string> prompt;  // raw text to continue
  std::string model;
  std::string tenant;
  Tier tier = Tier::realtime;
  bool operator==(const StageRequest&) const = default;
};

// Which part of an answer a text is of.
enum class Channel : std::uint8_t { content, reasoning };

// A piece of an answer on its way to the client.
struct ReviewRequest {
  std::string text;  // what became visible; maybe none at the end
  Channel channel = Channel::content;
  std::string before;          // the end of what the stage passed of this channel, as it passed it
  Position position = 0;       // ids of the answer, those of this text included
  bool is_final = false;       // nothing comes after it
  std::uint32_t hold_max = 0;  // how many bytes the stage may want to see again
  std::string stream;          // the same in all requests about one answer
  std::string model;
  std::string tenant;
  Tier tier = Tier::realtime;
  bool operator==(const ReviewRequest&) const = default;
};

enum class Verdict : std::uint8_t { pass, replace, refuse };

struct StageAnswer {
  Verdict verdict = Verdict::pass;
  std::vector<ChatMessage> messages;  // REPLACE: these instead, or:
  std::optional<std::string> prompt;  // REPLACE: this instead
  std::string code;                   // REFUSE: the stage's own word for it, which a program can test
  std::string text;        // REFUSE: one sentence for whoever sent the request; REPLACE of an answer: this instead
  std::uint32_t hold = 0;  // PASS and REPLACE of an answer: so many bytes at the end of the text are not decided yet
  bool operator==(const StageAnswer&) const = default;
};

// Verdicts. replace() is of requests, replace_text() and whatever holds back of answers.
inline StageAnswer pass() { return {}; }
StageAnswer pass_all_but(std::size_t hold);
StageAnswer replace(std::vector<ChatMessage> messages);
StageAnswer replace_text(std::string text, std::size_t hold = 0);
StageAnswer refuse(std::string code, std::string text);

Bytes pack(const StageRequest& request);
Bytes pack(const ReviewRequest& request);
Bytes pack(const StageAnswer& answer);

// Errors: malformed, invalid_request, unknown_field and too_large, with the field that is wrong. Every bound of a
// SUBMIT is kept. Requests may grow, so a field that is not known is ignored there; in an answer it is refused by name.
Result<StageRequest> parse_stage_request(const Bytes& payload);
Result<StageAnswer> parse_stage_answer(const Bytes& payload);

// The same of an answer's text, within review_text_bytes_max and review_hold_bytes_max.
Result<ReviewRequest> parse_review_request(const Bytes& payload);
Result<StageAnswer> parse_review_answer(const Bytes& payload);

}  // namespace shoal::protocol
