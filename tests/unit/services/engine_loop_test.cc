#include "services/inference/engine_loop.h"

#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include <doctest/doctest.h>

#include "base/random.h"
#include "bench.h"
#include "kernels/echo/echo.h"

using namespace shoal;
using namespace shoal::test;

namespace {

// Collects reports from the engine's thread; waits for what a test needs of them.
class Inbox {
public:
  bool take(std::any value) {
    std::lock_guard lock(mutex_);
    for (const auto& row : std::any_cast<inference::EngineReport>(value).outcome.generated) {
      ids_.insert(ids_.end(), row.ids.begin(), row.ids.end());
    }
    for (const auto& rejected : std::any_cast<inference::EngineReport>(value).rejected)
      codes_.push_back(rejected.error.code);
    ended_ += std::any_cast<inference::EngineReport>(value).outcome.ended.size();
    changed_.notify_all();
    return !closed_;
  }
  void wait(std::size_t ended, std::size_t rejected = 0) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_ >= ended && codes_.size() >= rejected; });
  }
  void close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  std::vector<TokenId> ids() {
    std::lock_guard lock(mutex_);
    return ids_;
  }
  std::vector<Code> codes() {
    std::lock_guard lock(mutex_);
    return codes_;
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<TokenId> ids_;
  std::vector<Code> codes_;
  std::size_t ended_ = 0;
  bool closed_ = false;
};

// Opens what the test owns.
inference::EngineLoop::Open opens(engine::StepCore& core) {
  return [&core] { return inference::EngineLoop::Core(&core, [](engine::StepCore*) {}); };
}

struct Engine {
  Engine() {
    REQUIRE(backend.reserve_kv(64 * page_tokens * sizeof(TokenId), 32).has_value());
    engine::StepCoreConfig config;
    config.vocab = 257;
    config.context_tokens = 1024;
    config.pages = 64;
    core = std::make_unique<engine::StepCore>(config, backend);
    loop = std::make_unique<inference::EngineLoop>(opens(*core), [] { return Time(seconds(1)); });
    REQUIRE(loop->opened());
    loop->start([this](std::any value) { return inbox.take(std::move(value)); }, {});
  }
  void add(std::uint8_t number, std::vector<TokenId> prompt) {
    engine::Work work;
    work.stream = {request_id(number), 0};
    work.prompt = std::move(prompt);
    work.max_tokens = 100;
    work.stop_ids = {256};
    work.credit_until = 100;
    work.deadline = time_never;
    loop->post(inference::Command(inference::AddWork{std::move(work)}));
  }

  kernels::EchoBackend backend;
  std::unique_ptr<engine::StepCore> core;
  Inbox inbox;
  std::unique_ptr<inference::EngineLoop> loop;
};

}  // namespace

TEST_CASE("the engine's thread runs what is posted to its end and reports each step") {
  Engine engine;
  engine.add(1, {'h', 'i'});
  engine.inbox.wait(1);
  CHECK(engine.inbox.ids() == std::vector<TokenId>{'h', 'i', 256});
  engine.add(2, {'!'});  // after it was idle
  engine.inbox.wait(2);
  CHECK(engine.inbox.ids() == std::vector<TokenId>{'h', 'i', 256, '!', 256});
}

TEST_CASE("work that the engine refuses is reported with its code") {
  Engine engine;
  engine.add(1, {});
  engine.inbox.wait(0, 1);
  CHECK(engine.inbox.codes() == std::vector<Code>{Code::invalid_request});
}

TEST_CASE("the engine's thread ends when it is stopped, at work or idle, and when nobody takes its reports") {
  Engine idle;
  idle.loop->stop();
  idle.loop->stop();
  Engine unheard;
  unheard.inbox.close();
  unheard.add(1, {'h', 'i'});
  unheard.loop->stop();
  CHECK(unheard.inbox.ids().size() <= 3);
}

TEST_CASE("a model is opened on the thread that steps it, gone on it, and no sooner stepped than it is started") {
  std::thread::id opened_on, gone_on;
  kernels::EchoBackend backend;
  REQUIRE(backend.reserve_kv(page_tokens * sizeof(TokenId), 1).has_value());
  engine::StepCoreConfig config;
  config.vocab = 257;
  config.context_tokens = 64;
  config.pages = 1;
  const auto open = [&] {
    opened_on = std::this_thread::get_id();
    return inference::EngineLoop::Core(new engine::StepCore(config, backend), [&](engine::StepCore* core) {
      gone_on = std::this_thread::get_id();
      delete core;
    });
  };
  inference::EngineLoop loop(open, [] { return Time(seconds(1)); });
  REQUIRE(loop.opened());
  CHECK(opened_on != std::this_thread::get_id());
  CHECK(gone_on == std::thread::id());
  loop.stop();  // it never started
  CHECK(gone_on == opened_on);
}

