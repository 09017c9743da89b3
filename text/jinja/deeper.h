// How deeply a rendering is inside itself. Past the bound it has failed.
#pragma once

#include "base/limits.h"
#include "text/jinja/run.h"

namespace shoal::text::jinja {

class Run::Deeper {
public:
  explicit Deeper(Run& run) : run_(run) {
    if (++run_.depth_ > limits::render_calls_max) run_.fail("the template calls itself too deeply");
  }
  ~Deeper() { --run_.depth_; }
  Deeper(const Deeper&) = delete;
  Deeper& operator=(const Deeper&) = delete;

private:
  Run& run_;
};

}  // namespace shoal::text::jinja
