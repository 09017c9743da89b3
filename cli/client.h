// A client of one gateway, as `shoal chat`, `status` and `up` use it: a DEALER socket, one frame a message. Messages
// are maps as protocol/README.md, "Client edge", gives them. Lives on the thread that made it; not thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/result.h"
#include "base/time.h"

namespace shoal::cli {

using Json = nlohmann::json;

class Client {
public:
  // Returns once the gateway's handshake is through. Fails with no_gateway when nobody listens at `address` for the
  // whole of `wait`, wrong_port when what listens there does not answer as ZeroMQ does, bad_config when `address` is
  // none.
  static Result<Client> connect(const std::string& address, milliseconds wait);

  // The first of `addresses` that answers; the error of the last one if none does.
  static Result<Client> connect_any(const std::vector<std::string>& addresses, milliseconds wait);

  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  const std::string& address() const;

  // Hands the message to the socket.
  Result<void> send(const Json& message);

  // The next message; nothing if none came within `wait`. Fails with no_gateway once the gateway is gone, and with
  // malformed for a frame that is no map with a `type`.
  Result<std::optional<Json>> receive(milliseconds wait);

  // The processes that the gateway's router knows, as STATUS lists them.
  Result<Json> status(milliseconds wait);

private:
  struct Sockets;
  explicit Client(std::unique_ptr<Sockets> sockets);
  std::unique_ptr<Sockets> sockets_;
};

// Fields of a map from outside, which may be missing or of another type: then `otherwise`.
std::string text_field(const Json& map, const char* key, const std::string& otherwise = "");
std::uint64_t number_field(const Json& map, const char* key, std::uint64_t otherwise = 0);

// On stdout, one line, whatever bytes its texts hold.
void print_json(const Json& json);

// The error that an ERROR message reports.
Error error_of(const Json& message);

}  // namespace shoal::cli
