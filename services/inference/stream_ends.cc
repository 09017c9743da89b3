// How a stream ends here before it is finished: its owner or relay is lost, or this process is about to end.

#include <string>
#include <utility>
#include <vector>

#include "services/inference/inference_core.h"

namespace shoal::inference {

using actors::Effects;
using protocol::make_message;

// An owner may only have been silent for a while: it is told too, so that it does not wait for what is dropped here.
void InferenceCore::on_peer_lost(Epoch epoch, Time now, Effects& out) {
  std::vector<StreamId> touched;
  for (const auto& [stream, running] : running_) {
    if (running.owner == epoch || running.relay == epoch) touched.push_back(stream);
  }
  for (const StreamId& stream : touched) {
    const Running& running = running_.at(stream);
    const std::string kind = running.owner == epoch ? "gateway" : "postprocess";
    fail(stream, {Code::peer_lost, "the executor heard nothing of this stream's " + kind}, true, now, out,
         running.owner == epoch ? 0 : running.relay);
  }
}

// What is not finished goes on elsewhere: its owner has all that it takes.
void InferenceCore::on_drain_over(Time now, Effects& out) {
  std::vector<StreamId> left;
  for (const auto& [stream, running] : running_) left.push_back(stream);
  for (const StreamId& stream : left) {
    fail(stream, {Code::draining, "the executor ends before this stream does"}, true, now, out);
  }
}

void InferenceCore::fail(const StreamId& stream, const Error& error, bool retryable, Time now, Effects& out,
                         Epoch blame) {
  const auto known = running_.find(stream);
  if (known == running_.end()) return;
  out.count("streams_failed");
  out.send(known->second.owner,
           make_message(protocol::Failed{error.code, error.text, retryable, blame}, known->second.head(now)));
  drop(stream, out);
}

void InferenceCore::drop(const StreamId& stream, Effects& out) {
  const auto known = running_.find(stream);
  if (known == running_.end()) return;
  out.engine_command(Command(CancelWork{stream, known->second.attempt}));
  forget(stream, out);
}

}  // namespace shoal::inference
