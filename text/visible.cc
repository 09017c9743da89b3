#include "text/visible.h"

#include "base/check.h"
#include "base/limits.h"
#include "base/utf8.h"

namespace shoal::text {
namespace {

constexpr std::string_view opening = "<think>";
constexpr std::string_view closing = "</think>";
constexpr std::string_view closing_line = "\n</think>";

}  // namespace

Result<void> check_stop_strings(std::span<const std::string> stop) {
  if (stop.size() > limits::stop_strings_max) {
    return Error{Code::invalid_request,
                 "stop: expected at most " + std::to_string(limits::stop_strings_max) + " strings"};
  }
  for (const std::string& one : stop) {
    if (one.empty() || one.size() > limits::stop_string_bytes_max || !is_utf8(one)) {
      return Error{Code::invalid_request, "stop: expected strings of 1 to " +
                                              std::to_string(limits::stop_string_bytes_max) + " bytes of UTF-8"};
    }
  }
  return {};
}

Visible::Visible(std::shared_ptr<const Tokenizer> tokenizer, VisibleParams params)
    : tokenizer_(std::move(tokenizer)),
      params_(std::make_shared<const VisibleParams>(std::move(params))),
      closing_({std::string(closing_line), std::string(closing)}),
      stops_(params_->stop_strings),
      stage_(params_->splits() ? Stage::opening : Stage::content),
      finish_(finished_by_ids(params_->finish, {})) {
  SHOAL_CHECK(tokenizer_);
}

Growth Visible::feed(std::span<const TokenId> ids) {
  Growth out;
  for (const TokenId id : ids) {
    if (finish_) break;
    take(id, out);
  }
  return out;
}

void Visible::take(TokenId id, Growth& out) {
  const auto finish = finished_by_id(params_->finish, id, ++position_);
  if (!(finish && finish->reason == FinishReason::stop) && is_visible(id)) {
    scratch_.clear();
    for (const char byte : tokenizer_->bytes(id)) utf8_.push(static_cast<std::uint8_t>(byte), scratch_);
    characters(scratch_, out);
  }
  if (finish && stage_ != Stage::stopped) flush(out);
  finish_ = stage_ == Stage::stopped ? Finish{FinishReason::stop, position_} : finish;
}

bool Visible::is_visible(TokenId id) const {
  if (!tokenizer_->is_special(id)) return true;
  return params_->splits() && (tokenizer_->bytes(id) == opening || tokenizer_->bytes(id) == closing);
}

void Visible::characters(std::string_view text, Growth& out) {
  for (const char byte : text) {
    if (stage_ == Stage::stopped) return;
    character(byte, out);
  }
}

void Visible::character(char byte, Growth& out) {
  if (stage_ == Stage::opening) return open(byte, out);
  if (stage_ == Stage::reasoning_start) {
    stage_ = Stage::reasoning;
    if (byte == '\n') return;
  }
  if (stage_ == Stage::reasoning) {
    if (closing_.push(byte, out.reasoning)) stage_ = Stage::content_start;
    return;
  }
  if (stage_ == Stage::content_start && byte == '\n') return;
  stage_ = stops_.push(byte, out.content) ? Stage::stopped : Stage::content;
}

void Visible::open(char byte, Growth& out) {
  if (byte != opening[opened_]) {
    leave_opening(out);
    return character(byte, out);
  }
  if (++opened_ == opening.size()) stage_ = Stage::reasoning_start;
}

// The output does not start with <think>: what looked like it is text.
void Visible::leave_opening(Growth& out) {
  stage_ = params_->starts_in_reasoning ? Stage::reasoning_start : Stage::content;
  characters(opening.substr(0, opened_), out);
}

void Visible::flush(Growth& out) {
  scratch_.clear();
  utf8_.flush(scratch_);
  characters(scratch_, out);
  if (stage_ == Stage::opening) leave_opening(out);
  if (stage_ == Stage::stopped) return;
  closing_.flush(out.reasoning);
  stops_.flush(out.content);
}

VisibleOutput visible_output(std::shared_ptr<const Tokenizer> tokenizer, VisibleParams params,
                             std::span<const TokenId> ids) {
  Visible visible(std::move(tokenizer), std::move(params));
  Growth all = visible.feed(ids);
  return {.reasoning = std::move(all.reasoning),
          .content = std::move(all.content),
          .position = visible.position(),
          .finish = visible.finish()};
}

}  // namespace shoal::text
