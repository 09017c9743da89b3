// The rows of all requests. protocol/README.md says the same at more length; a test compares the two.

#include "base/limits.h"
#include "protocol/edge/foreign.h"
#include "protocol/edge/schema.h"
#include "protocol/map_fields.h"

namespace shoal::protocol::edge {
namespace {

constexpr std::string_view required = "required";

template <class T>
constexpr Field<T> id_row = special<T>("id", "text or integer", required, "your own name of the request, unique here",
                                       [](MapReader& map, const FieldInfo&, T& request) { read_id(map, request.id); });

template <class T>
constexpr std::array plain_rows = {id_row<T>};

constexpr std::array submit_rows = {
    id_row<Submit>,
    special<Submit>("messages", "array of maps", "", "the conversation: {role, content} each; or `prompt`",
                    [](MapReader& map, const FieldInfo&, Submit& submit) { read_messages(map, submit.messages); }),
    special<Submit>("prompt", "text", "", "raw text to continue, instead of `messages`",
                    [](MapReader& map, const FieldInfo&, Submit& submit) {
                      if (map.find("prompt")) map.text("prompt", submit.prompt.emplace(), limits::prompt_bytes_max);
                    }),
    boolean<&Submit::allow_special>("allow_special", "false",
                                    "control tokens that `prompt` spells are those, not text"),
    boolean<&Submit::stream>("stream", "true; published: false", "DELTAs as they come, or the whole text in DONE"),
    text<&Submit::model>("model", limits::name_bytes_max, "whatever is served", "which model"),
    integer<&Submit::max_tokens>("max_tokens", 1, "what the context leaves, and executors can hold of one stream",
                                 "ids to generate at most"),
    number<&Submit::temperature>("temperature", {0, 2}, "the model's", "0 is greedy"),
    number<&Submit::top_p>("top_p", {0, 1, true}, "the model's", "the most likely ids that make up this share"),
    integer<&Submit::top_k>("top_k", 0, "the model's", "this many most likely ids; 0 is off"),
    number<&Submit::min_p>("min_p", {0, 1}, "the model's", "ids at least this likely, relative to the likeliest"),
    integer<&Submit::seed>("seed", 0, "random", "the same seed draws the same ids"),
    number<&Submit::frequency_penalty>("frequency_penalty", {-limits::penalty_max, limits::penalty_max}, "0",
                                       "taken from an id's logit for each time that it was generated"),
    number<&Submit::presence_penalty>("presence_penalty", {-limits::penalty_max, limits::penalty_max}, "0",
                                      "taken from an id's logit if it was generated"),
    number<&Submit::repetition_penalty>("repetition_penalty", {0, limits::penalty_max, true}, "the model's",
                                        "above 1: ids of prompt and answer become less likely"),
    boolean<&Submit::logprobs>("logprobs", "false", "log probabilities of the ids, in DELTA or DONE"),
    integer<&Submit::top_logprobs>("top_logprobs", 0, "0", "likeliest ids at each position; needs `logprobs`",
                                   limits::top_logprobs_max),
    special<Submit>("stop", "text or array of text", "none", "ends the answer before the first of these",
                    [](MapReader& map, const FieldInfo&, Submit& submit) { read_stop(map, submit.stop); }),
    special<Submit>("tier", "text", "realtime; published: async", "vip, realtime, async or batch, in any case",
                    [](MapReader& map, const FieldInfo&, Submit& submit) { read_tier(map, submit.tier); }),
    integer<&Submit::deadline_ms>("deadline_ms", 1, "600000", "time for all of it, from receipt on"),
    integer<&Submit::window>("window", 1, "unlimited", "positions that may be ahead of your CREDIT"),
    text<&Submit::client>("client", limits::client_id_bytes_max, "none; published: required",
                          "on the publish port: the topic of the answers"),
};

constexpr std::array credit_rows = {
    id_row<Credit>,
    integer<&Credit::position>("position", 0, required, "you have taken everything before it"),
};

void read_hex_request(MapReader& map, const FieldInfo& info, Resume& resume) {
  std::string request;
  map.require(info.name);
  map.text(info.name, request, limits::name_bytes_max);
  if (const auto number = request_of_hex(request)) {
    resume.request = *number;
  } else {
    map.fail(info.name, Code::invalid_request, "expected 32 hexadecimal digits");
  }
}

void read_chain(MapReader& map, const FieldInfo& info, Resume& resume) {
  std::string chain = to_hex(Chain{0});
  map.text(info.name, chain, limits::name_bytes_max);
  if (resume.position > 0) map.require(info.name);
  if (const auto number = number_of_hex(chain)) {
    resume.chain = *number;
  } else {
    map.fail(info.name, Code::invalid_request, "expected 16 hexadecimal digits");
  }
}

constexpr std::array resume_rows = {
    id_row<Resume>,
    special<Resume>("request", "32 hexadecimal digits", required, "ACCEPTED's `request`", read_hex_request),
    integer<&Resume::choice>("choice", 0, "0", "which answer of a request with several"),
    integer<&Resume::position>("position", 0, required, "the last DELTA's; 0 without one"),
    special<Resume>("chain", "16 hexadecimal digits", "at position 0: none", "the last DELTA's", read_chain),
};

void read_epoch(MapReader& map, const FieldInfo& info, Call& call) {
  if (!map.find(info.name)) return;
  std::string epoch;
  map.text(info.name, epoch, limits::name_bytes_max);
  call.epoch = number_of_hex(epoch);
  if (!call.epoch) map.fail(info.name, Code::invalid_request, "expected 16 hexadecimal digits, as STATUS shows them");
}

// Names of kinds stand in a comma separated list and in routing ids.
template <class T>
void read_kind(MapReader& map, const FieldInfo& info, T& request) {
  map.require(info.name);
  map.text(info.name, request.kind, limits::kind_bytes_max);
  const bool plain = request.kind.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == std::string::npos;
  if (request.kind.empty() || !plain) {
    map.fail(info.name, Code::invalid_request, "expected 1 to 64 of a to z, 0 to 9, _ and -");
  }
}

template <class T>
void read_payload(MapReader& map, const FieldInfo& info, T& request) {
  map.bytes(info.name, request.payload.bytes, limits::payload_bytes_max);
}

constexpr std::array call_rows = {
    id_row<Call>,
    special<Call>("kind", "text", required, "who shall answer", read_kind<Call>),
    text<&Call::method>("method", limits::name_bytes_max, "empty", "what is asked; up to the kind"),
    special<Call>("payload", "bytes", "empty", "up to the method", read_payload<Call>),
    special<Call>("epoch", "16 hexadecimal digits", "any of the kind", "the one process that shall answer", read_epoch),
    integer<&Call::deadline_ms>("deadline_ms", 1, "10000", "time until the RESULT, from receipt on"),
};

constexpr std::array serve_rows = {
    id_row<Serve>,
    special<Serve>("kind", "text", required, "the kind whose CALLs this connection answers", read_kind<Serve>),
};

// A code that this version does not know counts as internal, as on the mesh.
void read_code(MapReader& map, const FieldInfo& info, Reply& reply) {
  std::string code = "ok";
  map.text(info.name, code, limits::name_bytes_max);
  reply.code = code_of(code).value_or(Code::internal);
}

constexpr std::array reply_rows = {
    id_row<Reply>,
    special<Reply>("payload", "bytes", "empty", "the answer", read_payload<Reply>),
    special<Reply>("code", "text", "ok", "the name of an error code, if there is no answer", read_code),
    text<&Reply::message>("message", limits::text_bytes_max, "empty", "one sentence: why there is none"),
};

// ---- what rows cannot say one by one

void check(MapReader& map, const Submit& submit, Port port) {
  if (submit.prompt && !submit.messages.empty()) {
    map.fail("prompt", Code::invalid_request, "messages and prompt exclude each other");
  }
  if (!submit.prompt && submit.messages.empty()) {
    map.fail("messages", Code::invalid_request, "is missing: a request has messages, or a prompt");
  }
  if (submit.allow_special && !submit.prompt) {
    map.fail("allow_special", Code::invalid_request, "goes with `prompt`: what `messages` say is always text");
  }
  if (submit.top_logprobs > 0 && !submit.logprobs) {
    map.fail("top_logprobs", Code::invalid_request, "needs logprobs: true beside it");
  }
  if (port == Port::client) {
    if (map.find("client")) map.fail("client", Code::invalid_request, "names who asked on the publish port only");
    return;
  }
  if (submit.window) map.fail("window", Code::invalid_request, "CREDIT cannot be published, so this would never end");
}

template <class T>
void check(MapReader&, const T&, Port) {}

template <const auto& rows>
constexpr auto infos = [] {
  std::array<FieldInfo, rows.size()> list{};
  for (std::size_t i = 0; i < rows.size(); ++i) list[i] = rows[i].info;
  return list;
}();

template <const auto& rows>
constexpr auto known = [] {
  std::array<std::string_view, rows.size() + 1> list = {"type"};
  for (std::size_t i = 0; i < rows.size(); ++i) list[i + 1] = rows[i].info.name;
  return list;
}();

template <class T, const auto& rows>
Request read(MapReader& map, Port port) {
  T request;
  if constexpr (std::is_same_v<T, Submit>) {  // nobody waits for what is published
    request.stream = port == Port::client;
    if (port == Port::publish) request.tier = Tier::async;
  }
  map.only(known<rows>, std::is_same_v<T, Submit> ? foreign_fields() : std::span<const Foreign>());
  for (const Field<T>& row : rows) row.read(map, row.info, request);
  check(map, request, port);
  return request;
}

template <class T, const auto& rows>
constexpr RequestType type(std::string_view name, std::string_view answers, std::string_view meaning) {
  return {name, answers, meaning, infos<rows>, read<T, rows>};
}

constexpr std::array types = {
    type<Submit, submit_rows>("SUBMIT", "ACCEPTED, DELTAs if streamed, then DONE or ERROR", "generates an answer"),
    type<Cancel, plain_rows<Cancel>>("CANCEL", "ERROR cancelled, or the last message again", "ends a request"),
    type<Credit, credit_rows>("CREDIT", "nothing", "lets a SUBMIT with a window go on"),
    type<Status, plain_rows<Status>>("STATUS", "STATUS", "lists the processes of the mesh"),
    type<Resume, resume_rows>("RESUME", "as SUBMIT, from there on", "goes on with a stream at this gateway"),
    type<Ack, plain_rows<Ack>>("ACK", "nothing", "lets the gateway forget a request that has ended"),
    type<Call, call_rows>("CALL", "RESULT or ERROR", "asks a process, or a client that serves a kind; at most once"),
    type<Serve, serve_rows>("SERVE", "SERVING or ERROR, then CALLs", "makes this connection answer CALLs of a kind"),
    type<Reply, reply_rows>("RESULT", "nothing", "answers a CALL; `id` is that of the CALL"),
    type<Help, plain_rows<Help>>("HELP", "HELP", "shows this"),
};

}  // namespace

std::span<const RequestType> request_types() { return types; }

}  // namespace shoal::protocol::edge
