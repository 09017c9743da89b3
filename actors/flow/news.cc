#include "actors/flow/news.h"

#include "actors/flow/wire.h"
#include "base/key_values.h"

namespace shoal::actors {
namespace {

std::string name_of(const protocol::Entry& peer) {
  return "peer=" + quoted_value(make_routing_id(peer.kind, peer.node, peer.epoch));
}

}  // namespace

std::string lost_line(const protocol::Entry& peer, const LossCause& why) {
  std::string line = name_of(peer) + " event=lost told_by=" + why.told_by;
  if (why.silent_ms != 0) line += " silent_ms=" + std::to_string(why.silent_ms);
  return line;
}

std::string joined_line(const protocol::Entry& peer, bool is_back, Duration away) {
  if (is_back) return name_of(peer) + " event=back away_ms=" + std::to_string(away / milliseconds(1));
  return name_of(peer) + " event=joined address=" + quoted_value(peer.address);
}

}  // namespace shoal::actors
