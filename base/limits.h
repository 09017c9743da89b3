// Every bound of the system, with its unit last, and the relations between them. Past a bound the answer is a clear
// refusal, at once. protocol/README.md repeats those that another implementation must know.
#pragma once

#include <cstddef>
#include <cstdint>

namespace shoal::limits {

// Wire (mesh).
inline constexpr std::size_t message_bytes_max = 16u << 20;    // one ZeroMQ frame between processes of the mesh
inline constexpr std::size_t head_bytes_max = 128;             // the head frame
inline constexpr std::size_t body_bytes_max = 9u << 20;        // the body frame: a text prompt at its bound fits
inline constexpr std::size_t attachments_max = 4;              // frames after the body
inline constexpr std::size_t attachment_bytes_max = 1u << 20;  // 262,144 token ids
inline constexpr std::size_t array_entries_max = 65'536;       // of one msgpack array
inline constexpr std::size_t map_entries_max = 64;             // of one msgpack map
inline constexpr std::size_t depth_max = 8;                    // nesting of msgpack containers
inline constexpr std::size_t values_max = 524'288;             // msgpack values in one frame, containers counted
inline constexpr std::size_t payload_bytes_max = 8u << 20;     // of CALL and RESULT
inline constexpr std::size_t bulk_bytes_min = 64u << 10;       // larger messages travel on a lane of their own

// Wire (client edge).
inline constexpr std::size_t edge_message_bytes_max = 64u
                                                      << 20;  // of all frames of a message; past it the connection ends
inline constexpr std::size_t edge_frames_max = 32;            // likewise
inline constexpr std::size_t envelope_bytes_max = 1024;       // of the frames before a request
inline constexpr std::size_t prompt_bytes_max = 8u << 20;
inline constexpr std::size_t client_id_bytes_max = 64;
inline constexpr std::size_t messages_max = 1024;  // of one conversation
inline constexpr std::size_t stop_strings_max = 16;
inline constexpr std::size_t stop_string_bytes_max = 128;
inline constexpr std::uint32_t top_logprobs_max = 20;        // alternatives of one id
inline constexpr std::size_t logprobs_bytes_max = 8u << 20;  // of one unstreamed answer, as its DONE has them
inline constexpr float penalty_max = 2;                      // of frequency, presence (either sign) and repetition

inline constexpr std::size_t kind_bytes_max = 64;         // of a kind that a client calls or serves
inline constexpr std::size_t stages_max = 16;             // of a pipeline
inline constexpr std::uint32_t ahead_ids_max = 1024;      // of one stream, not yet sent to its client; then no credit
inline constexpr std::uint32_t ahead_logprobs_max = 128;  // likewise, with log probabilities
inline constexpr std::size_t review_text_bytes_max = 64u << 10;  // that a stage is asked about at once, or REPLACEs
inline constexpr std::size_t review_before_bytes_max = 1024;     // and of what it passed before
inline constexpr std::size_t review_hold_bytes_max = 256;        // that a stage may want to see again with more behind
inline constexpr std::size_t servers_max = 1024;                 // clients that serve a kind, of one gateway
inline constexpr std::uint32_t client_calls_max = 256;           // CALLs that one client has open, or has to answer
inline constexpr std::uint32_t published_max = 1024;    // open requests of one gateway's publish port; past it not read
inline constexpr std::size_t subscriptions_max = 1024;  // of one subscriber to published answers
inline constexpr std::size_t answers_backlog_bytes_max = 16u << 20;  // for a slow one; past it answers are dropped

// Chat templates, and one rendering of one.
inline constexpr std::size_t template_bytes_max = 256u << 10;
inline constexpr std::uint32_t template_depth_max = 100;          // of nested blocks, expressions and values
inline constexpr std::uint32_t render_calls_max = 600;            // of parts of a template that are inside one another
inline constexpr std::uint64_t render_steps_max = 10'000'000;     // parts evaluated and items walked over
inline constexpr std::uint64_t render_work_bytes_max = 1u << 29;  // of text read and written on the way
inline constexpr std::size_t rendered_bytes_max = 16u << 20;

// Strings of the mesh.
inline constexpr std::size_t name_bytes_max = 128;  // kinds, nodes, models, digests
inline constexpr std::size_t address_bytes_max = 256;
inline constexpr std::size_t text_bytes_max = 4096;   // the sentence of an error
inline constexpr std::size_t token_bytes_max = 1024;  // of one id, beside its log probability; longer ones are cut

// Streams.
inline constexpr std::uint32_t context_tokens_max = 262'144;       // prompt plus generated ids
inline constexpr std::size_t pages_max = context_tokens_max / 64;  // page hashes of one prompt
inline constexpr std::size_t stop_ids_max = 64;                    // of one model
inline constexpr std::uint32_t streams_max = 8192;                 // of one process
inline constexpr std::size_t row_logprobs_max = 128;               // ids of one stream and step, with log probabilities
inline constexpr std::size_t preparing_bytes_max = 32u << 20;      // of long prompts, in preparation for one gateway
inline constexpr std::size_t journals_bytes_max = 1u << 30;        // prompts held by one process, in any role
inline constexpr std::uint32_t tombstones_max = 65'536;            // cancelled streams remembered by one process
inline constexpr std::uint32_t queued_max = 4096;                  // placements waiting at one router
inline constexpr std::size_t explained_max = 4096;                 // decisions that a router remembers
inline constexpr std::size_t explained_candidates_max = 65'536;    // executors in all of them together
inline constexpr std::size_t explained_events_max = 16;            // decisions of one request in one answer
inline constexpr std::size_t explain_digits_min = 8;               // of a request, so that nobody guesses one
inline constexpr std::size_t event_log_pending_max = 4096;         // decisions not yet written to the log
inline constexpr std::size_t event_log_bytes_max = 256u << 20;     // of one file; the one before it is kept
inline constexpr std::uint32_t clients_max = 16'384;               // connections remembered by one gateway

// Processes.
inline constexpr std::size_t outbox_messages_max = 16'384;  // posted to the loop and not yet in a socket
inline constexpr std::size_t outbox_bytes_max = 256u << 20;
inline constexpr std::size_t links_max = 4096;
inline constexpr std::size_t directory_entries_max = 1024;
inline constexpr std::size_t labels_max = 16;
inline constexpr std::uint32_t calls_open_max = 4096;  // CALLs and jobs of one service without an answer, either way
inline constexpr std::size_t seeds_max = 16;           // router addresses of one configuration
inline constexpr std::size_t config_bytes_max = 1u << 20;  // of one configuration file

// An inference process, as it is configured.
inline constexpr std::uint32_t slots_max = 1024;   // streams that may be in one engine at once
inline constexpr std::uint32_t parked_a_slot = 3;  // and without credit beside them, times the slots
inline constexpr std::uint32_t engine_threads_max = 1024;
inline constexpr std::uint64_t kv_bytes_min = 1u << 20;
inline constexpr std::uint64_t kv_bytes_max = std::uint64_t{1} << 44;
inline constexpr std::uint32_t sharers_max = 1024;    // inference processes of one machine
inline constexpr std::uint32_t step_tokens_min = 16;  // of one step of the engine
inline constexpr std::uint32_t step_tokens_max = 16'384;
inline constexpr std::uint32_t weight_max = 1'000'000;  // in the routers' policy `weighted`

// Sockets (actors/net).
inline constexpr std::size_t turn_messages_max = 256;  // read from one socket before the others have their turn
inline constexpr std::size_t link_hwm_messages =
    65'536;  // queued in a socket for one peer; reaching it breaks the link
inline constexpr std::size_t bulk_hwm_messages = 64;
inline constexpr std::size_t bulk_backlog_bytes_max = 128u << 20;      // of one link, not yet taken by its bulk lane
inline constexpr std::size_t half_open_max = 1024;                     // connections of clients in their handshake
inline constexpr std::size_t connection_turn_bytes_max = 256u << 10;   // read from or written to one client in its turn
inline constexpr std::size_t client_unhandled_bytes_max = 256u << 10;  // of one, delivered; past it it is not read
inline constexpr std::size_t receiving_bytes_max = 256u << 20;         // of messages that are arriving from all of them
inline constexpr std::size_t client_slow_bytes = 16u << 20;  // wait for one client: its streams wait until half is read
inline constexpr std::size_t client_backlog_bytes_max = 64u << 20;  // past it the connection ends
inline constexpr std::size_t inbound_messages_max =
    16'384;  // delivered and not yet handled; past it sockets are not read
inline constexpr std::size_t inbound_bytes_max = 256u << 20;
inline constexpr std::size_t routing_id_bytes_max = 192;  // without the lane's suffix

// Time.
inline constexpr std::uint32_t drain_default_ms = 8000;        // a process that was asked to end does what it owes
inline constexpr std::uint32_t last_words_ms = 250;            // from what is said then until the links break
inline constexpr std::uint32_t flush_ms = 500;                 // what is still in sockets when a process ends
inline constexpr std::uint32_t client_handshake_ms = 10'000;   // of a client's connection
inline constexpr std::uint32_t client_stalled_ms = 30'000;     // nothing taken by a slow one; then its streams end
inline constexpr std::uint32_t resolve_interval_ms = 5000;     // names of routers
inline constexpr std::uint32_t load_interval_ms = 250;         // LOAD to every router
inline constexpr std::uint32_t load_gap_ms = 20;               // between two LOADs, when there is news
inline constexpr std::uint32_t load_missed_max = 3;            // missed reports until a process is late
inline constexpr std::uint32_t silence_max_ms = 4500;          // without a report, until a process is lost
inline constexpr std::uint32_t stall_survived_ms = 3000;       // of any process: nobody takes it for dead meanwhile
inline constexpr std::uint32_t ping_after_ms = 1500;           // of silence on a link
inline constexpr std::uint32_t answer_wait_ms = 4500;          // for anything after a PING, until the link is given up
inline constexpr std::uint32_t link_wait_ms = 5000;            // for a dialled link to come up
inline constexpr std::uint32_t slow_line_bytes_per_ms = 1000;  // what was sent on a link has so long to get there
inline constexpr std::uint32_t awake_stride_ms = 500;          // between two events of a process that is awake
inline constexpr std::uint32_t ask_again_ms = 1000;            // for a HELLO that did not come; then ever more rarely
inline constexpr std::uint32_t ask_again_ms_max = 64'000;
inline constexpr std::uint32_t keepalive_interval_ms = 1000;   // owner to client and holders, per stream
inline constexpr std::uint32_t queued_wait_ms = 250;           // without QUEUED the owner asks another router
inline constexpr std::uint32_t prepare_wait_ms = 5000;         // without PREPARED the owner asks another preprocess
inline constexpr std::uint32_t prepare_bytes_a_ms = 512;       // of long prompts, that a preprocess may be trusted with
inline constexpr std::uint32_t grant_ms = 1000;                // a grant's time to live
inline constexpr std::uint32_t tier_head_start_ms = 2000;      // in an engine, of a waiting stream over the next tier
inline constexpr std::uint32_t parked_slot_ms = 100;           // slot of a stream without credit
inline constexpr std::uint32_t parked_pages_ms = 2000;         // and its pages
inline constexpr std::uint32_t orphan_ms = 30'000;             // a journal without an owner
inline constexpr std::uint32_t revive_ms = 10'000;             // nobody of a kind alive
inline constexpr std::uint32_t finished_keep_ms = 60'000;      // a finished journal without the client's ACK
inline constexpr std::uint32_t stage_wait_ms = 5000;           // for the verdict of one stage of the pipeline
inline constexpr std::uint32_t call_default_ms = 10'000;       // of a client's CALL that names no deadline
inline constexpr std::uint32_t deadline_default_ms = 600'000;  // of a request that names none

static_assert(attachments_max * attachment_bytes_max + body_bytes_max <= message_bytes_max);
static_assert(attachment_bytes_max >= 4 * std::size_t{context_tokens_max});
static_assert(prompt_bytes_max < body_bytes_max);
static_assert(payload_bytes_max < body_bytes_max);
static_assert(values_max >= directory_entries_max * (8 + 3 * labels_max));  // a whole directory in one frame
static_assert(body_bytes_max >= directory_entries_max * (2 * name_bytes_max * (labels_max + 2) + 1024));
static_assert(values_max >= directory_entries_max * (64 + 2 * labels_max));              // STATUS of a whole directory
static_assert(values_max >= (6 + 4 + 2 * top_logprobs_max) * std::size_t{streams_max});  // TOKENS for every stream
static_assert(values_max >= (5 + 3 * top_logprobs_max) * row_logprobs_max);              // TEXT
static_assert(body_bytes_max / 2 >= (1 + top_logprobs_max) * (token_bytes_max + 16) * row_logprobs_max);
static_assert(prompt_bytes_max < edge_message_bytes_max);
static_assert(ahead_ids_max >= 2 * (review_hold_bytes_max + stop_string_bytes_max), "what is held back ends");
static_assert(rendered_bytes_max >= 2 * prompt_bytes_max);
static_assert(render_work_bytes_max >= 16 * rendered_bytes_max);
static_assert(render_calls_max >= 2 * template_depth_max);
static_assert(bulk_bytes_min < message_bytes_max);
static_assert(load_gap_ms < load_interval_ms);
static_assert((load_missed_max + 1) * load_interval_ms < silence_max_ms);
static_assert(silence_max_ms >= stall_survived_ms + awake_stride_ms + load_interval_ms);
static_assert(answer_wait_ms >= stall_survived_ms + awake_stride_ms);
static_assert(link_wait_ms >= stall_survived_ms + awake_stride_ms);
static_assert(awake_stride_ms >= 2 * load_interval_ms);
static_assert(drain_default_ms + last_words_ms + flush_ms < 10'000, "what containers get between SIGTERM and SIGKILL");
static_assert(parked_slot_ms < parked_pages_ms);
static_assert(grant_ms > load_interval_ms);
static_assert(streams_max >= (2 + parked_a_slot) * slots_max);  // those that are being cancelled while others come
static_assert(step_tokens_max > 2 * slots_max);                 // a full engine still takes prompts
static_assert(outbox_messages_max >= 2 * std::size_t{streams_max});
static_assert(link_hwm_messages >= outbox_messages_max, "one burst of the outbox must not break a healthy link");
static_assert(client_slow_bytes >= logprobs_bytes_max + 4 * std::size_t{context_tokens_max}, "one answer slows nobody");
static_assert(client_backlog_bytes_max >= 4 * client_slow_bytes);
static_assert(outbox_bytes_max >= 4 * client_backlog_bytes_max);
static_assert(bulk_backlog_bytes_max > message_bytes_max);
static_assert(preparing_bytes_max >= 2 * prompt_bytes_max);
static_assert(bulk_backlog_bytes_max > 3 * preparing_bytes_max, "a prompt may be sent three times");

}  // namespace shoal::limits
