// The publish port of a gateway: a PULL socket that takes requests which nobody waits for, and a PUB socket on which
// their answers go out under the client's name. It is read only as far as the service asked for; what comes beyond
// waits in the sockets. Loop thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>

#include "actors/net/address.h"
#include "actors/net/link.h"
#include "actors/net/socket.h"

namespace shoal::actors {

class PublishPort {
public:
  using Got = std::function<void(std::string frame)>;

  // Binds both. Errors: bad_config, or io with the address.
  Result<void> open(Context& context, const Address& requests, const Address& answers);

  bool is_open() const { return requests_.is_open(); }
  const std::string& bound() const { return bound_; }
  const std::string& answers_bound() const { return answers_bound_; }

  // From now on frames may be taken until there were `until` in all; a smaller number than before is ignored.
  void take_until(std::uint64_t until) { until_ = std::max(until_, until); }

  // Hands over at most `budget` requests.
  void serve(std::size_t budget, const Got& got);

  // To everybody who subscribed to `topic`; whoever is not there, or lags too far behind, does not get it.
  void publish(const std::string& topic, const std::string& frame);

  void each_wait(const Link::Wait& visit);
  void close(int linger_ms);

private:
  Socket requests_;
  Socket answers_;
  std::string bound_;
  std::string answers_bound_;
  std::uint64_t taken_ = 0;
  std::uint64_t until_ = 0;
  Incoming incoming_;
};

}  // namespace shoal::actors
