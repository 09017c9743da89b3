// What messages are made of: parts that several messages carry, each a msgpack array inside theirs. Plain values; any
// thread. Meaning of every field: protocol/README.md, "Parts".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/limits.h"
#include "protocol/fields.h"

namespace shoal::protocol {

// Token ids that travel as an attachment instead of inside the body.
struct Ids {
  std::vector<TokenId> ids;
  bool operator==(const Ids&) const = default;
};

// Opaque bytes of a third party, inside the body.
struct Bytes {
  std::string bytes;
  bool operator==(const Bytes&) const = default;
};

struct Label {
  std::string key, value;
  SHOAL_FIELDS(SHOAL_FIELD(key), SHOAL_FIELD(value))
  bool operator==(const Label&) const = default;
};

// One process, as the directory lists it.
struct Entry {
  Epoch epoch = 0;
  std::string kind;           // "gateway", "router", … or a third party's
  std::string node;           // the host's name
  std::string address;        // of its inbox, as others reach it
  std::string client;         // of its client edge, as clients reach it; only gateways
  std::vector<Label> labels;  // model, model_digest, tokenizer_digest, numerics, context_tokens
  SHOAL_FIELDS(SHOAL_FIELD(epoch), SHOAL_FIELD(kind), SHOAL_FIELD(node),
               SHOAL_FIELD(address, limits::address_bytes_max), SHOAL_FIELD(client, limits::address_bytes_max),
               SHOAL_FIELD(labels, limits::labels_max))
  bool operator==(const Entry&) const = default;
};

// What a process reports of itself.
struct LoadReport {
  std::uint64_t sequence = 0;
  std::uint32_t cpu_permille = 0;  // of one core, since the report before
  std::uint32_t loop_lag_ms = 0;   // worst lateness of its loop since the report before
  std::uint64_t rss_bytes = 0;
  std::uint32_t streams = 0;           // held in any role
  std::uint32_t slots = 0;             // executors: streams that may run at once
  std::uint32_t slots_free = 0;        // executors: this router's share of the free ones
  std::uint64_t grants_consumed = 0;   // executors: how many of this router's grants were used so far
  std::vector<std::uint32_t> running;  // per tier
  std::vector<std::uint32_t> waiting;  // per tier
  std::uint64_t tokens_waiting = 0;    // prompt ids not yet computed
  std::uint64_t tokens_total = 0;      // ids generated (executor) or relayed (relay) so far
  std::uint32_t pages_free = 0;
  std::uint64_t steps = 0;
  std::uint32_t busy_ms = 0;     // since the step in progress began; 0 when idle
  std::uint32_t pages = 0;       // executors: KV pages, free or not
  std::uint32_t cpus = 0;        // that this process may run on
  std::uint32_t latency_us = 0;  // executors: from GENERATE accepted to the first id, smoothed; 0: not known
  SHOAL_FIELDS(SHOAL_FIELD(sequence), SHOAL_FIELD(cpu_permille), SHOAL_FIELD(loop_lag_ms), SHOAL_FIELD(rss_bytes),
               SHOAL_FIELD(streams), SHOAL_FIELD(slots), SHOAL_FIELD(slots_free), SHOAL_FIELD(grants_consumed),
               SHOAL_FIELD(running, tier_count), SHOAL_FIELD(waiting, tier_count), SHOAL_FIELD(tokens_waiting),
               SHOAL_FIELD(tokens_total), SHOAL_FIELD(pages_free), SHOAL_FIELD(steps), SHOAL_FIELD(busy_ms),
               SHOAL_FIELD(pages), SHOAL_FIELD(cpus), SHOAL_FIELD(latency_us))
  bool operator==(const LoadReport&) const = default;
};

struct ChatMessage {
  std::string role, content;
  SHOAL_FIELDS(SHOAL_FIELD(role), SHOAL_FIELD(content, limits::prompt_bytes_max))
  bool operator==(const ChatMessage&) const = default;
};

// How ids are drawn and when a stream ends.
struct Parameters {
  float temperature = 1.0F;  // 0: greedy
  float top_p = 1.0F;
  std::uint32_t top_k = 0;  // 0: off
  float min_p = 0.0F;
  std::uint64_t seed = 0;
  std::uint32_t max_tokens = 0;
  std::vector<std::string> stop;        // strings, matched on visible output
  std::vector<std::uint32_t> stop_ids;  // end of sequence ids of the model
  bool ignore_eos = false;
  float frequency_penalty = 0;     // for each time that an id was generated
  float presence_penalty = 0;      // if an id was generated
  float repetition_penalty = 1;    // if an id is in the prompt or was generated; 1: off
  bool logprobs = false;           // log probabilities travel with the ids
  std::uint32_t top_logprobs = 0;  // and those of so many likeliest ids
  SHOAL_FIELDS(SHOAL_FIELD(temperature), SHOAL_FIELD(top_p), SHOAL_FIELD(top_k), SHOAL_FIELD(min_p), SHOAL_FIELD(seed),
               SHOAL_FIELD(max_tokens), SHOAL_FIELD(stop, limits::stop_strings_max, limits::stop_string_bytes_max),
               SHOAL_FIELD(stop_ids, limits::stop_ids_max), SHOAL_FIELD(ignore_eos), SHOAL_FIELD(frequency_penalty),
               SHOAL_FIELD(presence_penalty), SHOAL_FIELD(repetition_penalty), SHOAL_FIELD(logprobs),
               SHOAL_FIELD(top_logprobs))
  bool operator==(const Parameters&) const = default;
};

// Whether <think> and </think> divide the output into reasoning and content.
enum class Reasoning : std::uint8_t { none = 0, divided = 1, begun = 2 };  // begun: the prompt ends inside <think>

// The whole journal of a stream but its stream id, attempt, position, chain, tier and deadline, which stand in the head
// of the message that carries it. Owner, relay and executor each hold one; any of them is enough to go on.
struct Journal {
  Parameters parameters;
  std::string tenant;
  std::string model;         // name
  std::string model_digest;  // checkpoint and tokenizer: a resume must match it
  std::string tokenizer_digest;
  std::string numerics;  // dtype, quantisation, backend: a resume prefers it
  Reasoning reasoning = Reasoning::none;
  Ids prompt;
  Ids generated;
  SHOAL_FIELDS(SHOAL_FIELD(parameters), SHOAL_FIELD(tenant), SHOAL_FIELD(model), SHOAL_FIELD(model_digest),
               SHOAL_FIELD(tokenizer_digest), SHOAL_FIELD(numerics), SHOAL_FIELD(reasoning), SHOAL_FIELD(prompt),
               SHOAL_FIELD(generated))
  bool operator==(const Journal&) const = default;
};

// Admission by one router to one executor, good for a short time.
struct Grant {
  Epoch router = 0;
  std::uint64_t sequence = 0;  // of that router
  std::uint32_t ttl_ms = 0;
  SHOAL_FIELDS(SHOAL_FIELD(router), SHOAL_FIELD(sequence), SHOAL_FIELD(ttl_ms))
  bool operator==(const Grant&) const = default;
};

enum class Finish : std::uint8_t { none = 0, stop = 1, length = 2 };

// How likely an id was, and the likeliest ones at its position: from the executor.
struct IdLogprobs {
  float logprob = 0;
  std::vector<TokenId> top_ids;     // most likely first
  std::vector<float> top_logprobs;  // of each
  SHOAL_FIELDS(SHOAL_FIELD(logprob), SHOAL_FIELD(top_ids, limits::top_logprobs_max),
               SHOAL_FIELD(top_logprobs, limits::top_logprobs_max))
  bool operator==(const IdLogprobs&) const = default;
};

// The bytes of an id and how likely it was.
struct TokenLogprob {
  Bytes token;
  float logprob = 0;
  SHOAL_FIELDS(SHOAL_FIELD(token, limits::token_bytes_max), SHOAL_FIELD(logprob))
  bool operator==(const TokenLogprob&) const = default;
};

// IdLogprobs with the bytes of its ids: from the relay, who has the tokenizer.
struct TextLogprobs {
  TokenLogprob chosen;
  std::vector<TokenLogprob> top;
  SHOAL_FIELDS(SHOAL_FIELD(chosen), SHOAL_FIELD(top, limits::top_logprobs_max))
  bool operator==(const TextLogprobs&) const = default;
};

// What a holder does with a stream, as POSITION reports it.
enum class StreamState : std::uint8_t { unknown = 0, queued = 1, prefilling = 2, decoding = 3, parked = 4, ended = 5 };

}  // namespace shoal::protocol
