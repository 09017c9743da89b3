#include "actors/net/zmtp/wire.h"

namespace shoal::actors::zmtp {
namespace {

constexpr std::size_t short_bytes_max = 255;

void append_big_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
}

std::string command(std::string_view name, std::string_view data) {
  std::string out;
  append_header(out, flag_command, 1 + name.size() + data.size());
  out += static_cast<char>(name.size());
  return out.append(name).append(data);
}

}  // namespace

std::string greeting() {
  std::string out(greeting_bytes, '\0');
  out[0] = '\xff';
  out[signature_bytes - 1] = '\x7f';
  out[signature_bytes] = 3;
  out[signature_bytes + 1] = 1;
  return out.replace(mechanism_at, 4, "NULL");
}

std::string ready(std::string_view socket_type) {
  constexpr std::string_view name = "Socket-Type";
  std::string properties(1, static_cast<char>(name.size()));
  properties += name;
  append_big_endian(properties, socket_type.size(), 4);
  return command("READY", properties.append(socket_type));
}

std::string error(std::string_view reason) {
  reason = reason.substr(0, short_bytes_max);
  return command("ERROR", std::string(1, static_cast<char>(reason.size())).append(reason));
}

std::string pong(std::string_view context) { return command("PONG", context); }

void append_header(std::string& out, std::uint8_t flags, std::size_t bytes) {
  const bool is_long = bytes > short_bytes_max;
  out += static_cast<char>(is_long ? flags | flag_long : flags);
  append_big_endian(out, bytes, is_long ? 8 : 1);
}

void append_frame(std::string& out, std::string_view frame, bool more) {
  append_header(out, more ? flag_more : 0, frame.size());
  out += frame;
}

}  // namespace shoal::actors::zmtp
