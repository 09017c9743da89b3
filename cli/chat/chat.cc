// `shoal chat`: one question, or a conversation line by line.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

#include "base/nearest.h"
#include "cli/chat/chat_options.h"
#include "cli/chat/history_file.h"
#include "cli/chat/interview.h"
#include "cli/chat/line_editor.h"
#include "cli/chat/lines.h"
#include "cli/command.h"
#include "cli/signals.h"

namespace shoal::cli {
namespace {

constexpr std::string_view commands[] = {"/help", "/clear", "/quit"};
constexpr const char* help =
    "  /help    this\n"
    "  /clear   forget what was said and begin anew\n"
    "  /quit    end, as Ctrl-D does\n"
    "Ctrl-C stops an answer or drops a line. The upward key brings earlier questions,\n"
    "Ctrl-R searches them. A line that begins with a space is not kept for later.\n";

bool is_end(const std::string& line) { return line == "/exit" || line == "/quit"; }

bool is_blank(const std::string& line) { return line.find_first_not_of(" \t\r") == std::string::npos; }

// "/word" alone or before a space; "/etc/hosts, what is it?" is a question.
std::optional<std::string> command_of(const std::string& line) {
  if (line.empty() || line.front() != '/') return std::nullopt;
  const std::string word = line.substr(0, line.find_first_of(" \t"));
  const bool plain = std::all_of(word.begin() + 1, word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  return plain ? std::optional(word) : std::nullopt;
}

// What the signals of a chat ask for. Ctrl-Z stops an answer's printing with the process, as everywhere.
class Attention {
public:
  Attention() : signals_{SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGWINCH} {}

  Signals& signals() { return signals_; }
  bool ended() const { return ended_; }

  // Whether an answer goes on.
  bool go_on() {
    for (int number = signals_.next(); number != 0; number = signals_.next()) {
      if (number == SIGTSTP) std::raise(SIGSTOP);
      if (number == SIGTERM || number == SIGHUP) ended_ = true;
      if (number == SIGINT || ended_) return false;
    }
    return true;
  }

private:
  Signals signals_;
  bool ended_ = false;
};

void obey(const std::string& command, Interview& interview) {
  if (command == "/help") {
    std::fputs(help, stdout);
  } else if (command == "/clear") {
    interview.conversation().clear();
    std::printf("Forgotten: a new conversation begins.\n");
  } else {
    const std::vector<std::string_view> known(std::begin(commands), std::end(commands));
    std::printf("There is no command %s%s; /help lists them.\n", command.c_str(), did_you_mean(command, known).c_str());
  }
}

int converse_on_terminal(Interview& interview, Attention& attention) {
  const HistoryFile history(history_path());
  LineEditor editor(attention.signals(), history.load());
  std::printf("Ask something. /help lists commands, Ctrl-C stops an answer, Ctrl-D ends.\n");
  int outcome = exit_code::ok;
  while (!attention.ended()) {
    std::fflush(stdout);
    std::string line;
    const auto typed = editor.next("> ", line);
    if (typed == LineEditor::Outcome::interrupted) {
      std::printf("^C\n");
      continue;
    }
    if (typed == LineEditor::Outcome::ended) {
      std::printf("\n");
      break;
    }
    if (is_blank(line)) continue;
    if (line.front() != ' ') editor.remember(line);
    history.add(line);
    if (is_end(line)) break;
    if (const auto command = command_of(line)) {
      obey(*command, interview);
    } else {
      outcome = interview.ask(line);
    }
  }
  return outcome;
}

// Answers to a program, or to a file: no prompt, no commands, and no use in going on without a gateway.
int converse_on_pipe(Interview& interview, Attention& attention) {
  Lines lines(attention.signals());
  int outcome = exit_code::ok;
  while (!attention.ended() && !interview.alone()) {
    const auto line = lines.next();
    if (!line || is_end(*line)) break;
    if (!is_blank(*line)) outcome = interview.ask(*line);
  }
  return outcome;
}

int run_chat(const ChatOptions& options) {
  if (const auto right = check_parameters(parameters_of(options)); !right) {
    return usage_error("chat", right.error().text);
  }
  Attention attention;
  Interview interview(options, [&attention] { return attention.go_on(); });
  if (!options.words.empty()) {
    std::string prompt;
    for (const std::string& word : options.words) prompt += (prompt.empty() ? "" : " ") + word;
    return interview.ask(prompt);
  }
  const bool terminal = !options.json && isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
  return terminal ? converse_on_terminal(interview, attention) : converse_on_pipe(interview, attention);
}

}  // namespace

void add_chat(Application application) {
  const auto options = std::make_shared<ChatOptions>();
  CLI::App* const command = add_command(application, "chat", "Ask the mesh something, or talk with it",
                                        [options] { return run_chat(*options); });
  command->group(group::use);
  add_chat_options(*command, *options);
  set_examples(*command,
               {{"shoal chat \"What is 17 + 25?\"", "one question"},
                {"shoal chat", "a conversation; /help inside it lists what there is"},
                {"shoal chat --json --temperature=0 \"Say hello\"", "for programs"}},
               "After an answer stands what it took and its request, which `shoal explain` takes.");
}

}  // namespace shoal::cli
