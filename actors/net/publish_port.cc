#include "actors/net/publish_port.h"

#include <utility>

#include "actors/net/bound_router.h"
#include "actors/net/options.h"
#include "protocol/edge.h"

namespace shoal::actors {

Result<void> PublishPort::open(Context& context, const Address& requests, const Address& answers) {
  requests_ = Socket(context, ZMQ_PULL);
  set_publish_options(requests_, requests);
  auto bound = bind(requests_, requests);
  SHOAL_TRY(bound);
  bound_ = *std::move(bound);
  answers_ = Socket(context, ZMQ_PUB);
  set_answers_options(answers_, answers);
  auto answers_bound = bind(answers_, answers);
  SHOAL_TRY(answers_bound);
  answers_bound_ = *std::move(answers_bound);
  return {};
}

void PublishPort::serve(std::size_t budget, const Got& got) {
  if (!is_open()) return;
  answers_.look();  // who subscribed
  for (std::size_t n = 0; n < budget && taken_ < until_ && requests_.receive(incoming_); ++n) {
    if (incoming_.overlong || incoming_.count != 1) {
      publish("",
              protocol::edge::error("", {Code::malformed, "a published request is one frame with one msgpack map"}));
      continue;
    }
    ++taken_;
    got(std::string(incoming_.views[0]));
  }
}

void PublishPort::publish(const std::string& topic, const std::string& frame) {
  if (!is_open()) return;
  std::string frames[] = {topic, frame};
  answers_.send(frames);
}

void PublishPort::each_wait(const Link::Wait& visit) {
  if (!is_open()) return;
  visit(answers_, false);
  if (taken_ < until_) visit(requests_, true);
}

void PublishPort::close(int linger_ms) {
  if (!is_open()) return;
  requests_.close(0);
  answers_.close(linger_ms);
}

}  // namespace shoal::actors
