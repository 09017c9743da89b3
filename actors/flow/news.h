// The lines of the log that say who was lost, who joined and what told it: the same of every process. Pure.
#pragma once

#include <string>

#include "actors/core.h"

namespace shoal::actors {

// "peer=inference-host-00000000000000aa event=lost told_by=silence silent_ms=4500"
std::string lost_line(const protocol::Entry& peer, const LossCause& why);

// "peer=… event=joined address=tcp://…", or "peer=… event=back away_ms=…" of one that was lost in this life.
std::string joined_line(const protocol::Entry& peer, bool is_back, Duration away);

}  // namespace shoal::actors
