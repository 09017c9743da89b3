#include "config/checks.h"

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

}  // namespace

bool is_loopback(std::string_view address) {
  return starts_with_any(address, {"ipc://", "tcp://127.", "tcp://localhost:", "tcp://[::1]:"});
}

Result<void> check_routers(const std::vector<std::string>& routers) {
  if (routers.empty()) return bad_config("routers: expected at least one address, as in tcp://127.0.0.1:5570");
  if (routers.size() > limits::seeds_max) {
    return bad_config("routers: expected at most " + std::to_string(limits::seeds_max) + " addresses, got " +
                      std::to_string(routers.size()));
  }
  for (const std::string& router : routers) {
    if (!starts_with_any(router, {"tcp://", "ipc://"}) || router.size() > limits::address_bytes_max) {
      return bad_config("routers: \"" + router + "\" is no address: expected tcp://HOST:PORT or ipc://PATH");
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
