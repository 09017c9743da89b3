// Any bytes on a client's connection, cut anywhere: the same events as when they come at once, within the bounds, and
// nothing after the end. The first byte is the role, the second the size of the pieces.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/net/zmtp/session.h"
#include "base/check.h"
#include "base/limits.h"

namespace {

using namespace shoal::actors::zmtp;

// What came of the bytes, as text.
std::string events(Role role, std::string_view bytes, std::size_t piece) {
  Session session(role);
  std::string seen;
  std::string unread;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    unread += bytes.substr(at, piece);
    std::string_view view = unread;
    for (auto event = session.next(view); event != Session::Event::starved; event = session.next(view)) {
      seen += std::to_string(static_cast<int>(event)) + " ";
      if (event == Session::Event::message) {
        const auto message = session.take_message();
        SHOAL_CHECK(!message.empty() && message.size() <= shoal::limits::edge_frames_max);
        for (const std::string& frame : message) seen += frame + "|";
      } else if (event == Session::Event::broken) {
        SHOAL_CHECK(!session.why().empty() && !session.is_open());
        return seen + session.why() + session.take_to_send();
      } else if (event != Session::Event::opened) {
        seen += session.take_topic();
      }
    }
    SHOAL_CHECK(view.empty());
    SHOAL_CHECK(session.held_bytes() <= bytes.size());
    unread.clear();
  }
  return seen + session.take_to_send();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const auto role = static_cast<Role>(data[0] % 3);
  const std::size_t piece = 1 + data[1] % 64;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 2), size - 2);
  SHOAL_CHECK(events(role, bytes, piece) == events(role, bytes, bytes.size()));
  return 0;
}
