#include "cli/chat/interview.h"

#include <chrono>
#include <cstdio>
#include <unistd.h>
#include <utility>

#include "base/limits.h"
#include "cli/command.h"
#include "cli/report.h"

namespace shoal::cli {
namespace {

using Clock = std::chrono::steady_clock;

std::string turns_text(std::size_t count) {
  return count == 1 ? "the oldest turn is left out" : "the oldest " + std::to_string(count) + " turns are left out";
}

}  // namespace

std::string closing_line(const Answer& answer, double seconds) {
  std::string line;
  if (const std::uint64_t tokens = number_field(answer.usage, "completion_tokens"); tokens > 0) {
    char time[32];
    std::snprintf(time, sizeof time, "%.1f", seconds);
    line = std::to_string(tokens) + (tokens == 1 ? " token in " : " tokens in ") + time + " s";
  }
  if (answer.request.empty()) return line;
  return line + (line.empty() ? "" : " · ") + "request " + answer.request.substr(0, limits::explain_digits_min);
}

Interview::Interview(const ChatOptions& options, std::function<bool()> keep_going)
    : options_(options),
      keep_going_(std::move(keep_going)),
      parameters_(parameters_of(options)),
      conversation_(options.system) {}

int Interview::ask(const std::string& question) {
  const auto start = Clock::now();
  Answer answer;
  auto asked = ask_once(question, answer);
  while (!asked && asked.error().code == Code::context_length && conversation_.turns() > 0) {
    say("the conversation no longer fits the model's context: " + turns_text(conversation_.forget_older()));
    answer = {};
    asked = ask_once(question, answer);
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  alone_ = !asked && (asked.error().code == Code::no_gateway || asked.error().code == Code::wrong_port);
  if (!asked) {
    const bool stopped = asked.error().code == Code::cancelled;
    if (stopped && !answer.content.empty()) conversation_.add(question, answer.content);
    const int code = report("chat", asked.error(), options_.json);
    close(answer, seconds);
    return code;
  }
  if (options_.json) print_json(to_json(answer));
  // Only the answer is kept: a reasoning model does not want to read its old thoughts.
  conversation_.add(question, answer.content);
  if (answer.finish_reason == "length") {
    const bool wanted = options_.max_tokens.has_value();
    if (!options_.json) say(wanted ? "stopped at the limit of tokens" : "stopped: the model's context is full");
    if (!wanted && conversation_.turns() > 1) say("from here on " + turns_text(conversation_.forget_older()));
  }
  close(answer, seconds);
  return exit_code::ok;
}

Result<void> Interview::ask_once(const std::string& question, Answer& answer) {
  // A connection per question: whichever gateway is alive now.
  auto client = Client::connect_any(options_.connect, seconds(2));
  if (!client) return std::move(client).error();
  Json request = parameters_;
  request["messages"] = conversation_.asking(question);
  AnswerPrinter printer(stdout, !options_.no_reasoning);
  AnswerPrinter* const shown = options_.json ? nullptr : &printer;
  auto asked = cli::ask(*client, std::move(request), shown, keep_going_, answer);
  if (shown != nullptr) printer.end();
  return asked;
}

// A remark beside the answers.
void Interview::say(const std::string& text) const {
  if (options_.json) {
    std::fprintf(stderr, "%s\n", Json{{"remark", text}}.dump().c_str());
  } else {
    std::fprintf(stderr, "(%s)\n", text.c_str());
  }
}

void Interview::close(const Answer& answer, double seconds) const {
  const std::string line = closing_line(answer, seconds);
  if (options_.json || options_.quiet || line.empty()) return;
  const bool terminal = isatty(STDERR_FILENO) == 1;
  std::fprintf(stderr, "%s%s%s\n", terminal ? "\033[2m" : "", line.c_str(), terminal ? "\033[0m" : "");
}

}  // namespace shoal::cli
