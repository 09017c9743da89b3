// The processes of a mesh as STATUS lists them: counting them and showing them to people. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/client.h"
#include "cli/status/rates.h"

namespace shoal::cli {

// The kinds in the order in which a request meets them.
inline constexpr const char* kinds[] = {"gateway", "preprocess", "router", "inference", "postprocess"};

std::size_t count_kind(const Json& processes, const std::string& kind);

// A table with one line a process, sorted by kind and address, ending in a newline; with rates also tokens per second.
// A kind that clients serve has a line for each gateway where one does. Of the columns as many as fit into `width`,
// those first that tell most; all of them for 0.
std::string process_table(const Json& processes, const Rates* rates = nullptr, std::size_t width = 0);

// A table with one line a tier: requests that routers queue, streams that inference processes run and let wait.
std::string tier_table(const Json& processes);

// Columns filled with spaces to equal width, two between columns, no trailing spaces; the first row is the head.
std::string make_table(const std::vector<std::vector<std::string>>& rows);

}  // namespace shoal::cli
