// The mesh that `shoal up` has planned, running: started, asked a first question, watched over until Ctrl-C. Lives on
// the main thread.
#pragma once

#include <functional>

#include "cli/up/up_plan.h"
#include "cli/up/up_voice.h"

namespace shoal::cli {

struct Manner {
  bool once = false;      // end after the first answer
  bool detached = false;  // nobody can end it by Ctrl-C
};

// Returns the exit code once all processes have ended. `is_up`, unless empty, is called when the first answer has come.
int run_mesh(const UpOptions& options, UpPlan plan, Manner manner, const UpVoice& voice,
             const std::function<void()>& is_up = {});

}  // namespace shoal::cli
