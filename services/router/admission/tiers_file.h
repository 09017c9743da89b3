// Reads the tiers of a router from a file. Used once, at the start of the process.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "services/router/admission/tiers.h"

namespace shoal::router {

// `text` is JSON, {"priority_levels": [{"name": "VIP", "max_concurrency": 32, "timeout": 500}, …]}, or the same as TOML
// ([[priority_levels]] tables). Names are those of tiers, in upper or lower case; `timeout` is in ms; a level or key
// that is left out keeps its default. Fails with bad_config for whatever is unknown, given twice, of the wrong type or
// out of range; the error names `file`, the key, what was expected, and the nearest known name.
Result<Tiers> parse_tiers(std::string_view text, const std::string& file);

// The same, of a file of at most a megabyte.
Result<Tiers> read_tiers(const std::string& path);

}  // namespace shoal::router
