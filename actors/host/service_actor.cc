#include "actors/host/service_actor.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <future>
#include <map>
#include <mutex>
#include <string>
#include <type_traits>
#include <unistd.h>
#include <utility>
#include <vector>

#include <spdlog/spdlog.h>

#include "actors/flow/weight.h"
#include "actors/host/caf_port.h"
#include "actors/host/measure.h"
#include "actors/net/clock.h"
#include "base/key_values.h"
#include "base/limits.h"

namespace shoal::actors {
namespace {

// Events that were told and not yet worked off.
struct Backlog {
  std::atomic<std::size_t> events{0};
  std::atomic<std::size_t> bytes{0};

  bool is_full() const { return events > limits::inbound_messages_max || bytes > limits::inbound_bytes_max; }
};

struct Inbox {
  WireEvent event;
  std::size_t bytes = 0;
};
struct Wake {
  Time at;
};
struct TakeMeasure {};
struct StartDrain {
  Duration span;
  std::function<void()> drained;
};
struct Job {
  std::function<std::any()> work;
};
struct JobFailed {
  std::string what;
};
struct Stop {
  std::shared_ptr<std::promise<void>> done;
};

}  // namespace
}  // namespace shoal::actors

// These never leave the process.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::Inbox)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::Wake)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::TakeMeasure)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::StartDrain)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::Job)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::JobFailed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::Stop)

