// A core as a whole process of the mesh, in one line of main():
//
//   int main(int argc, char** argv) { return shoal::sdk::run_service<Moderate>("moderate", argc, argv); }
//
// MyCore is made from its own settings, if it has some (struct Config : ServiceConfig inside it, with a keys() that
// starts with the keys of ServiceConfig), and of nothing otherwise. It may also take a const actors::ServiceHandle&
// after them: its epoch, 64 random bits, and the way back from threads of its own. Main thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <type_traits>

#include "actors/host/service.h"
#include "config/common.h"
#include "config/settings.h"

namespace shoal::sdk {

using ServiceConfig = config::CommonConfig;  // routers, bind and what else every process has

using MakeCore = std::function<std::unique_ptr<actors::Core>(const actors::ServiceHandle&)>;

// Reads --key=value and --config=FILE into `settings`, which are those of `config`; the file's table for the service
// is [services.<kind>]. Prints the settings and runs the process until SIGTERM or SIGINT. Returns the exit code: 0; 2
// for a command line, a configuration or a kind that is wrong; 78 for an address that cannot be used; 70 after a bug.
int run_service_process(const std::string& kind, int argc, const char* const* argv, config::Settings settings,
                        const ServiceConfig& config, const MakeCore& make);

namespace detail {

template <class MyCore>
struct ConfigOf {
  using Type = ServiceConfig;
};
template <class MyCore>
requires std::is_base_of_v<ServiceConfig, typename MyCore::Config>
struct ConfigOf<MyCore> {
  using Type = typename MyCore::Config;
};

template <class MyCore, class Config>
std::unique_ptr<actors::Core> make_core(const Config& config, const actors::ServiceHandle& handle) {
  if constexpr (std::is_constructible_v<MyCore, const Config&, const actors::ServiceHandle&>) {
    return std::make_unique<MyCore>(config, handle);
  } else if constexpr (std::is_constructible_v<MyCore, const Config&>) {
    return std::make_unique<MyCore>(config);
  } else {
    return std::make_unique<MyCore>();
  }
}

}  // namespace detail

// As above, with the defaults of the settings as `defaults` has them.
template <class MyCore>
int run_service(const std::string& kind, int argc, const char* const* argv,
                typename detail::ConfigOf<MyCore>::Type defaults = {}) {
  auto& config = defaults;
  return run_service_process(
      kind, argc, argv, config::Settings(config), config,
      [&config](const actors::ServiceHandle& handle) { return detail::make_core<MyCore>(config, handle); });
}

}  // namespace shoal::sdk
