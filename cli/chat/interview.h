// The questions of one `shoal chat`, asked one after another, with what a person or a program is told about each. Lives
// on the main thread.
#pragma once

#include <functional>
#include <string>

#include "cli/chat/chat_options.h"
#include "cli/chat/conversation.h"
#include "cli/question.h"

namespace shoal::cli {

class Interview {
public:
  // Both must live as long. `keep_going` as for ask().
  Interview(const ChatOptions& options, std::function<bool()> keep_going);

  // Asks, with all that was said before, and prints the answer, with --json as one line, or why there is none. When the
  // model's context does not hold the conversation any more, older turns are left out and that is said. After an error
  // the question counts as not asked; an answer that was stopped counts as far as it came. Returns the exit code.
  int ask(const std::string& question);

  Conversation& conversation() { return conversation_; }
  // Whether the last question found no gateway at all.
  bool alone() const { return alone_; }

private:
  Result<void> ask_once(const std::string& question, Answer& answer);
  void say(const std::string& text) const;
  void close(const Answer& answer, double seconds) const;

  const ChatOptions& options_;
  std::function<bool()> keep_going_;
  Json parameters_;
  Conversation conversation_;
  bool alone_ = false;
};

// "35 tokens in 0.1 s · request 8cdbeaec": with as many digits as `shoal explain` wants. What is not known is left out.
std::string closing_line(const Answer& answer, double seconds);

}  // namespace shoal::cli
