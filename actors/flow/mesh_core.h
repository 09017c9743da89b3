// What every process does to be part of the mesh, whatever its service: HELLO on every link, LOAD to every router, the
// directory that routers send, and the way to each peer. The service core sits inside and sees peers by epoch only.
// Pure, like every core. Lives where the service actor lives; not thread-safe.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "actors/core.h"
#include "actors/flow/awake.h"
#include "actors/flow/wire.h"

namespace shoal::actors {

class MeshCore {
public:
  struct Config {
    protocol::Entry self;
    std::string bound;  // where the inbox is bound
  };

  MeshCore(Config config, std::unique_ptr<Core> service);

  void on(WireEvent event, Time now, WireEffects& out);
  Time next_wake() const;

  const protocol::Entry& self() const { return config_.self; }

  // Who is listed by a router and not suspected here: what the service was told.
  const std::map<Epoch, protocol::Entry>& alive() const { return alive_; }

  Core& service() { return *service_; }

  // Whether at least one router sent its table; a router needs no other.
  bool joined() const { return config_.self.kind == "router" || hears_router(); }

  // Whether a process that was asked to end may do so: its service owes nothing, or was told that its time is over.
  bool drained() const { return drained_; }

private:
  struct Link {
    bool up = false;
    bool seed = false;
    Epoch epoch = 0;                        // known from the directory or WELCOME
    Time dialled;                           // this time and those below are awake time
    Time heard;                             // when something came last, or it came up
    Time asked = time_never;                // by a PING since, and nothing came
    std::size_t bytes_since = 0;            // sent since it was heard
    std::deque<protocol::Message> waiting;  // until the link is up; past a bound the link counts as broken
    std::size_t waiting_bytes = 0;
  };
  // What one router says is alive.
  struct View {
    bool welcomed = false;     // it takes LOAD
    bool known = false;        // its table came
    Time asked = Time::min();  // a change was missed, and HELLO asked for the table
    std::uint64_t sequence = 0;
    std::map<Epoch, protocol::Entry> entries;

    bool linked() const { return welcomed && known; }
  };

  void on_started(WireEffects& out);
  void on_link_up(const std::string& address, WireEffects& out);
  void lose_link(const Route& route, const LossCause& why, Time now, WireEffects& out);
  void on_arrived(Arrived arrived, Time now, WireEffects& out);
  void on_hello(const Arrived& arrived, const protocol::Hello& hello, Time now, WireEffects& out);
  void on_welcome(const Arrived& arrived, const protocol::Welcome& welcome, Time now, WireEffects& out);
  void on_reset(const Arrived& arrived, const protocol::Reset& reset, WireEffects& out);
  void ask_who(const Route& from, WireEffects& out);
  void on_garbled(const Garbled& garbled, WireEffects& out);
  void on_strayed(const Strayed& strayed, WireEffects& out);
  void on_directory(Epoch router, const protocol::Directory& directory, Time now, WireEffects& out);
  void on_seeds(const std::vector<std::string>& addresses, WireEffects& out);
  void on_drain(Time until, Time now, WireEffects& out);
  void end_drain(Time now, WireEffects& out);
  void heed_debts(Time now);
  void on_stopping(WireEffects& out);
  void on_tick(Time now, WireEffects& out);
  void end_suspicions(Time now, WireEffects& out);

  void send(Epoch to, protocol::Message message, const std::string& address, WireEffects& out);
  void queue(const std::string& address, Link& link, protocol::Message message);
  void dial(const std::string& address, WireEffects& out);
  void dial_strangers(WireEffects& out);
  void assign(Link& link, const std::string& address, Epoch epoch);
  void unassign(Link& link, const std::string& address);
  void forget_router(Epoch epoch);
  void heed_views(bool heard_router, Time now, WireEffects& out);
  void settle(Time now, WireEffects& out);
  void say_hello(const Route& route, WireEffects& out);
  protocol::Message hello() const;
  void advertise(std::vector<protocol::Label> labels, Time now, WireEffects& out);
  void announce_self(Time now, WireEffects& out);
  void report_load(Time now, WireEffects& out);
  void lose(Epoch epoch, const LossCause& why, Time now, WireEffects& out);
  void merge_views(Time now, WireEffects& out);
  void set_alive(const protocol::Entry& entry, Time now, WireEffects& out);
  void set_dead(Epoch epoch, const LossCause& why, Time now, WireEffects& out);
  void note_alive(const protocol::Entry& entry, Time now, WireEffects& out);
  void heard(const Route& route);
  void ask_the_silent(Time now, WireEffects& out);
  void post_to_link(const std::string& address, Link& link, protocol::Message message, WireEffects& out);
  void serve(Event event, Time now, WireEffects& out);
  Epoch sender(const Route& route) const;
  bool hears_router() const;
  bool is_vouched_for(Epoch epoch) const;

  // For a seed to turn out to be a listed router, before that is dialled.
  static constexpr Duration seed_wait = milliseconds(2000);

  Config config_;
  std::unique_ptr<Core> service_;
  std::map<std::string, Link> links_;           // dialled, by address
  std::map<Epoch, std::string> dialled_;        // epoch → address of its link; links_ has that link, with this epoch
  std::map<Epoch, std::string> incoming_;       // epoch → routing id
  std::map<std::string, std::string> greeted_;  // routing ids that said HELLO → where their clients go, for gateways
  std::map<std::string, Time> asked_;           // routing ids that were asked to, and when
  std::set<Route> told_;                        // who sent garbage and heard so
  std::set<std::string> own_addresses_;         // seeds that turned out to be this process
  std::map<Epoch, View> views_;                 // by router
  std::map<Epoch, protocol::Entry> last_word_;  // what was listed when the last router was lost,
  Time last_word_until_ = time_never;           // kept until those that are alive have said HELLO to its successor
  std::map<Epoch, protocol::Entry> listed_;     // union of the views and the last word
  std::map<Epoch, protocol::Entry> alive_;      // listed and not suspected: what the service was told
  std::map<Epoch, Time> suspects_;              // link broke: not before this time again
  std::map<Epoch, Time> lost_;                  // when; to say so if they come back
  std::map<Epoch, Time> strangers_;             // routers that no seed stands for: dialled at this time
  std::deque<std::string> overfull_;            // links to be given up when this event is done
  std::deque<Epoch> replaced_;                  // whose address answers under another epoch; lost likewise
  Awake awake_;                                 // by which everybody here is judged
  std::uint64_t pings_ = 0;
  Measured measured_;
  Time drains_until_ = time_never;
  Time ends_at_ = time_never;  // nothing is owed any more, and what was said last has been heard by then
  bool draining_ = false;
  bool drain_over_ = false;
  bool owed_ = false;  // since it drains
  bool drained_ = false;
  Time next_load_;
  Time last_load_;
  std::uint64_t load_sequence_ = 0;
};

}  // namespace shoal::actors
