// The tokens of a template's source, with white space around tags trimmed as transformers asks Jinja for it: a newline
// after a block tag is dropped (trim_blocks), as is the space before one that begins its line (lstrip_blocks). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace shoal::text::jinja {

struct Token {
  enum class Kind : std::uint8_t {
    text,          // between tags
    output_begin,  // {{
    output_end,
    block_begin,  // {%
    block_end,
    name,
    string,  // without quotes, escapes resolved
    integer,
    real,
    symbol,  // operators, brackets, commas
    end,     // of the source; the last token
  };

  Kind kind = Kind::end;
  std::uint32_t line = 1;  // counted from 1
  std::string text = {};
};

// Errors (bad_checkpoint) begin with "line N: ".
Result<std::vector<Token>> tokenize(std::string_view source);

Error at_line(std::uint32_t line, std::string_view what);

}  // namespace shoal::text::jinja
