#include "actors/host/join_watch.h"

#include <doctest/doctest.h>

namespace shoal::actors {
namespace {

struct Silent : Core {
  void on(Event, Time, Effects&) override { ++events; }
  int events = 0;
};

protocol::Entry entry(const std::string& kind, Epoch epoch, const std::string& model = "") {
  protocol::Entry entry;
  entry.kind = kind;
  entry.epoch = epoch;
  if (!model.empty()) entry.labels = {{"model", model}, {"tokenizer_digest", "digest of " + model}};
  return entry;
}

// A process of one kind, and what is said about it.
struct Watched {
  explicit Watched(const protocol::Entry& self, const std::vector<std::string>& routers = {"tcp://r:1", "tcp://r:2"})
      : watch(self, routers, make(), [this] { ++joined; }) {
    on(Started{});
  }

  std::unique_ptr<Core> make() {
    auto core = std::make_unique<Silent>();
    service = core.get();
    return core;
  }

  void on(const Event& event) {
    watch.on(event, now, out);
    for (const Effect& effect : out.take()) {
      if (const auto* const note = std::get_if<Note>(&effect)) notes.push_back(note->text);
    }
  }

  // As time passes: a Tick whenever it is asked for.
  void wait(Duration span) {
    const Time until = now + span;
    while (watch.next_wake() <= until) {
      now = std::max(now, watch.next_wake());
      on(Tick{});
    }
    now = until;
  }

  Time now{};
  Effects out;
  int joined = 0;
  Silent* service = nullptr;
  std::vector<std::string> notes;
  JoinWatch watch;
};

TEST_CASE("a process that looks for no router has joined at its start, and never complains") {
  Watched alone(entry("bench-echo", 1), {});
  CHECK(alone.joined == 1);
  CHECK(alone.watch.next_wake() == time_never);
}

TEST_CASE("a process has joined once somebody is listed, and only once") {
  Watched process(entry("gateway", 1));
  CHECK(process.joined == 0);
  process.on(PeerUp{entry("router", 2)});
  process.on(PeerDown{entry("router", 2)});
  process.on(PeerUp{entry("router", 3)});
  CHECK(process.joined == 1);
  CHECK(process.service->events == 4);
}

TEST_CASE("a router has joined when it starts") {
  Watched router(entry("router", 1));
  router.wait(seconds(60));
  CHECK(router.joined == 1);
  CHECK(router.notes.empty());
}

TEST_CASE("that no router answers is said with the addresses, ever more rarely, until one does") {
  Watched process(entry("gateway", 1));
  process.wait(seconds(3));
  REQUIRE(process.notes.size() == 1);
  CHECK(process.notes[0].find("tcp://r:1,tcp://r:2") != std::string::npos);
  process.wait(std::chrono::hours(1));
  CHECK(process.notes.size() < 20);
  process.on(PeerUp{entry("router", 2)});
  const std::size_t before = process.notes.size();
  process.wait(std::chrono::hours(1));
  CHECK(process.notes.size() == before);
}

TEST_CASE("a process whose model nobody else has says so once, and again only after it fitted") {
  Watched process(entry("inference", 1, "ours"));
  process.on(PeerUp{entry("router", 2)});
  process.on(PeerUp{entry("preprocess", 3, "theirs")});
  process.wait(std::chrono::hours(1));
  REQUIRE(process.notes.size() == 1);
  CHECK(process.notes[0].starts_with("event=misfit model=ours"));
  CHECK(process.notes[0].find("theirs") != std::string::npos);
  process.on(PeerUp{entry("preprocess", 4, "ours")});
  CHECK(process.notes.back() == "event=fits");
  process.on(PeerDown{entry("preprocess", 4, "ours")});
  process.wait(seconds(10));
  CHECK(process.notes.size() == 3);
}

TEST_CASE("a model that is not served yet, or that others have too, is no misfit") {
  Watched process(entry("inference", 1, "ours"));
  process.on(PeerUp{entry("router", 2)});
  process.on(PeerUp{entry("inference", 3, "theirs")});
  process.wait(seconds(10));
  process.on(PeerUp{entry("postprocess", 4, "theirs")});
  process.on(PeerUp{entry("postprocess", 5, "ours")});
  process.wait(seconds(10));
  CHECK(process.notes.empty());
}

}  // namespace
}  // namespace shoal::actors
