// On which executor a request is placed, by what this router's directory knows. Pure.
#pragma once

#include "base/result.h"
#include "services/router/directory.h"

namespace shoal::router {

// The executor for this request; null if none that may serve it has a free slot.
Row* choose(Directory& directory, const protocol::Place& place, Time now);

// Fails if no living executor could ever serve this request; the error names what is missing.
Result<void> check_compatible(const Directory& directory, const protocol::Place& place);

}  // namespace shoal::router
