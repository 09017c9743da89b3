// Any bytes as the body of any message, with attachments of any size: decoded or refused, and what was decoded comes
// back from its own bytes. An input is the number of a type, how many attachments, the size of each, and the body.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "protocol/codec.h"
#include "protocol/describe.h"

namespace {

using namespace shoal::protocol;

std::vector<Type> all_types() {
  std::vector<Type> types;
  each_message_type([&types]<class T>() { types.push_back(T::type); });
  return types;
}

// Every byte names some type; the numbers of the specification name their own.
Type type_of(std::uint8_t byte) {
  static const std::vector<Type> types = all_types();
  const auto same = std::find(types.begin(), types.end(), static_cast<Type>(byte));
  return same == types.end() ? types[byte % types.size()] : *same;
}

std::vector<std::string_view> views(const Frames& frames) { return {frames.begin(), frames.end()}; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto take = [&input]() -> std::uint8_t {
    if (input.empty()) return 0;
    const auto byte = static_cast<std::uint8_t>(input.front());
    input.remove_prefix(1);
    return byte;
  };
  Head head;
  head.type = type_of(take());
  Frames rest(1);
  for (int attachments = take() % 6; attachments > 0; --attachments) rest.emplace_back(std::size_t{take()} % 65, 'i');
  rest[0] = input;

  const auto message = decode(head, views(rest));
  if (!message) {
    SHOAL_CHECK(!message.error().text.empty());
    return 0;
  }
  const Frames frames = encode(*message);
  const auto again = decode(views(frames));
  SHOAL_CHECK(again.has_value());
  SHOAL_CHECK(encode(*again) == frames);  // bytes, because NaN equals nothing
  return 0;
}
