// A link that this process dialled: one DEALER for messages, and a second one, opened when first needed, for those so
// large that they would hold up the others. When one of the two breaks, or nobody answers at the address, what was in
// it is lost and so the link is: both are closed, and dialled anew by new sockets under a new name. No socket of it
// outlives its connection, so nothing waits for the peer's next life. Loop thread.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "actors/net/address.h"
#include "actors/net/lane.h"
#include "actors/net/monitor.h"
#include "actors/net/socket.h"
#include "base/time.h"
#include "protocol/codec.h"

namespace shoal::actors {

inline std::size_t bytes_of(const protocol::Frames& frames) {
  std::size_t bytes = 0;
  for (const std::string& frame : frames) bytes += frame.size();
  return bytes;
}

class Link {
public:
  using Changed = std::function<void(bool up)>;
  using Got = std::function<void(const Incoming&)>;
  // A source whose news to wait for, and whether it carries messages: those of a congested process wait.
  using Wait = std::function<void(Source& source, bool messages)>;

  // `process` is the routing id of this process. Errors: bad_config and io, of an address that nobody could dial.
  static Result<std::unique_ptr<Link>> dial(Context& context, const std::string& address, const std::string& process);

  // False: the message is lost, because the link is not up or its peer does not read; a link that was up is broken now.
  bool send(protocol::Frames frames);

  // Whether its end, once it comes, is still to be told by serve().
  bool is_up() const { return plain_ && plain_->up; }

  // Hands over what happened and at most `budget` messages of each lane, in order. `changed(false)` comes after the
  // last message that was read, and again for every attempt that fails.
  void serve(std::size_t budget, Time now, const Changed& changed, const Got& got);

  // What the loop waits for, and until when at the latest.
  void each_wait(const Wait& visit);
  Time next_wake() const { return redial_at_; }

  // Ends it after sending what is in it for at most `linger_ms`, in the background.
  void hang_up(int linger_ms);

private:
  struct Dealer {
    Socket socket;
    Monitor monitor;
    bool up = false;

    void close(int linger_ms);
    ~Dealer() { close(0); }
  };

  Link(Context& context, Address address, std::string process)
      : context_(context), address_(std::move(address)), process_(std::move(process)) {}

  Result<std::unique_ptr<Dealer>> open(bool bulk);
  Result<void> redial();
  bool send_bulk(protocol::Frames frames);
  void flush_bulk();
  void break_off();
  void watch(const Changed& changed);
  bool read(Dealer* dealer, std::size_t budget, const Got& got);

  Context& context_;
  const Address address_;
  const std::string process_;
  std::uint64_t number_ = 0;
  std::unique_ptr<Dealer> plain_;
  std::unique_ptr<Dealer> bulk_;
  std::deque<protocol::Frames> bulk_waiting_;  // until the bulk lane takes them
  std::size_t bulk_waiting_bytes_ = 0;
  bool broken_ = false;
  int broken_turns_ = 0;
  Time redial_at_ = time_never;
  Duration patience_;  // until the next dial
  Incoming incoming_;
};

}  // namespace shoal::actors