TEST_CASE("why a model could not be opened is told to whoever waits for it") {
  inference::EngineLoop loop(
      []() -> Result<inference::EngineLoop::Core> {
        return Error{Code::bad_checkpoint, "torn"};
      },
      [] { return Time(seconds(1)); });
  const auto opened = loop.opened();
  REQUIRE(!opened);
  CHECK(opened.error().text == "torn");
}

TEST_CASE("a lost device is told once, and the engine's thread ends") {
  class Lost : public kernels::EchoBackend {
    Result<kernels::StepOutput> wait(kernels::Ticket) override { return Error{Code::io, "no answer"}; }
  };
  Lost backend;
  REQUIRE(backend.reserve_kv(page_tokens * sizeof(TokenId), 1).has_value());
  engine::StepCoreConfig config;
  config.vocab = 257;
  config.context_tokens = 64;
  config.pages = 1;
  config.scheduler = {.sequences_max = 1, .tokens_max = 16};
  engine::StepCore core(config, backend);
  inference::EngineLoop loop(opens(core), [] { return Time(seconds(1)); });
  REQUIRE(loop.opened());
  std::promise<std::string> told;
  loop.start([](const std::any&) { return true; }, [&](const Error& error) { told.set_value(error.text); });
  engine::Work work;
  work.stream = {request_id(1), 0};
  work.prompt = {'a'};
  work.max_tokens = 1;
  work.credit_until = 1;
  loop.post(inference::Command(inference::AddWork{std::move(work)}));
  CHECK(told.get_future().get() == "no answer");
  loop.stop();
}

namespace {

// An EchoBackend that waits inside each step until the test lets it go on. Meanwhile the engine's thread stands still,
// so the test may look into the core.
class GatedEcho : public kernels::EchoBackend {
public:
  GatedEcho() : EchoBackend(Mode::salted) {}

  Result<kernels::StepOutput> wait(kernels::Ticket ticket) override {
    std::unique_lock lock(mutex_);
    ++entered_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_ || let_go_ >= entered_; });
    return EchoBackend::wait(ticket);
  }
  void wait_for_step(std::uint64_t number) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return entered_ >= number; });
  }
  void let_go(std::uint64_t number) {
    std::lock_guard lock(mutex_);
    let_go_ = number;
    changed_.notify_all();
  }
  void open() {
    std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t entered_ = 0;
  std::uint64_t let_go_ = 0;
  bool open_ = false;
};

}  // namespace

TEST_CASE("a cancel that comes during a step frees the stream's pages at the next one") {
  constexpr std::uint32_t pages = 64;
  GatedEcho backend;
  REQUIRE(backend.reserve_kv(pages * page_tokens * sizeof(TokenId), 6).has_value());
  engine::StepCoreConfig config;
  config.vocab = 257;
  config.context_tokens = 2048;
  config.pages = pages;
  config.scheduler = {.sequences_max = 6, .tokens_max = 40};
  engine::StepCore core(config, backend);
  inference::EngineLoop loop(opens(core), [] { return Time(seconds(1)); });
  REQUIRE(loop.opened());
  loop.start([](const std::any&) { return true; }, {});
  Random random{7};
  const auto add = [&](std::uint8_t number, std::uint32_t prompt_tokens, Position credit) {
    engine::Work work;
    work.stream = {request_id(number), 0};
    work.prompt.assign(prompt_tokens, number);
    work.max_tokens = 1500;
    work.credit_until = credit;
    loop.post(inference::Command(inference::AddWork{std::move(work)}));
  };
  add(0, 1, 2000);  // keeps the engine at work
  std::vector<std::uint8_t> live;
  std::uint8_t next = 1;
  int freed = 0;
  std::uint64_t step = 1;
  for (; freed < 200; ++step) {
    REQUIRE(step < 1200);
    backend.wait_for_step(step);
    if (live.size() < 8 && next < 250) {  // some decode, some are in a long prompt, some park, some wait
      live.push_back(next);
      add(next++, static_cast<std::uint32_t>(1 + random.below(200)), static_cast<Position>(random.below(40)));
    }
    if (random.below(2) == 0 && live.size() > 3) {
      const std::size_t at = random.below(live.size() - 1);  // not the newest: the engine has not seen it yet
      const StreamId victim{request_id(live[at]), 0};
      live.erase(live.begin() + static_cast<long>(at));
      freed += core.pages_of(victim) > 0;
      loop.post(inference::Command(inference::CancelWork{victim, {}}));
      backend.let_go(step++);
      backend.wait_for_step(step);
      CHECK(core.pages_of(victim) == 0);
      std::uint32_t held = core.pages_of({request_id(0), 0});
      for (const std::uint8_t number : live) held += core.pages_of({request_id(number), 0});
      REQUIRE(held + core.load().free_pages == pages);
    }
    backend.let_go(step);
  }
  backend.open();
  loop.stop();
}
