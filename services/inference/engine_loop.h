// The engine's thread: opens the model, takes commands, runs the step core as long as it has work, and reports every
// step. Model and backend are made, used and gone on it; the actor only posts commands and gets reports.
#pragma once

#include <any>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/result.h"
#include "services/inference/engine_port.h"

namespace shoal::inference {

class EngineLoop {
public:
  using Core = std::shared_ptr<engine::StepCore>;  // and with it all that it needs
  using Open = std::function<Result<Core>()>;
  using Report = std::function<bool(std::any)>;  // any thread; false when the process is ending
  using Lost = std::function<void(const Error&)>;
  using Now = std::function<Time()>;

  // Starts the thread, which calls `open` first. Throws std::system_error if the system gives no thread.
  EngineLoop(Open open, Now now);
  ~EngineLoop() { stop(); }

  // Waits until `open` is done, and says why it failed. Once.
  Result<void> opened() { return opened_.get_future().get(); }

  // Lets it step. Once, if opened() was fine; until then the thread touches nothing that `open` made. `lost` is called
  // on the engine's thread, which ends then: the device is lost.
  void start(Report report, Lost lost);

  // Any thread; in order. The value is a Command.
  void post(std::any command);

  // Ends the thread after the step in progress. Idempotent.
  void stop();

private:
  void open_and_run(const Open& open);
  void run(engine::StepCore& core);
  // Waits for commands or for the core's next wake; false when the loop shall end.
  bool take(engine::StepCore& core, std::vector<Command>& commands);

  Report report_;
  Lost lost_;
  Now now_;
  std::promise<Result<void>> opened_;
  std::mutex mutex_;
  std::condition_variable posted_;
  std::vector<Command> commands_;
  bool started_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace shoal::inference
