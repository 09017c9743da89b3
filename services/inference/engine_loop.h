// The engine's thread: takes commands, runs the step core as long as it has work, and reports every step. Owns step
// core and backend use; the actor only posts commands and gets reports.
#pragma once

#include <any>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "services/inference/engine_port.h"

namespace shoal::inference {

class EngineLoop {
public:
  using Report = std::function<bool(std::any)>;  // any thread; false when the process is ending
  using Now = std::function<Time()>;

  // `core` outlives the loop and is used by its thread alone until stop() returns.
  EngineLoop(engine::StepCore& core, Report report, Now now);
  ~EngineLoop() { stop(); }

  // Any thread; in order. The value is a Command.
  void post(std::any command);

  // Ends the thread after the step in progress. Idempotent.
  void stop();

private:
  void run();
  // Waits for commands or for the core's next wake; false when the loop shall end.
  bool take(std::vector<Command>& commands);

  engine::StepCore& core_;
  Report report_;
  Now now_;
  std::mutex mutex_;
  std::condition_variable posted_;
  std::vector<Command> commands_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace shoal::inference
