#include "config/checks.h"

#include <charconv>
#include <cstdint>
#include <initializer_list>
#include <utility>

#include "base/limits.h"

namespace shoal::config {
namespace {

Error bad_config(std::string text) { return {Code::bad_config, std::move(text)}; }

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> prefixes) {
  for (const std::string_view prefix : prefixes) {
    if (text.starts_with(prefix)) return true;
  }
  return false;
}

// Where something can be dialled: a path, or a host and a port.
bool can_be_dialled(std::string_view address) {
  if (address.starts_with("ipc://")) return true;
  if (!address.starts_with("tcp://")) return false;
  address.remove_prefix(std::string_view("tcp://").size());
  const std::size_t colon = address.rfind(':');
  if (colon == 0 || colon == address.npos) return false;
  const std::string_view port = address.substr(colon + 1);
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  return error == std::errc() && end == port.data() + port.size() && number > 0;
}

}  // namespace

std::string with_transport(const std::string& address) {
  if (address.find("://") != std::string::npos) return address;
  const bool is_port = address.find_first_not_of("0123456789") == std::string::npos;
  return (is_port ? "tcp://127.0.0.1:" : "tcp://") + address;
}

std::vector<std::string> with_transports(std::vector<std::string> addresses) {
  for (std::string& address : addresses) address = with_transport(address);
  return addresses;
}

bool is_loopback(std::string_view address) {
  return starts_with_any(address, {"ipc://", "tcp://127.", "tcp://localhost:", "tcp://[::1]:"});
}

Result<void> check_routers(const std::vector<std::string>& routers) {
  if (routers.empty()) return bad_config("routers: expected at least one address, as in 127.0.0.1:5570");
  if (routers.size() > limits::seeds_max) {
    return bad_config("routers: expected at most " + std::to_string(limits::seeds_max) + " addresses, got " +
                      std::to_string(routers.size()));
  }
  for (const std::string& router : routers) {
    const std::string address = with_transport(router);
    if (!can_be_dialled(address) || address.size() > limits::address_bytes_max) {
      return bad_config("routers: \"" + router +
                        "\" is no address: expected HOST:PORT, as in 127.0.0.1:5570, or ipc://PATH");
    }
  }
  return {};
}

Result<void> check_bind(std::string_view key, const std::string& bind, bool insecure) {
  if (!starts_with_any(bind, {"tcp://", "ipc://"})) {
    return bad_config(std::string(key) + ": \"" + bind + "\" is no address: expected tcp://HOST:PORT or ipc://PATH");
  }
  if (is_loopback(bind) || insecure) return {};
  return bad_config(
      std::string(key) + ": " + bind +
      " can be reached from other hosts, and there are no keys yet that would protect it: use loopback or "
      "ipc, or say --insecure on a network that you trust");
}

}  // namespace shoal::config