namespace shoal::actors {
namespace {

constexpr auto measure_interval = seconds(1);
constexpr auto wake_min = milliseconds(1);  // a core that wants a Tick at once gets it, but not in a spin
constexpr std::size_t failures_max = 10;    // of jobs, within the window: more are a bug that a new start may cure
constexpr auto failure_window = seconds(10);
constexpr int exit_after_bug = 70;  // EX_SOFTWARE of sysexits.h: the supervisor starts the process anew

void end_process(const std::string& what) {
  spdlog::critical("event=exception text={}", quoted_value(what));
  spdlog::shutdown();
  _exit(exit_after_bug);
}

spdlog::level::level_enum level_of(Note::Level level) {
  switch (level) {
    case Note::Level::debug:
      return spdlog::level::debug;
    case Note::Level::info:
      return spdlog::level::info;
    case Note::Level::warning:
      return spdlog::level::warn;
    case Note::Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

// Where the events of a service go: into its mailbox, counted.
struct Mailbox {
  Backlog backlog;
  port::HomeThread* home = nullptr;  // that runs the service; none: CAF's workers do

  void put(const caf::actor& service, WireEvent event) {
    const std::size_t bytes = weight_of(event);
    ++backlog.events;
    backlog.bytes += bytes;
    port::tell(service, Inbox{std::move(event), bytes}, home);
  }
};

// A job that throws is not reported, whoever waits for it has a timeout; the jobs behind it run.
caf::behavior make_worker(caf::event_based_actor* self, const caf::actor& service,
                          const std::shared_ptr<Mailbox>& mailbox,
                          const std::shared_ptr<std::atomic<std::size_t>>& jobs) {
  port::on_exception(self, end_process);
  return {[service, mailbox, jobs](const Job& job) {
    try {
      mailbox->put(service, Reported{job.work()});
    } catch (const std::exception& thrown) {
      port::tell(service, JobFailed{thrown.what()});
    }
    --*jobs;
  }};
}

// The actor's state. Lives on whichever thread runs the actor, one message at a time.
class Running {
public:
  Running(caf::event_based_actor* self, std::unique_ptr<MeshCore> core, ServiceActor::Ports ports,
          std::uint32_t workers, const std::shared_ptr<Mailbox>& mailbox)
      : self_(self), core_(std::move(core)), ports_(std::move(ports)), mailbox_(mailbox) {
    for (std::uint32_t i = 0; i < workers; ++i) {
      auto jobs = std::make_shared<std::atomic<std::size_t>>(0);
      workers_.push_back(
          {self_->home_system().spawn(make_worker, caf::actor_cast<caf::actor>(self_), mailbox, jobs), jobs});
    }
    port::tell_after(self_, measure_interval, TakeMeasure{});
  }

  void on(WireEvent event) {
    const Time now = monotonic_now();
    WireEffects effects;
    core_->on(std::move(event), now, effects);
    for (WireEffect& effect : effects) carry_out(effect);
    if (drained_ && core_->drained()) std::exchange(drained_, {})();
    schedule_wake(now);
  }

  void on_wake(Time at) {
    if (at != scheduled_) return;  // an earlier one took its place
    scheduled_ = time_never;
    on(Tick{});
  }

  void on_measure() {
    const Meter::Reading reading = meter_.read(monotonic_now());
    on(Measured{reading.cpu_permille, reading.rss_bytes, ports_.take_loop_lag_ms(), reading.cpus});
    port::tell_after(self_, measure_interval, TakeMeasure{});
  }

  void on_drain(const StartDrain& drain) {
    if (!std::exchange(drains_, true)) drained_ = drain.drained;
    on(Drain{monotonic_now() + drain.span});
  }

  void on_job_failed(const std::string& what) {
    spdlog::error("event=job_failed text={}", quoted_value(what));
    const Time now = monotonic_now();
    while (!failures_.empty() && failures_.front() + failure_window < now) failures_.pop_front();
    failures_.push_back(now);
    if (failures_.size() > failures_max) end_process("jobs fail again and again");
  }

  void on_stop(const Stop& stop) {
    on(Stopping{});
    for (const Worker& worker : workers_) port::end(worker.actor);
    stop.done->set_value();
    self_->quit();
  }

private:
  struct Worker {
    caf::actor actor;
    std::shared_ptr<std::atomic<std::size_t>> jobs;  // that it was given and has not done
  };

  void carry_out(WireEffect& effect) {
    std::visit(
        [&](auto& wanted) {
          using T = std::decay_t<decltype(wanted)>;
          if constexpr (std::is_same_v<T, StartJob>) {
            start(wanted);
          } else if constexpr (std::is_same_v<T, EngineCommand>) {
            if (ports_.engine_command) ports_.engine_command(std::move(wanted.command));
          } else if constexpr (std::is_same_v<T, Count>) {
            counters_[wanted.name] += wanted.by;
          } else if constexpr (std::is_same_v<T, Note>) {
            spdlog::log(level_of(wanted.level), "{}", wanted.text);
          } else {
            // NOLINTNEXTLINE(bugprone-use-after-move): what the outbox refuses it leaves alone
            if (!ports_.post(std::move(effect))) on_lost(effect);
          }
        },
        effect);
  }

  void start(StartJob& job) {
    if (!job.brief) {  // to whoever has the least to do: a short job behind a long one would wait for it
      const auto idle = std::min_element(workers_.begin(), workers_.end(),
                                         [](const Worker& a, const Worker& b) { return *a.jobs < *b.jobs; });
      ++*idle->jobs;
      return port::tell(idle->actor, Job{std::move(job.work)});
    }
    try {
      mailbox_->put(caf::actor_cast<caf::actor>(self_), Reported{job.work()});
    } catch (const std::exception& thrown) {
      on_job_failed(thrown.what());
    }
  }

  // The outbox did not take it: to the core that is a broken link or a client that is gone. Told later, because the
  // core is at work.
  void on_lost(const WireEffect& effect) {
    ++counters_["outbox_full"];
    const caf::actor self = caf::actor_cast<caf::actor>(self_);
    if (const auto* post = std::get_if<Post>(&effect)) {
      mailbox_->put(self, LinkDown{post->route});
    } else if (const auto* dial = std::get_if<Dial>(&effect)) {
      mailbox_->put(self, LinkDown{{dial->address, {}}});
    } else if (const auto* reply = std::get_if<ReplyClient>(&effect)) {
      mailbox_->put(self, ClientGone{reply->client.routing_id, "what was to be sent had no room"});
    }
  }

  void schedule_wake(Time now) {
    const Time wake = core_->next_wake();
    if (wake >= scheduled_) return;
    scheduled_ = wake;
    port::tell_after(self_, wake > now ? wake - now : wake_min, Wake{wake});
  }

  caf::event_based_actor* self_;
  std::unique_ptr<MeshCore> core_;
  ServiceActor::Ports ports_;
  const std::shared_ptr<Mailbox> mailbox_;
  std::vector<Worker> workers_;
  std::deque<Time> failures_;
  std::function<void()> drained_;  // until it was called
  bool drains_ = false;
  std::map<std::string, std::uint64_t> counters_;
  Meter meter_;
  Time scheduled_ = time_never;
};

caf::behavior make_service(caf::event_based_actor* self, const std::shared_ptr<Running>& running,
                           const std::shared_ptr<Mailbox>& mailbox) {
  port::on_exception(self, end_process);
  return {[running, mailbox](Inbox& inbox) {  // of nobody else: CAF copies only what is shared
            --mailbox->backlog.events;
            mailbox->backlog.bytes -= inbox.bytes;
            running->on(std::move(inbox.event));
          },
          [running](const Wake& wake) { running->on_wake(wake.at); },
          [running](const JobFailed& failed) { running->on_job_failed(failed.what); },
          [running](const TakeMeasure&) { running->on_measure(); },
          [running](const StartDrain& drain) { running->on_drain(drain); },
          [running](const Stop& stop) { running->on_stop(stop); }};
}

struct Config : caf::actor_system_config {
  explicit Config(std::size_t threads) { port::tune(*this, threads); }
};

}  // namespace

struct ServiceActor::System {
  System(std::size_t threads, std::function<void()> wake) : config(threads), actors(config) {
    if (!wake) return;
    home = std::make_unique<port::HomeThread>(actors, std::move(wake));
    mailbox->home = home.get();
  }

  Config config;
  std::unique_ptr<port::HomeThread> home;  // outlives the actors
  caf::actor_system actors;
  caf::actor service;
  std::shared_ptr<Mailbox> mailbox = std::make_shared<Mailbox>();
  std::once_flag stopped;
};

ServiceActor::ServiceActor(std::unique_ptr<MeshCore> core, Ports ports, std::uint32_t workers)
    : system_(std::make_unique<System>(workers + 1, ports.wake)) {
  // The actor is made later, on a worker: what it needs travels in shared ownership, once.
  using MadeOf = std::pair<std::unique_ptr<MeshCore>, Ports>;
  const auto made_of = std::make_shared<MadeOf>(std::move(core), std::move(ports));
  // As arguments, because CAF 0.17 looks through a null pointer where there are none; lazy, because even the first turn
  // is for its home.
  system_->service = system_->actors.spawn<caf::lazy_init>(
      [](caf::event_based_actor* self, const std::shared_ptr<MadeOf>& from, std::uint32_t threads,
         const std::shared_ptr<Mailbox>& mailbox) -> caf::behavior {
        auto& [mesh, to] = *from;
        return make_service(self, std::make_shared<Running>(self, std::move(mesh), std::move(to), threads, mailbox),
                            mailbox);
      },
      made_of, workers, system_->mailbox);
}

ServiceActor::~ServiceActor() { stop(); }

void ServiceActor::tell(WireEvent event) { system_->mailbox->put(system_->service, std::move(event)); }

bool ServiceActor::run() {
  system_->home->run(limits::turn_messages_max);
  return system_->home->has_work();
}

bool ServiceActor::congested() const { return system_->mailbox->backlog.is_full(); }

void ServiceActor::drain(Duration span, std::function<void()> drained) {
  port::tell(system_->service, StartDrain{span, std::move(drained)}, system_->mailbox->home);
}

void ServiceActor::stop() {
  std::call_once(system_->stopped, [this] {
    auto done = std::make_shared<std::promise<void>>();
    auto ended = done->get_future();
    port::tell(system_->service, Stop{std::move(done)});
    ended.wait();
  });
}

}  // namespace shoal::actors
