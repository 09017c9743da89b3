// One question to the mesh, from SUBMIT to DONE, with the answer printed as it comes. Used by `shoal chat` and by
// `shoal up` for its first prompt.
#pragma once

#include <cstdio>
#include <functional>
#include <string>

#include "cli/client.h"

namespace shoal::cli {

// Prints an answer piece by piece: reasoning dim, the answer normal. Reasoning is shown only where it can be told from
// the answer, that is on a terminal, which also gets no control characters; a file or pipe gets the answer as it is.
class AnswerPrinter {
public:
  AnswerPrinter(std::FILE* out, bool show_reasoning);

  void reasoning(const std::string& text);
  void content(const std::string& text);
  // Ends the line and any dimming.
  void end();

private:
  void print(const std::string& text);

  std::FILE* out_;
  bool terminal_;
  bool show_reasoning_;
  bool in_reasoning_ = false;
  char last_ = '\n';
};

struct Answer {
  std::string request;  // the mesh's name for it, as `shoal explain` takes it; empty until it was accepted
  std::string content;
  std::string reasoning_content;
  std::string finish_reason;
  Json usage = Json::object();
};

// {request, content, reasoning_content, finish_reason, usage}
Json to_json(const Answer& answer);

// Sends `request` (a SUBMIT without type and id) and prints what comes; with no printer nothing is printed. `answer`
// holds what came, also of a request that failed. `keep_going` is called at least every 50 ms; once it says no, the
// request is cancelled and the error is `cancelled`. Other errors are the mesh's own, or no_gateway.
Result<void> ask(Client& client, Json request, AnswerPrinter* printer, const std::function<bool()>& keep_going,
                 Answer& answer);

}  // namespace shoal::cli
