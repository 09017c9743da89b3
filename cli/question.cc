#include "cli/question.h"

#include <optional>
#include <unistd.h>
#include <utility>

namespace shoal::cli {
namespace {

constexpr const char* request_id = "1";

bool is_control(unsigned char byte) { return (byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f; }

// The outcome, if `message` ends the request.
std::optional<Result<void>> take(const Json& message, Answer& answer, AnswerPrinter* printer) {
  const std::string type = text_field(message, "type");
  if (text_field(message, "id") != request_id) {
    // An ERROR without an id says that the gateway could not read what was sent.
    if (type == "ERROR" && text_field(message, "id").empty()) return Result<void>(error_of(message));
    return std::nullopt;
  }
  if (type == "ACCEPTED") {
    answer.request = text_field(message, "request");
  } else if (type == "DELTA") {
    const std::string reasoning = text_field(message, "reasoning_content");
    const std::string content = text_field(message, "content");
    answer.reasoning_content += reasoning;
    answer.content += content;
    if (printer == nullptr) return std::nullopt;
    printer->reasoning(reasoning);
    printer->content(content);
  } else if (type == "DONE") {
    answer.finish_reason = text_field(message, "finish_reason");
    if (const auto usage = message.find("usage"); usage != message.end() && usage->is_object()) {
      answer.usage = *usage;
    }
    return Result<void>();
  } else if (type == "ERROR") {
    return Result<void>(error_of(message));
  }
  return std::nullopt;
}

}  // namespace

AnswerPrinter::AnswerPrinter(std::FILE* out, bool show_reasoning)
    : out_(out), terminal_(isatty(fileno(out)) == 1), show_reasoning_(show_reasoning && terminal_) {}

void AnswerPrinter::reasoning(const std::string& text) {
  if (text.empty() || !show_reasoning_) return;
  if (!in_reasoning_) std::fputs("\033[2m", out_);
  in_reasoning_ = true;
  print(text);
}

void AnswerPrinter::content(const std::string& text) {
  if (text.empty()) return;
  if (in_reasoning_) {
    std::fputs(last_ == '\n' ? "\033[0m" : "\033[0m\n", out_);
    in_reasoning_ = false;
  }
  print(text);
}

void AnswerPrinter::end() {
  if (in_reasoning_) std::fputs("\033[0m", out_);
  if (last_ != '\n') std::fputc('\n', out_);
  std::fflush(out_);
  in_reasoning_ = false;
  last_ = '\n';
}

void AnswerPrinter::print(const std::string& text) {
  for (const char c : text) {
    if (terminal_ && is_control(static_cast<unsigned char>(c))) continue;
    std::fputc(c, out_);
    last_ = c;
  }
  std::fflush(out_);
}

Json to_json(const Answer& answer) {
  return {{"request", answer.request},
          {"content", answer.content},
          {"reasoning_content", answer.reasoning_content},
          {"finish_reason", answer.finish_reason},
          {"usage", answer.usage}};
}

Result<void> ask(Client& client, Json request, AnswerPrinter* printer, const std::function<bool()>& keep_going,
                 Answer& answer) {
  request["type"] = "SUBMIT";
  request["id"] = request_id;
  request["stream"] = true;
  SHOAL_TRY(client.send(request));
  while (keep_going()) {
    auto message = client.receive(milliseconds(50));
    if (!message) return std::move(message).error();
    if (!message->has_value()) continue;
    if (auto outcome = take(**message, answer, printer)) return *std::move(outcome);
  }
  SHOAL_TRY(client.send({{"type", "CANCEL"}, {"id", request_id}}));
  return Error{Code::cancelled, "the question was cancelled"};
}

}  // namespace shoal::cli
