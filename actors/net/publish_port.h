// The publish port of a gateway: a PULL socket that takes requests which nobody waits for, and a PUB socket on which
// their answers go out under the client's name. It is read only as far as the service asked for; what comes beyond
// waits in the connections. Loop thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "actors/flow/wire.h"
#include "actors/net/zmtp/server.h"

namespace shoal::actors {

// Which connections want which topics: those that begin with what they subscribed to.
class Subscriptions {
public:
  // False: it has as many as it may.
  bool add(zmtp::ConnectionId who, const std::string& prefix);
  void remove(zmtp::ConnectionId who, const std::string& prefix);
  void remove(zmtp::ConnectionId who);

  // Each once.
  std::vector<zmtp::ConnectionId> of(const std::string& topic) const;

private:
  std::map<std::string, std::set<zmtp::ConnectionId>, std::less<>> by_prefix_;
  std::unordered_map<zmtp::ConnectionId, std::set<std::string>> by_connection_;
};

class PublishPort {
public:
  // Gets ClientReceived and Unwelcome, from within serve() and flush().
  using Deliver = std::function<void(WireEvent)>;

  explicit PublishPort(Deliver deliver) : deliver_(std::move(deliver)) {}

  // Binds both. Errors: bad_config, or io with the address.
  Result<void> open(const Address& requests, const Address& answers);

  bool is_open() const { return requests_.is_open(); }
  const std::string& bound() const { return requests_.bound(); }
  const std::string& answers_bound() const { return answers_.bound(); }

  // From now on frames may be taken until there were `until` in all; a smaller number than before is ignored.
  void take_until(std::uint64_t until);

  // Hands over at most `budget` requests.
  void serve(std::size_t budget, Time now);
  void flush(Time now);

  // To everybody who subscribed to `topic`; whoever is not there, or lags too far behind, does not get it.
  void publish(const std::string& topic, const std::string& frame);

  Source& requests() { return requests_; }
  Source& answers() { return answers_; }
  Time next_wake() const { return std::min(requests_.next_wake(), answers_.next_wake()); }
  void close(Time until);

private:
  struct Requests : zmtp::Listening {
    explicit Requests(PublishPort& its_port) : port(its_port) {}
    void on_message(zmtp::ConnectionId from, std::vector<std::string> frames) override;
    void on_ended(zmtp::ConnectionId, const std::string& why) override;
    PublishPort& port;
  };
  struct Answers : zmtp::Listening {
    explicit Answers(PublishPort& its_port) : port(its_port) {}
    void on_message(zmtp::ConnectionId, std::vector<std::string>) override {}
    void on_subscription(zmtp::ConnectionId who, bool on, std::string topic) override;
    void on_ended(zmtp::ConnectionId who, const std::string& why) override;
    PublishPort& port;
  };

  void take(zmtp::ConnectionId from, std::vector<std::string> frames);

  Deliver deliver_;
  Requests on_requests_{*this};
  Answers on_answers_{*this};
  zmtp::Server requests_;
  zmtp::Server answers_;
  Subscriptions subscriptions_;
  std::uint64_t taken_ = 0;
  std::uint64_t until_ = 0;
};

}  // namespace shoal::actors
