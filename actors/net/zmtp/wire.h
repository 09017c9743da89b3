// ZMTP 3.1 as bytes: the greeting, commands and frames that one side sends (rfc.zeromq.org/spec/37, security mechanism
// NULL). What comes in is Session's. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace shoal::actors::zmtp {

inline constexpr std::uint8_t flag_more = 1;     // another frame of the same message follows
inline constexpr std::uint8_t flag_long = 2;     // the size has 8 bytes instead of 1
inline constexpr std::uint8_t flag_command = 4;  // of the protocol itself
inline constexpr std::size_t greeting_bytes = 64;
inline constexpr std::size_t signature_bytes = 10;
inline constexpr std::size_t mechanism_at = 12;
inline constexpr std::size_t mechanism_bytes = 20;

// The first 64 bytes of either side: version 3.1, NULL.
std::string greeting();

// Ends the handshake; `socket_type` as the specification spells it ("ROUTER").
std::string ready(std::string_view socket_type);

// Ends the connection instead; at most 255 bytes of `reason` are sent.
std::string error(std::string_view reason);

// The answer to a PING.
std::string pong(std::string_view context);

// The flags and the size of a frame of so many bytes, which follow it.
void append_header(std::string& out, std::uint8_t flags, std::size_t bytes);

// One frame of a message.
void append_frame(std::string& out, std::string_view frame, bool more);

}  // namespace shoal::actors::zmtp
