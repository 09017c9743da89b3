#include "services/gateway/publish_addresses.h"

#include <charconv>
#include <cstdint>

namespace shoal::gateway {
namespace {

constexpr std::uint32_t port_max = 65'535;

Result<std::string> above(const std::string& client_bind, std::uint32_t step, const std::string& suffix,
                          const std::string& setting) {
  if (client_bind.starts_with("ipc://")) return client_bind + suffix;
  const std::size_t colon = client_bind.rfind(':');
  const std::string host = client_bind.substr(0, colon + 1);
  std::uint32_t port = 0;
  const char* const digits = client_bind.data() + host.size();
  const char* const end = client_bind.data() + client_bind.size();
  const auto read = std::from_chars(digits, end, port);
  if (read.ptr != end || read.ec != std::errc() || port == 0) {
    // "*", or no port at all: any free one.
    return client_bind.ends_with(":*") ? client_bind : client_bind + ":*";
  }
  if (port + step <= port_max) return host + std::to_string(port + step);
  return Error{Code::bad_config, setting + ": there is no port " + std::to_string(step) +
                                     " above that of client_bind (" + client_bind + "); set " + setting +
                                     ", or publish_bind=none"};
}

}  // namespace

Result<PublishAddresses> publish_addresses(const std::string& client_bind, const std::string& publish_bind,
                                           const std::string& answers_bind) {
  PublishAddresses addresses{publish_bind, answers_bind};
  if (publish_bind == "none") {
    if (answers_bind.empty()) return PublishAddresses{};
    return Error{Code::bad_config, "answers_bind: without a publish port (publish_bind=none) there are no answers"};
  }
  if (publish_bind.empty()) {
    auto derived = above(client_bind, 1, ".publish", "publish_bind");
    SHOAL_TRY(derived);
    addresses.requests = *std::move(derived);
  }
  if (answers_bind.empty()) {
    auto derived = above(client_bind, 2, ".answers", "answers_bind");
    SHOAL_TRY(derived);
    addresses.answers = *std::move(derived);
  }
  return addresses;
}

}  // namespace shoal::gateway
