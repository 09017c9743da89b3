// Any bytes from a client: read or refused, and what was read is read again from what another library makes of it.
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/check.h"
#include "protocol/edge.h"
#include "tests/unit/protocol/edge_pack.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal::protocol;
  const std::string_view frame(reinterpret_cast<const char*>(data), size);
  const auto parsed = edge::parse(frame);
  if (const auto* bad = std::get_if<edge::BadRequest>(&parsed)) {
    SHOAL_CHECK(!samples::unpack(edge::error(bad->id, bad->error)).at("message").get<std::string>().empty());
  } else {
    const auto& request = std::get<edge::Request>(parsed);
    const auto again = edge::parse(samples::pack(request));
    SHOAL_CHECK(std::holds_alternative<edge::Request>(again));
    SHOAL_CHECK(std::get<edge::Request>(again) == request);
  }
  const auto published = edge::parse(frame, edge::Port::publish);
  if (const auto* bad = std::get_if<edge::BadRequest>(&published)) SHOAL_CHECK(!bad->error.text.empty());
  // The same bytes as the payload of a CALL's RESULT.
  if (const auto processes = edge::unpack_processes({std::string(frame)})) {
    SHOAL_CHECK(edge::unpack_processes(edge::pack_processes(*processes)).value() == *processes);
  }
  return 0;
}
