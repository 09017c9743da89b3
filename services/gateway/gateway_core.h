// The owner of streams: takes requests from clients, has them prepared, placed and generated, and hands their text
// back. Every timeout and retry of a request stands here. Pure; lives with its actor; not thread-safe.
#pragma once

#include <any>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "actors/core.h"
#include "actors/flow/peers.h"
#include "actors/flow/timers.h"
#include "base/limits.h"
#include "base/random.h"
#include "protocol/stage.h"
#include "services/drain_rate.h"
#include "services/gateway/calls.h"
#include "services/gateway/pipeline.h"
#include "services/gateway/stream.h"

namespace shoal::gateway {

inline constexpr std::uint32_t retry_after_ms = 1000;
inline constexpr std::uint32_t retry_ms_min = 100;  // of what is measured
inline constexpr std::uint32_t retry_ms_max = 60'000;

// Of a CALL: 0 unless the same one may succeed later.
inline std::uint32_t retry_after(Code code) {
  const bool passes = code == Code::busy || code == Code::no_service || code == Code::peer_lost ||
                      code == Code::timeout || code == Code::draining;
  return passes ? retry_after_ms : 0;
}

// Nobody is there for what every request needs.
inline Error nobody_alive(Code code, const std::string& kind) {
  return {code, "no " + kind + " process is alive; start one, then send the request again"};
}

inline constexpr std::uint32_t stage_tries_max = 3;  // of one stage, whose processes were lost one after the other

// A stage gave no verdict: it `answered` what cannot be used, or its CALL ended with this error.
Error why_down(const Stage& stage, bool answered, const Error& error);

inline Error duplicate_id(const std::string& id) {
  return {Code::duplicate_id,
          "a live request of this connection has the id \"" + id + "\" already; wait for its end or choose another id"};
}

class GatewayCore : public actors::Core {
public:
  struct Config {
    Epoch epoch = 0;         // of this process
    std::uint64_t seed = 0;  // request ids and default sampling seeds are drawn from it: 64 random bits in production
    std::uint32_t streams_max = limits::streams_max;
    std::size_t bytes_max = limits::journals_bytes_max;  // of the prompts of all streams
    std::vector<Stage> pipeline{};                       // before preprocess
    std::vector<Stage> after{};                          // after the model
    std::uint32_t stage_wait_ms = limits::stage_wait_ms;
    std::uint32_t published_max = 0;  // open requests of the publish port; 0: there is none
  };

  explicit GatewayCore(Config config);

  void on(actors::Event event, Time now, actors::Effects& out) override;
  Time next_wake() const override;
  void fill_load(protocol::LoadReport& report, Epoch router, Time now) override;
  bool owes() const override { return !streams_.empty() || calls_.any() || reading_ != 0; }

private:
  using Key = std::pair<actors::ClientId, std::string>;  // a client's own id, unique on its connection
  struct Terminal {                                      // what a finished request's client was told last
    Key key;
    std::string frame;
    Time expires;
  };
  struct Asked {  // one frame, read
    actors::ClientId client;
    std::variant<protocol::edge::Request, protocol::edge::BadRequest> parsed;
    std::shared_ptr<void> in_hand;  // as long as it lives, its connection has the frame in hand
  };

