// Clients that do not read as fast as their answers come, and those that are gone. A slow one's streams get no more
// credit until it has caught up; one that takes nothing for long hears that they ended.

#include <vector>

#include "base/utf8.h"
#include "services/gateway/gateway_core.h"

namespace shoal::gateway {

using actors::ClientId;
using actors::Effects;

// Of everybody on that connection.
std::vector<RequestId> GatewayCore::requests_of(const std::string& routing_id) const {
  std::vector<RequestId> requests;
  auto own = by_client_.lower_bound({ClientId{routing_id}, ""});
  for (; own != by_client_.end() && own->first.first.routing_id == routing_id; ++own) {
    if (!own->first.first.published) requests.push_back(own->second);
  }
  return requests;
}

void GatewayCore::on_client_slow(const std::string& routing_id, bool slow, Time now, Effects& out) {
  if (slow) {
    slow_.insert(routing_id);
  } else {
    slow_.erase(routing_id);
  }
  out.count(slow ? "clients_slow" : "clients_caught_up");
  for (const RequestId& request : requests_of(routing_id)) {
    Stream& stream = streams_.at(request);
    stream.client_slow = slow;
    if (!slow) grant(stream, now, out);
  }
}

void GatewayCore::on_client_stalled(const std::string& routing_id, Time now, Effects& out) {
  const auto requests = requests_of(routing_id);
  if (requests.empty()) return;
  out.count("clients_stalled");
  out.note(actors::Note::Level::warning, "client=" + printable(routing_id) + " event=stalled ended=" +
                                             std::to_string(requests.size()) + " what waits for it is kept");
  const Error error{Code::client_stalled,
                    "more than " + std::to_string(limits::client_slow_bytes >> 20) +
                        " MiB waited for this client and it took nothing; read answers as they come, or ask for fewer "
                        "at a time, or with a window"};
  for (const RequestId& request : requests) {
    Stream& stream = streams_.at(request);
    if (!stream.streamed) continue;  // its answer is one message, and waits for nobody
    fail(stream, error, 0, now, out);
  }
}

void GatewayCore::on_client_gone(const actors::ClientGone& gone, Time now, Effects& out) {
  slow_.erase(gone.routing_id);
  if (!gone.why.empty()) {
    out.note(actors::Note::Level::warning,
             "client=" + printable(gone.routing_id) + " event=cut off why=\"" + printable(gone.why, 256) + "\"");
  }
  if (calls_.servers().remove(gone.routing_id)) advertise(out);
  settle(calls_.on_client_gone(gone.routing_id), now, out);
  for (const RequestId& request : requests_of(gone.routing_id)) {
    Stream& stream = streams_.at(request);
    tell_holders_to_stop(stream, now, out);
    out.count("requests_abandoned");
    forget(stream);
  }
  std::erase_if(terminals_, [&](const Terminal& terminal) {
    const ClientId& client = terminal.key.first;
    if (client.published || client.routing_id != gone.routing_id) return false;
    terminals_bytes_ -= terminal.frame.size();
    return true;
  });
}

}  // namespace shoal::gateway
