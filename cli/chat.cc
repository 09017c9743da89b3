// `shoal chat`: one question, or a conversation line by line.
#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <poll.h>
#include <string>
#include <unistd.h>
#include <vector>

#include "cli/client.h"
#include "cli/command.h"
#include "cli/question.h"
#include "cli/report.h"
#include "cli/signals.h"

namespace shoal::cli {
namespace {

struct ChatOptions {
  std::vector<std::string> connect;
  std::vector<std::string> words;  // of the prompt
  std::string system;
  std::optional<double> temperature;
  std::optional<std::uint32_t> max_tokens;
  bool no_reasoning = false;
  bool json = false;
};

// Lines of standard input, without echo or editing of its own: the terminal does that.
class Lines {
public:
  explicit Lines(Signals& signals) : signals_(signals) {}

  // The next line without its end; nothing at the end of input or on Ctrl-C.
  std::optional<std::string> next() {
    for (;;) {
      if (const std::size_t end = buffer_.find('\n'); end != std::string::npos) {
        std::string line = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        return line;
      }
      pollfd wait[] = {{STDIN_FILENO, POLLIN, 0}, {signals_.descriptor(), POLLIN, 0}};
      if (poll(wait, 2, -1) < 0) continue;
      if (signals_.next() != 0) return std::nullopt;
      if (wait[0].revents == 0) continue;
      char bytes[4096];
      const ssize_t count = read(STDIN_FILENO, bytes, sizeof bytes);
      if (count <= 0) return last_line();
      buffer_.append(bytes, static_cast<std::size_t>(count));
    }
  }

private:
  // What stood after the last line end.
  std::optional<std::string> last_line() {
    if (buffer_.empty()) return std::nullopt;
    std::string line;
    line.swap(buffer_);
    return line;
  }

  Signals& signals_;
  std::string buffer_;
};

class Conversation {
public:
  Conversation(const ChatOptions& options, Signals& signals) : options_(options), signals_(signals) {
    if (!options.system.empty()) add("system", options.system);
  }

  // Asks, with all that was said before, and prints the answer, with --json as one line. After an error the question
  // counts as not asked.
  Result<void> ask(const std::string& question) {
    // A connection per question: whichever gateway is alive now.
    auto client = Client::connect_any(options_.connect, seconds(2));
    if (!client) return std::move(client).error();
    add("user", question);
    AnswerPrinter printer(stdout, !options_.no_reasoning);
    AnswerPrinter* const shown = options_.json ? nullptr : &printer;
    const auto answer = cli::ask(*client, request(), shown, [this] { return signals_.next() == 0; });
    if (shown != nullptr) printer.end();
    if (!answer) {
      messages_.erase(messages_.size() - 1);
      return answer.error();
    }
    if (options_.json) {
      print_json(to_json(*answer));
    } else if (answer->finish_reason == "length") {
      std::fprintf(stderr, "(stopped at the limit of tokens)\n");
    }
    // Only the answer is kept: a reasoning model does not want to read its old thoughts.
    add("assistant", answer->content);
    return {};
  }

private:
  void add(const char* role, const std::string& content) {
    messages_.push_back({{"role", role}, {"content", content}});
  }

  Json request() const {
    Json request = {{"messages", messages_}};
    if (options_.max_tokens) request["max_tokens"] = *options_.max_tokens;
    if (options_.temperature) request["temperature"] = *options_.temperature;
    return request;
  }

  const ChatOptions& options_;
  Signals& signals_;
  Json messages_ = Json::array();
};

int converse(const ChatOptions& options, Conversation& conversation, Signals& signals) {
  const bool terminal = !options.json && isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
  if (terminal) std::printf("Ask something; /exit or Ctrl-D ends, Ctrl-C stops an answer.\n");
  Lines lines(signals);
  int outcome = exit_code::ok;
  for (;;) {
    if (terminal) std::printf("> ");
    std::fflush(stdout);
    const auto line = lines.next();
    if (!line || *line == "/exit" || *line == "/quit") break;
    if (line->find_first_not_of(" \t\r") == std::string::npos) continue;
    const auto asked = conversation.ask(*line);
    outcome = asked ? exit_code::ok : report("chat", asked.error(), options.json);
    if (outcome == exit_code::no_connection && !terminal) return outcome;
  }
  if (terminal) std::printf("\n");
  return outcome;
}

int run_chat(const ChatOptions& options) {
  Signals signals{SIGINT};
  Conversation conversation(options, signals);
  if (options.words.empty()) return converse(options, conversation, signals);
  std::string prompt;
  for (const std::string& word : options.words) prompt += (prompt.empty() ? "" : " ") + word;
  const auto asked = conversation.ask(prompt);
  return asked ? exit_code::ok : report("chat", asked.error(), options.json);
}

}  // namespace

void add_chat(Application application) {
  const auto options = std::make_shared<ChatOptions>();
  CLI::App* const command = add_command(application, "chat", "Ask the mesh something, or talk with it",
                                        [options] { return run_chat(*options); });
  command->add_option("prompt", options->words, "What to ask; without it, a conversation line by line");
  command->group(group::use);
  add_connect_option(*command, options->connect);
  command->add_option("--system", options->system, "A system message that goes before the conversation");
  command->add_option("--max-tokens", options->max_tokens, "The most tokens that an answer may have");
  command->add_option("--temperature", options->temperature, "0 always takes the likeliest token; 1 as trained");
  command->add_flag("--no-reasoning", options->no_reasoning, "Do not show what the model thinks before it answers");
  command->add_flag("--json", options->json, "Print each answer as one line of JSON: content, reasoning_content, ...");
  set_examples(*command, {{"shoal chat \"What is 17 + 25?\"", "one question"},
                          {"shoal chat", "a conversation; /exit ends it"},
                          {"shoal chat --json --temperature=0 \"Say hello\"", "for programs"}});
}

}  // namespace shoal::cli
