#include "text/tokenizer/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <array>

#include <pcre2.h>

#include "base/check.h"

namespace shoal::text {
namespace {

std::string message_of(int error) {
  std::array<PCRE2_UCHAR, 256> text{};
  pcre2_get_error_message(error, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

PCRE2_SPTR units(std::string_view text) { return reinterpret_cast<PCRE2_SPTR>(text.data()); }

}  // namespace

void RegexFree::operator()(pcre2_real_code_8* code) const { pcre2_code_free(code); }
void RegexFree::operator()(pcre2_real_match_data_8* data) const { pcre2_match_data_free(data); }

Result<Regex> Regex::compile(std::string_view expression) {
  // Ruby's syntax: ^ and $ match at line ends too, and a line ends with \n whatever PCRE2 was built for.
  const std::unique_ptr<pcre2_compile_context, decltype(&pcre2_compile_context_free)> context(
      pcre2_compile_context_create(nullptr), pcre2_compile_context_free);
  SHOAL_CHECK(context);
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  int error = 0;
  PCRE2_SIZE offset = 0;
  std::unique_ptr<pcre2_code, RegexFree> code(pcre2_compile(
      units(expression), expression.size(), PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE, &error, &offset, context.get()));
  if (!code) {
    return Error{Code::bad_checkpoint,
                 "the expression is not valid at byte " + std::to_string(offset) + ": " + message_of(error)};
  }
  std::uint32_t matches_empty = 0;
  pcre2_pattern_info(code.get(), PCRE2_INFO_MATCHEMPTY, &matches_empty);
  if (matches_empty != 0) return Error{Code::bad_checkpoint, "the expression could match the empty text"};
  // Without executable memory PCRE2 interprets: slower, with the same matches.
  const bool compiled = pcre2_jit_compile(code.get(), PCRE2_JIT_COMPLETE) == 0;
  return Regex(std::move(code), compiled);
}

RegexScratch Regex::make_scratch() const {
  RegexScratch scratch(pcre2_match_data_create(1, nullptr));  // one pair: groups are not asked for
  SHOAL_CHECK(scratch);
  return scratch;
}

Result<std::optional<Match>> Regex::next(std::string_view subject, std::size_t from,
                                         const RegexScratch& scratch) const {
  int count = PCRE2_ERROR_JIT_STACKLIMIT;
  if (compiled_) {
    count = pcre2_jit_match(code_.get(), units(subject), subject.size(), from, 0, scratch.get(), nullptr);
  }
  if (count == PCRE2_ERROR_JIT_STACKLIMIT) {  // compiled code has a small stack; the interpreter takes the heap
    count = pcre2_match(code_.get(), units(subject), subject.size(), from, PCRE2_NO_JIT | PCRE2_NO_UTF_CHECK,
                        scratch.get(), nullptr);
  }
  if (count == PCRE2_ERROR_NOMATCH) return std::optional<Match>();
  if (count < 0) {
    return Error{Code::invalid_request,
                 "the text cannot be split into pieces: the expression gave up (" + message_of(count) + ")"};
  }
  const PCRE2_SIZE* borders = pcre2_get_ovector_pointer(scratch.get());
  return std::optional<Match>({borders[0], borders[1]});
}

}  // namespace shoal::text