  // From clients.
  void on_client(const actors::ClientReceived& received, Time now, actors::Effects& out);
  void on_reported(const std::any& value, Time now, actors::Effects& out);
  void on_asked(Asked asked, Time now, actors::Effects& out);
  void on_submit(const actors::ClientId& client, protocol::edge::Submit submit, std::shared_ptr<void> in_hand, Time now,
                 actors::Effects& out);
  void on_cancel(const actors::ClientId& client, const std::string& id, Time now, actors::Effects& out);
  void on_credit(const actors::ClientId& client, const protocol::edge::Credit& credit, Time now, actors::Effects& out);
  void on_status(const actors::ClientId& client, const std::string& id, Time now, actors::Effects& out);
  void on_call(const actors::ClientId& client, protocol::edge::Call call, Time now, actors::Effects& out);
  void on_serve(const actors::ClientId& client, const protocol::edge::Serve& serve, actors::Effects& out);
  void on_reply(const actors::ClientId& client, protocol::edge::Reply reply, Time now, actors::Effects& out);
  void on_bad_reply(const actors::ClientId& client, const protocol::edge::BadRequest& bad, Time now,
                    actors::Effects& out);
  void on_client_gone(const actors::ClientGone& gone, Time now, actors::Effects& out);
  void on_client_slow(const std::string& routing_id, bool slow, Time now, actors::Effects& out);
  void on_client_stalled(const std::string& routing_id, Time now, actors::Effects& out);
  std::vector<RequestId> requests_of(const std::string& routing_id) const;

  // From the mesh.
  void on_message(Epoch from, protocol::Message message, Time now, actors::Effects& out);
  void on_stale(Epoch from, const protocol::Head& head, actors::Effects& out);
  void on_prepared(Stream& stream, protocol::Prepared prepared, Time now, actors::Effects& out);
  void on_placed(Stream& stream, Epoch from, const protocol::Placed& placed, Time now, actors::Effects& out);
  void on_refused(Stream& stream, Epoch from, const protocol::Refused& refused, Time now, actors::Effects& out);
  void on_accepted(Stream& stream, Epoch from, Time now, actors::Effects& out);
  void on_text(Stream& stream, Epoch from, const protocol::Head& head, protocol::Text text, Time now,
               actors::Effects& out);
  void on_finished(Stream& stream, Epoch from, Time now);
  void on_yielded(Stream& stream, Epoch from, const protocol::Head& head, Time now, actors::Effects& out);
  void on_failed(Stream& stream, Epoch from, const protocol::Failed& failed, Time now, actors::Effects& out);
  void on_disowned(Stream& stream, Time now, actors::Effects& out);
  void on_peer_call(Epoch from, const protocol::Head& head, protocol::Call call, Time now, actors::Effects& out);
  void on_peer_up(const protocol::Entry& peer, Time now, actors::Effects& out);
  void on_peer_lost(Epoch peer, Time now, actors::Effects& out);
  void on_holder_lost(Stream& stream, Epoch holder, Time now, actors::Effects& out);
  void on_overdue(Stream& stream, Time now, actors::Effects& out);
  void on_tick(Time now, actors::Effects& out);
  void on_drain_over(Time now, actors::Effects& out);
  void on_holder_drained(Stream& stream, Epoch holder, Time now, actors::Effects& out);
  Error draining() const;

  // Calls.
  void settle(std::vector<Ended> ended, Time now, actors::Effects& out);
  void tell_caller(const ClientCaller& caller, Result<protocol::Bytes> outcome, actors::Effects& out);
  void advertise(actors::Effects& out);

  // The pipeline.
  void ask_stages(Stream& stream, Time now, actors::Effects& out);
  void enter_next_stage(Stream& stream);
  bool may_go_on_without(Stream& stream, const Stage& stage, const Error& error, Time now, actors::Effects& out);
  void refused_by(Stream& stream, const Stage& stage, const protocol::StageAnswer& answer, Time now,
                  actors::Effects& out);
  void on_stage_ended(const StageCaller& caller, Result<protocol::Bytes> outcome, Time now, actors::Effects& out);
  void on_verdict(Stream& stream, const Stage& stage, protocol::StageAnswer answer, Time now, actors::Effects& out);

  // The same of answers.
  void review(Stream& stream, const protocol::Text& text, Time now, actors::Effects& out);
  void go_on_reviewing(Stream& stream, Time now, actors::Effects& out);
  bool ask_review(Stream& stream, std::size_t index, Time now, actors::Effects& out);
  void on_review_ended(Stream& stream, std::size_t index, Result<protocol::Bytes> outcome, Time now,
                       actors::Effects& out);
  bool on_review_verdict(Stream& stream, std::size_t index, protocol::StageAnswer answer, Time now,
                         actors::Effects& out);
  void grant(Stream& stream, Time now, actors::Effects& out);
  void ask_blocked(Time now, actors::Effects& out);

