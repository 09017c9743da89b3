// How deeply the parser calls itself: past the bound the source has failed, and every loop of the parser ends.
#pragma once

#include "base/limits.h"
#include "text/jinja/parser.h"

namespace shoal::text::jinja {

class Parser::Nesting {
public:
  explicit Nesting(Parser& parser) : parser_(parser) {
    if (++parser_.nesting_ > limits::template_depth_max) parser_.fail(parser_.peek().line, "it is nested too deeply");
  }
  ~Nesting() { --parser_.nesting_; }
  Nesting(const Nesting&) = delete;
  Nesting& operator=(const Nesting&) = delete;

private:
  Parser& parser_;
};

}  // namespace shoal::text::jinja
