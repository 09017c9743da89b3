#include "protocol/edge/foreign.h"

#include <array>

namespace shoal::protocol::edge {
namespace {

constexpr std::string_view no_tools = "tool calls do not exist yet";
constexpr std::string_view no_format =
    "there is no JSON mode yet; say in the messages which form the answer shall have";
constexpr std::string_view no_choices =
    "a request has one answer; send it again, with another seed, for each further one";
constexpr std::string_view no_media = "text is all that goes in and out";
constexpr std::string_view not_kept = "leave it out, nothing is kept or looked up by it";
constexpr std::string_view template_decides = "leave it out, the model's chat template decides that";

constexpr std::array<Foreign, 50> of_submit = {{
    {"audio", no_media},
    {"best_of", no_choices},
    {"chat_template", template_decides},
    {"chat_template_kwargs", template_decides},
    {"add_generation_prompt", template_decides},
    {"continue_final_message", template_decides},
    {"echo", "the prompt is not sent back"},
    {"enable_thinking", template_decides},
    {"extra_body", "its fields go beside the others, not into a map of their own"},
    {"format", no_format},
    {"function_call", no_tools},
    {"functions", no_tools},
    {"grammar", no_format},
    {"guided_choice", no_format},
    {"guided_grammar", no_format},
    {"guided_json", no_format},
    {"guided_regex", no_format},
    {"ignore_eos", "an answer ends where the model ends it"},
    {"input", "use prompt for raw text, or messages"},
    {"length_penalty", "there is no beam search"},
    {"logit_bias", "single ids can be neither favoured nor forbidden yet"},
    {"max_completion_tokens", "use max_tokens"},
    {"max_new_tokens", "use max_tokens"},
    {"max_output_tokens", "use max_tokens"},
    {"metadata", not_kept},
    {"min_tokens", "an answer ends where the model ends it"},
    {"modalities", no_media},
    {"n", no_choices},
    {"n_predict", "use max_tokens"},
    {"num_beams", "there is no beam search"},
    {"parallel_tool_calls", no_tools},
    {"prediction", "leave it out, answers are not predicted"},
    {"priority", "use tier"},
    {"reasoning_effort", "leave it out, the model thinks as long as it does"},
    {"repeat_penalty", "use repetition_penalty"},
    {"request_id", "use id"},
    {"response_format", no_format},
    {"service_tier", "use tier"},
    {"stop_sequences", "use stop"},
    {"stop_token_ids", "use stop, with text; the model's own ends are known"},
    {"store", not_kept},
    {"stream_options", "leave it out, DONE always has the usage"},
    {"suffix", "text is continued at its end only"},
    {"system", "use a first message whose role is system"},
    {"thinking", "leave it out, the model thinks as long as it does"},
    {"timeout", "use deadline_ms"},
    {"tool_choice", no_tools},
    {"tools", no_tools},
    {"use_beam_search", "there is no beam search"},
    {"user", not_kept},
}};

constexpr std::array<Foreign, 6> of_message = {{
    {"audio", no_media},
    {"function_call", no_tools},
    {"name", "leave it out, or say it in the content: models are told roles only"},
    {"reasoning_content", "leave it out, models are not shown how they came to earlier answers"},
    {"tool_call_id", no_tools},
    {"tool_calls", no_tools},
}};

}  // namespace

std::span<const Foreign> foreign_fields() { return of_submit; }

std::span<const Foreign> foreign_message_fields() { return of_message; }

}  // namespace shoal::protocol::edge