  // Steps of a stream.
  void prepare(Stream& stream, Time now, actors::Effects& out);
  void place(Stream& stream, Time now, actors::Effects& out);
  void place_elsewhere(Stream& stream, const protocol::Refused& refused, Time now, actors::Effects& out);
  void enter_placing(Stream& stream, Time now);
  void place_again(Stream& stream, Time now, actors::Effects& out);
  void choose_checkpoint(Stream& stream) const;
  bool attach(Stream& stream, Time now, actors::Effects& out);
  void send_attach(Stream& stream, Time now, actors::Effects& out);
  void generate_if_ready(Stream& stream, Time now, actors::Effects& out);
  void go_on_if_credit(Stream& stream, Time now, actors::Effects& out);
  void dispatch_again(Stream& stream, Time now, actors::Effects& out);
  bool deliver(Stream& stream, protocol::Text text, Position position, Chain chain, Time now, actors::Effects& out);
  void release_holders(Stream& stream, Time now, actors::Effects& out);
  void finish(Stream& stream, protocol::Finish finish, Time now, actors::Effects& out);
  void fail(Stream& stream, const Error& error, std::uint32_t retry_ms, Time now, actors::Effects& out,
            const std::string& reason = {});
  void end(Stream& stream, std::string frame, Time now, actors::Effects& out);
  void forget(Stream& stream);
  void tell_holders_to_stop(const Stream& stream, Time now, actors::Effects& out);
  void wait_until(Stream& stream, Time until);
  void count_bytes(Stream& stream, std::size_t bytes);
  void end_long(Stream& stream);
  std::uint32_t busy_ms() const;
  void take_published(actors::Effects& out);

  Result<std::string> choose_model(const std::string& wanted) const;
  const protocol::Entry* next_preprocess(const Stream& stream);
  std::uint32_t default_tokens(const std::string& model, std::uint32_t prompt, std::uint32_t room) const;
  const protocol::Entry* next_router(const Stream& stream);
  std::vector<const protocol::Entry*> executors_for(const Stream& stream) const;
  Stream* find(const actors::ClientId& client, const std::string& id);
  static const protocol::Entry* next_of(const std::vector<const protocol::Entry*>& alive, Epoch not_this,
                                        std::uint64_t& turn);

  Config config_;
  Random random_;
  actors::Peers peers_;
  Calls calls_;
  std::unordered_map<RequestId, Stream, RequestHash> streams_;
  std::map<Key, RequestId> by_client_;
  std::set<std::string> slow_;  // connections that do not take what is sent to them
  actors::Timers<RequestId, RequestHash> timers_;
  std::deque<Terminal> terminals_;  // oldest first
  std::size_t terminals_bytes_ = 0;
  std::size_t bytes_ = 0;              // of the prompts of all streams
  std::size_t long_bytes_ = 0;         // of the long ones that are prepared
  services::DrainRate ends_;           // of requests, while there are some
  services::DrainRate long_ends_;      // of the preparation of long prompts
  std::uint64_t preprocess_turn_ = 0;  // round robin, each in its own time: a request takes one of each
  std::uint64_t router_turn_ = 0;
  std::uint64_t tokens_total_ = 0;
  std::uint32_t reading_ = 0;          // long frames that workers have
  std::uint64_t published_seen_ = 0;   // frames that came through the publish port
  std::uint64_t published_until_ = 0;  // and how many of them were asked for
  std::uint32_t published_open_ = 0;
  Time next_keepalive_ = time_never;
  std::vector<RequestId> blocked_;  // a stage could not be asked about their answers, for want of room
  Time blocked_until_ = time_never;
  bool draining_ = false;
};

}  // namespace shoal::gateway
