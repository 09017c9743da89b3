// A service core: the pure heart of a process. Events go in, effects come out; it has no CAF, no ZeroMQ, no clock, no
// thread and no random device, so the same object runs under the actor in production, in the simulator under virtual
// time, in a fuzzer and in a replay. Not thread-safe: one event at a time.
#pragma once

#include <any>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/shared_text.h"
#include "base/time.h"
#include "protocol/messages.h"

namespace shoal::actors {

// One connection of a client to a gateway's edge, or the subscribers of one client on the answers' PUB socket. Opaque
// to cores: they keep it and hand it back.
struct ClientId {
  std::string routing_id;     // published: the topic
  bool enveloped = false;     // a REQ socket, perhaps behind others: exactly one reply may be sent
  bool published = false;     // answers go out on the PUB socket, to whoever listens
  std::string envelope = {};  // goes before every answer, as it came: several clients may share a connection

  auto operator<=>(const ClientId&) const = default;
};

// ---- events

struct Started {};
struct Received {  // a message of the mesh; the epoch is what the sender's routing id claims
  Epoch from = 0;
  protocol::Message message;
};
struct PeerUp {  // the directory lists it (again), or its link is back
  protocol::Entry peer;
};
// What told that a peer is lost.
struct LossCause {
  const char* told_by = "socket";  // or "bye", "silence", "directory", "successor", "congestion"
  std::uint64_t silent_ms = 0;     // of silence
};
struct PeerDown {  // no router lists it any more, it said BYE, or its link broke
  protocol::Entry peer;
};
struct LinkLost {  // a link to or from this process broke; comes before PeerDown, also for a peer that was never up
  Epoch epoch = 0;
  LossCause why = {};
};
struct ClientReceived {  // one frame of a client, as it came; from the publish port with a client that is only that
  ClientId client;
  SharedText frame;
  std::shared_ptr<void> in_hand = {};  // while a copy of the event lives, the connection has this frame in hand
};
struct ClientGone {  // and everybody on that connection
  std::string routing_id;
  std::string why = {};  // empty: it left
};
struct ClientSlow {  // answers wait for it because it does not read them as fast as they come; or no longer
  std::string routing_id;
  bool slow = true;
};
struct ClientStalled {  // it is slow, and for limits::client_stalled_ms has taken nothing
  std::string routing_id;
};
struct Reported {  // by a job or the engine thread of this process
  std::any value;
};
struct Tick {};       // next_wake() has come
struct Draining {};   // the process is about to end: nothing new is taken, what is owed is done while there is time
struct DrainOver {};  // that time is over: whoever still waits is told
using Event = std::variant<Started, Received, PeerUp, PeerDown, LinkLost, ClientReceived, ClientGone, ClientSlow,
                           ClientStalled, Reported, Tick, Draining, DrainOver>;

// ---- effects

struct Send {
  Epoch to = 0;
  protocol::Message message;
  std::string address = {};  // where it listens, for a peer that the directory may not list here yet
};
struct ReplyClient {
  ClientId client;
  std::string frame;
};
struct StartJob {  // runs on a worker thread; its value comes back as Reported
  std::function<std::any()> work;
  bool brief = false;  // over before a worker would have begun with it: runs where the core does
};
struct EngineCommand {  // handed to the engine thread in order
  std::any command;
};
struct Count {  // adds to a counter; the name is a literal
  const char* name = "";
  std::uint64_t by = 1;
};
struct Note {  // one line of the log, key=value, request first
  enum class Level : std::uint8_t { debug, info, warning, error } level = Level::info;
  std::string text;
};
struct ReportLoad {};  // LOAD goes to the routers now, or as soon as load_gap_ms have passed since the last one
struct Advertise {     // from now on the directory lists this process with these labels; replaces all that it had
  std::vector<protocol::Label> labels;
};
struct TakePublished {  // the publish port may hand over frames until this many came in all; fewer than before: ignored
  std::uint64_t until = 0;
};
using Effect =
    std::variant<Send, ReplyClient, StartJob, EngineCommand, Count, Note, ReportLoad, Advertise, TakePublished>;

// What a core wants done, in order.
class Effects {
public:
  void send(Epoch to, protocol::Message message, std::string address = {}) {
    list_.emplace_back(Send{to, std::move(message), std::move(address)});
  }
  void reply_client(const ClientId& client, std::string frame) {
    list_.emplace_back(ReplyClient{client, std::move(frame)});
  }
  void start_job(std::function<std::any()> work, bool brief = false) {
    list_.emplace_back(StartJob{std::move(work), brief});
  }
  void engine_command(std::any command) { list_.emplace_back(EngineCommand{std::move(command)}); }
  void count(const char* name, std::uint64_t by = 1) { list_.emplace_back(Count{name, by}); }
  void note(Note::Level level, std::string text) { list_.emplace_back(Note{level, std::move(text)}); }
  void report_load() { list_.emplace_back(ReportLoad{}); }
  void advertise(std::vector<protocol::Label> labels) { list_.emplace_back(Advertise{std::move(labels)}); }
  void take_published(std::uint64_t until) { list_.emplace_back(TakePublished{until}); }

  // Empties the list.
  std::vector<Effect> take() { return std::exchange(list_, {}); }

private:
  std::vector<Effect> list_;
};

class Core {
public:
  virtual ~Core() = default;

  // The event is the core's own: what is large in it is moved on, not copied.
  virtual void on(Event event, Time now, Effects& out) = 0;

  // When the core wants a Tick at the latest; asked after every event. Timers are this one number, because a time that
  // is asked for again needs no cancelling.
  virtual Time next_wake() const { return time_never; }

  // Whether somebody waits for something that this process has taken on. One that drains ends when nobody does.
  virtual bool owes() const { return false; }

  // Adds what this service knows to the report that goes to `router`.
  virtual void fill_load(protocol::LoadReport&, [[maybe_unused]] Epoch router, [[maybe_unused]] Time now) {}
};

}  // namespace shoal::actors
