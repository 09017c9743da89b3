// The mesh that `shoal up` has planned, running: started, asked a first question, watched over until Ctrl-C. Lives on
// the main thread.
#pragma once

#include "cli/up_plan.h"
#include "cli/up_voice.h"

namespace shoal::cli {

// Returns the exit code once all processes have ended. With `once` they end after the first answer.
int run_mesh(const UpOptions& options, UpPlan plan, bool once, const UpVoice& voice);

}  // namespace shoal::cli
