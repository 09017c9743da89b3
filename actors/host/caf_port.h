// The few calls of CAF that Shoal uses, spelled for 0.17 (Debian 12): the only header that includes CAF, included by
// the .cc files of this folder alone. Another version of CAF is a change of this file. Any thread where it says so.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <caf/abstract_actor.hpp>
#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/execution_unit.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>
#include <caf/send.hpp>

namespace shoal::actors::port {

// Work sharing, because stealing polls even when idle; few messages a turn, so that nobody starves behind one actor.
inline void tune(caf::actor_system_config& config, std::size_t threads) {
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-threads", threads);
  config.set("scheduler.max-throughput", std::size_t{64});
}

// A thread of ours that runs actors whose mailbox was empty when they were told something through it; CAF's workers run
// those of which it has too much. An actor runs on one thread at a time all the same.
class HomeThread : public caf::execution_unit {
public:
  // `wake` makes the thread call run(); any thread.
  HomeThread(caf::actor_system& system, std::function<void()> wake)
      : caf::execution_unit(&system), wake_(std::move(wake)) {}

  // Any thread: CAF hands over an actor that has messages now, with a reference to it.
  void exec_later(caf::resumable* actor) override {
    {
      std::lock_guard lock(mutex_);
      waiting_.push_back(actor);
    }
    wake_();
  }

  // The thread: lets each actor that waits take at most `messages_max` messages. What is left then goes to the workers.
  void run(std::size_t messages_max) {
    {
      std::lock_guard lock(mutex_);
      running_.swap(waiting_);
    }
    for (caf::resumable* const actor : running_) {
      if (actor->resume(this, messages_max) == caf::resumable::resume_later) {
        system().scheduler().enqueue(actor);  // with its reference
      } else {
        caf::intrusive_ptr_release(actor);
      }
    }
    running_.clear();
  }

  // Any thread.
  bool has_work() {
    std::lock_guard lock(mutex_);
    return !waiting_.empty();
  }

private:
  std::function<void()> wake_;
  std::mutex mutex_;
  std::vector<caf::resumable*> waiting_;
  std::vector<caf::resumable*> running_;
};

// From any thread. Without a home an idle actor runs on CAF's workers.
template <class Message>
void tell(const caf::actor& to, Message message, HomeThread* home = nullptr) {
  caf::actor_cast<caf::abstract_actor*>(to)->enqueue(
      caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, std::move(message)), home);
}

// From within `self`. Cannot be cancelled: whoever gets it asks whether it still counts.
template <class Message>
void tell_after(caf::event_based_actor* self, std::chrono::microseconds delay, Message message) {
  self->delayed_send(self, delay, std::move(message));
}

// Any thread.
inline void end(const caf::actor& actor) { caf::anon_send_exit(actor, caf::exit_reason::user_shutdown); }

// What a handler throws ends the actor; `thrown` is told the text first.
template <class Thrown>
void on_exception(caf::event_based_actor* self, Thrown thrown) {
  self->set_exception_handler([thrown](std::exception_ptr& raised) -> caf::error {
    try {
      std::rethrow_exception(raised);
    } catch (const std::exception& error) {
      thrown(error.what());
    } catch (...) {
      thrown("not a std::exception");
    }
    return caf::sec::runtime_error;
  });
}

}  // namespace shoal::actors::port
