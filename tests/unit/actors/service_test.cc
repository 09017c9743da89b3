// The actor around a core, and the process around the actor.
#include <atomic>
#include <future>
#include <semaphore>
#include <stdexcept>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "actors/host/service_actor.h"
#include "peers.h"

using namespace shoal;
using namespace shoal::actors;

namespace {

// A core made of one function; what it wants to be woken for is `wake`.
class Scripted : public Core {
public:
  using Script = std::function<void(const Event&, Time, Effects&, Time& wake)>;
  explicit Scripted(Script script) : script_(std::move(script)) {}

  void on(Event event, Time now, Effects& out) override { script_(event, now, out, wake_); }
  Time next_wake() const override { return wake_; }

private:
  Script script_;
  Time wake_ = time_never;
};

struct TestService {
  explicit TestService(Scripted::Script script, ServiceActor::Ports ports = {})
      : actor(std::make_unique<MeshCore>(MeshCore::Config{self(), "ipc://bound"},
                                         std::make_unique<Scripted>(std::move(script))),
              complete(std::move(ports)), 2) {}

  static protocol::Entry self() {
    protocol::Entry entry;
    entry.epoch = 1;
    entry.kind = "test";
    entry.address = "ipc://self";
    return entry;
  }
  static ServiceActor::Ports complete(ServiceActor::Ports ports) {
    if (!ports.post) ports.post = [](WireEffect&&) { return true; };
    if (!ports.take_loop_lag_ms) ports.take_loop_lag_ms = [] { return 0U; };
    return ports;
  }

  ServiceActor actor;
};

// The test's own thread as an actor's home.
struct Home {
  ServiceActor::Ports ports() {
    ServiceActor::Ports ports;
    ports.wake = [this] {
      ++wakes;
      woken.release();
    };
    return ports;
  }

  // stop() waits until the actor has run once more.
  void end(ServiceActor& actor) {
    std::thread ending([&] {
      actor.stop();
      ended = true;
      woken.release();
    });
    while (!ended) {
      woken.acquire();
      actor.run();
    }
    ending.join();
  }

  std::atomic<int> wakes{0};
  std::atomic<bool> ended{false};
  std::counting_semaphore<> woken{0};
};

template <class T>
T wait(std::future<T> future) {
  REQUIRE(future.wait_for(std::chrono::seconds(30)) == std::future_status::ready);
  return future.get();
}

}  // namespace

TEST_CASE("a core gets the ticks that it asks for, also for a time that has passed") {
  std::promise<int> ticked;
  int ticks = 0;
  TestService service([&](const Event& event, Time now, Effects&, Time& wake) {
    if (std::holds_alternative<Started>(event)) wake = now + milliseconds(5);
    if (!std::holds_alternative<Tick>(event)) return;
    wake = now - milliseconds(5);
    if (++ticks == 3) {
      wake = time_never;
      ticked.set_value(ticks);
    }
  });
  service.actor.tell(Started{});
  CHECK(wait(ticked.get_future()) == 3);
}

TEST_CASE("jobs run on workers and report, and one that throws takes no other with it") {
  std::promise<int> reported;
  int sum = 0;
  TestService service([&](const Event& event, Time, Effects& out, Time&) {
    if (std::holds_alternative<Started>(event)) {
      for (int i = 1; i <= 4; ++i) out.start_job([i] { return std::any(i); });
      for (int i = 0; i < 2; ++i) out.start_job([]() -> std::any { throw std::runtime_error("a bad job"); });
    }
    const auto* report = std::get_if<Reported>(&event);
    if (report != nullptr) sum += std::any_cast<int>(report->value);
    if (report != nullptr && sum == 10) out.start_job([] { return std::any(100); });
    if (report != nullptr && sum == 110) reported.set_value(sum);
  });
  service.actor.tell(Started{});
  CHECK(wait(reported.get_future()) == 110);
}

TEST_CASE("a brief job runs where the actor does, and one that throws takes nobody with it") {
  std::promise<void> reported;
  std::thread::id actor;
  std::thread::id job;
  TestService service([&](const Event& event, Time, Effects& out, Time&) {
    if (std::holds_alternative<Started>(event)) {
      out.start_job([]() -> std::any { throw std::runtime_error("a bad job"); }, true);
      out.start_job([] { return std::any(std::this_thread::get_id()); }, true);
      actor = std::this_thread::get_id();
    }
    const auto* report = std::get_if<Reported>(&event);
    if (report == nullptr) return;
    job = std::any_cast<std::thread::id>(report->value);
    reported.set_value();
  });
  service.actor.tell(Started{});
  wait(reported.get_future());
  CHECK(job == actor);
}

