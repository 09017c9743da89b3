#include "base/error.h"

#include <array>
#include <cstddef>

namespace shoal {
namespace {

// In the order of Code's numbers.
constexpr std::array<std::string_view, 34> names = {
    "ok",
    "internal",
    "invalid_request",
    "unknown_type",
    "unknown_field",
    "unknown_model",
    "too_large",
    "context_length",
    "duplicate_id",
    "unknown_id",
    "busy",
    "grant_expired",
    "no_gateway",
    "no_preprocess",
    "no_router",
    "no_inference",
    "no_postprocess",
    "no_compatible_worker",
    "deadline_exceeded",
    "cancelled",
    "peer_lost",
    "poison",
    "unsupported_version",
    "wrong_port",
    "malformed",
    "io",
    "bad_checkpoint",
    "bad_config",
    "timeout",
    "refused",
    "no_service",
    "draining",
    "not_finite",
    "client_stalled",
};

}  // namespace

std::string_view name(Code code) {
  const auto number = static_cast<std::size_t>(code);
  return number < names.size() ? names[number] : "unknown_code";
}

std::optional<Code> code_of(std::string_view wanted) {
  for (std::size_t number = 0; number < names.size(); ++number) {
    if (names[number] == wanted) return static_cast<Code>(number);
  }
  return std::nullopt;
}

}  // namespace shoal
