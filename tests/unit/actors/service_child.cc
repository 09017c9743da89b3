// A process of the mesh with a trivial core, for tests of run_service(). usage: service_child ROUTER [throw] [BIND]
#include <stdexcept>
#include <string>

#include "actors/host/service.h"

using namespace shoal;
using namespace shoal::actors;

namespace {

class Trivial : public Core {
public:
  explicit Trivial(std::string mode) : mode_(std::move(mode)) {}

  void on(Event event, Time, Effects& out) override {
    const auto* received = std::get_if<Received>(&event);
    if (received == nullptr || !std::holds_alternative<protocol::Call>(received->message.body)) return;
    if (mode_ == "throw") throw std::runtime_error("a bug");
    out.note(Note::Level::info, "event=called");
  }

private:
  std::string mode_;
};

}  // namespace

int main(int argc, char** argv) {
  ServiceConfig config;
  config.kind = "test";
  config.node = "here";
  config.routers = {argv[1]};
  if (argc > 3) config.bind = argv[3];
  const std::string mode = argc > 2 ? argv[2] : "";
  return run_service(config, [&](ServiceHandle&) { return Service{.core = std::make_unique<Trivial>(mode)}; });
}
