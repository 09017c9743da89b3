// Around a service core: whether its process has joined a mesh, and whether that mesh has any use for it. Both go wrong
// without an error anywhere – an address with nobody behind it, a model that nobody else serves – so they are said.
// Hands every event on. Pure, like every core.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "actors/core.h"

namespace shoal::actors {

class JoinWatch : public Core {
public:
  // `joined` is called once, when the first router has told who else is there; for a router, which needs no other, and
  // for a process that looks for none at its start. `routers` is where they were looked for, for the log.
  JoinWatch(const protocol::Entry& self, const std::vector<std::string>& routers, std::unique_ptr<Core> service,
            std::function<void()> joined);

  void on(Event event, Time now, Effects& out) override;
  Time next_wake() const override;
  bool owes() const override { return service_->owes(); }
  void fill_load(protocol::LoadReport& load, Epoch router, Time now) override {
    service_->fill_load(load, router, now);
  }

private:
  void join();
  void look(Time now, Effects& out);
  std::string misfit() const;

  protocol::Entry self_;
  std::string routers_;
  std::unique_ptr<Core> service_;
  std::function<void()> joined_;
  std::map<Epoch, protocol::Entry> peers_;
  bool has_joined_ = false;
  Time complain_at_ = time_never;  // that nobody answers; until it has joined
  Duration pause_{};               // until the complaint after that
  Time misfit_at_ = time_never;    // since when the model is nobody else's, and a while: then it is said
  bool misfit_said_ = false;
};

}  // namespace shoal::actors
