// Runs this process as an inference process of the mesh.
#pragma once

#include "services/inference/config.h"

namespace shoal::services {

// Blocks until SIGTERM or SIGINT; returns the exit code. What cannot be served is said on stderr, with code and advice.
// 71 after the device was lost.
int run_inference(const InferenceConfig& config);

}  // namespace shoal::services
