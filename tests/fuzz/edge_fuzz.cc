// Any bytes from a client, on a connection or published: read or refused, and what was read is read again from what
// another library makes of it. The same bytes as what processes answer a gateway: its table, a stage's verdict.
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/check.h"
#include "base/limits.h"
#include "protocol/edge/edge.h"
#include "protocol/stage.h"
#include "tests/unit/protocol/edge_pack.h"

namespace {

using namespace shoal::protocol;

// A published request that is refused is answered under its client, or under the empty topic.
void check(std::string_view frame, edge::Port port) {
  const auto parsed = edge::parse(frame, port);
  if (const auto* bad = std::get_if<edge::BadRequest>(&parsed)) {
    SHOAL_CHECK(bad->client.size() <= shoal::limits::client_id_bytes_max);
    SHOAL_CHECK(port == edge::Port::publish || bad->client.empty());
    SHOAL_CHECK(!samples::unpack(edge::error(bad->id, bad->error)).at("message").get<std::string>().empty());
    return;
  }
  const auto& request = std::get<edge::Request>(parsed);
  const auto* submit = std::get_if<edge::Submit>(&request);
  SHOAL_CHECK(port == edge::Port::client || (submit != nullptr && !submit->client.empty()));
  const auto again = edge::parse(samples::pack(request), port);
  SHOAL_CHECK(std::holds_alternative<edge::Request>(again));
  SHOAL_CHECK(std::get<edge::Request>(again) == request);
}

// What a gateway packs, a stage reads, and the other way round.
void check_stage(const Bytes& payload) {
  if (const auto answer = parse_stage_answer(payload)) {
    const auto again = parse_stage_answer(pack(*answer));
    SHOAL_CHECK(again.has_value() && pack(*again) == pack(*answer));
  } else {
    SHOAL_CHECK(!answer.error().text.empty());
  }
  if (const auto request = parse_stage_request(payload)) {
    SHOAL_CHECK(parse_stage_request(pack(*request)).value() == *request);
  } else {
    SHOAL_CHECK(!request.error().text.empty());
  }
}

// Likewise about answers.
void check_review(const Bytes& payload) {
  if (const auto answer = parse_review_answer(payload)) {
    const auto again = parse_review_answer(pack(*answer));
    SHOAL_CHECK(again.has_value() && pack(*again) == pack(*answer));
  } else {
    SHOAL_CHECK(!answer.error().text.empty());
  }
  if (const auto request = parse_review_request(payload)) {
    SHOAL_CHECK(parse_review_request(pack(*request)).value() == *request);
  } else {
    SHOAL_CHECK(!request.error().text.empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view frame(reinterpret_cast<const char*>(data), size);
  check(frame, edge::Port::client);
  check(frame, edge::Port::publish);
  if (const auto processes = edge::unpack_processes({std::string(frame)})) {
    SHOAL_CHECK(edge::unpack_processes(edge::pack_processes(*processes)).value() == *processes);
  }
  check_stage({std::string(frame)});
  check_review({std::string(frame)});
  return 0;
}