TEST_CASE("a reply that the outbox does not take is a client that is gone") {
  std::promise<std::string> gone;
  TestService service(
      [&](const Event& event, Time, Effects& out, Time&) {
        if (std::holds_alternative<Started>(event)) out.reply_client({"client", true}, "answer");
        if (const auto* client = std::get_if<ClientGone>(&event)) gone.set_value(client->routing_id);
      },
      {.post = [](WireEffect&& effect) { return !std::holds_alternative<ReplyClient>(effect); },
       .engine_command = {},
       .take_loop_lag_ms = {}});
  service.actor.tell(Started{});
  CHECK(wait(gone.get_future()) == "client");
}

TEST_CASE("commands reach the engine in order") {
  std::promise<std::vector<int>> all;
  std::vector<int> commands;
  TestService service(
      [&](const Event& event, Time, Effects& out, Time&) {
        if (!std::holds_alternative<Started>(event)) return;
        for (int i = 0; i < 5; ++i) out.engine_command(i);
      },
      {.post = {},
       .engine_command =
           [&](std::any command) {
             commands.push_back(std::any_cast<int>(command));
             if (commands.size() == 5) all.set_value(commands);
           },
       .take_loop_lag_ms = {}});
  service.actor.tell(Started{});
  CHECK(wait(all.get_future()) == std::vector<int>{0, 1, 2, 3, 4});
}

TEST_CASE("so many waiting events that the loop should not read are congestion, and it ends") {
  std::promise<void> go_on;
  std::promise<void> done;
  std::size_t handled = 0;
  const std::size_t events = limits::inbound_messages_max + 10;
  TestService service([&, gate = go_on.get_future().share()](const Event& event, Time, Effects&, Time&) {
    if (std::holds_alternative<Started>(event)) gate.wait();
    if (std::holds_alternative<Reported>(event) && ++handled == events) done.set_value();
  });
  CHECK_FALSE(service.actor.congested());
  service.actor.tell(Started{});
  for (std::size_t i = 0; i < events; ++i) service.actor.tell(Reported{});
  CHECK(service.actor.congested());
  go_on.set_value();
  wait(done.get_future());
  CHECK_FALSE(service.actor.congested());
}

TEST_CASE("an actor with a home runs there, and wakes it once for all that it was told") {
  Home home;
  std::vector<std::thread::id> ran_on;
  TestService service(
      [&](const Event& event, Time, Effects&, Time&) {
        if (std::holds_alternative<Reported>(event)) ran_on.push_back(std::this_thread::get_id());
      },
      home.ports());
  for (int i = 0; i < 5; ++i) service.actor.tell(Reported{});
  CHECK(home.wakes == 1);
  CHECK(ran_on.empty());
  CHECK_FALSE(service.actor.run());
  CHECK(ran_on == std::vector(5, std::this_thread::get_id()));
  home.end(service.actor);
}

TEST_CASE("what is too much for one turn at home goes on elsewhere") {
  Home home;
  std::promise<void> done;
  std::size_t handled = 0;
  std::size_t at_home = 0;
  const std::size_t events = 3 * limits::turn_messages_max;
  TestService service(
      [&, house = std::this_thread::get_id()](const Event& event, Time, Effects&, Time&) {
        if (!std::holds_alternative<Reported>(event)) return;
        if (std::this_thread::get_id() == house) ++at_home;
        if (++handled == events) done.set_value();
      },
      home.ports());
  for (std::size_t i = 0; i < events; ++i) service.actor.tell(Reported{});
  service.actor.run();
  wait(done.get_future());
  CHECK(at_home == limits::turn_messages_max);
  home.end(service.actor);
}

TEST_CASE("a process says where it is, HELLO to its router, and BYE when it is asked to end") {
  TestLoop router({});
  Child child({router.loop->bound()}, SHOAL_TEST_SERVICE);
  const std::string listening = child.line();
  CHECK(listening.starts_with("listening kind=test epoch="));
  CHECK(listening.find(" bind=tcp://127.0.0.1:") != std::string::npos);
  const Arrived hello = router.take<protocol::Hello>();
  const auto& entry = std::get<protocol::Hello>(hello.message.body).self;
  CHECK(entry.kind == "test");
  CHECK(entry.node == "here");
  CHECK(listening.find("address=" + entry.address) != std::string::npos);
  CHECK(epoch_of(hello.from.routing_id) == entry.epoch);
  child.signal(SIGTERM);
  CHECK(router.take<protocol::Bye>().from == hello.from);
  CHECK(child.wait() == 0);
}

TEST_CASE("a bug in a core ends the process with 70") {
  TestLoop router({});
  Child child({router.loop->bound(), "throw"}, SHOAL_TEST_SERVICE);
  const Route from = router.take<protocol::Hello>().from;
  protocol::Welcome welcome;
  welcome.self.epoch = 1;
  router.post(from, welcome);
  router.post(from, protocol::Call{});
  const int status = child.wait();
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 70);
}

TEST_CASE("a configuration that cannot be used ends the process with 78") {
  Child child({"tcp://127.0.0.1:1", "", "tcp://0.0.0.0:*"}, SHOAL_TEST_SERVICE);
  const int status = child.wait();
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 78);
}
