// One compiled regular expression (PCRE2, UTF and UCP, just-in-time compiled where the machine allows it). Immutable
// and shared by all threads; what a match writes lives in a RegexScratch of the caller.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

struct pcre2_real_code_8;
struct pcre2_real_match_data_8;

namespace shoal::text {

struct RegexFree {
  void operator()(pcre2_real_code_8* code) const;
  void operator()(pcre2_real_match_data_8* data) const;
};

// Where matches of one expression are written. One for each thread that matches; cheap to make.
using RegexScratch = std::unique_ptr<pcre2_real_match_data_8, RegexFree>;

struct Match {
  std::size_t begin = 0;  // bytes
  std::size_t end = 0;    // bytes; > begin
};

class Regex {
public:
  // `expression` is PCRE2's dialect (expression.h makes it). Errors (bad_checkpoint): what PCRE2 rejects and
  // where, and expressions that could match the empty text.
  static Result<Regex> compile(std::string_view expression);

  RegexScratch make_scratch() const;

  // The first match that begins at byte `from` or later; nothing if there is none. `subject` is well-formed UTF-8 as a
  // whole and `from` the beginning of a code point: neither is checked here, since a check at every match would make
  // one pass over a text quadratic. ^, $ and lookaheads see the borders of `subject`. An error says that PCRE2 gave up.
  Result<std::optional<Match>> next(std::string_view subject, std::size_t from, const RegexScratch& scratch) const;

private:
  Regex(std::shared_ptr<const pcre2_real_code_8> code, bool compiled) : code_(std::move(code)), compiled_(compiled) {}

  std::shared_ptr<const pcre2_real_code_8> code_;  // copies share it
  bool compiled_;                                  // to machine code
};

}  // namespace shoal::text
