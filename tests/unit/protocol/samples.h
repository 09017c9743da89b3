// One message of each type with every field different from its default, made from the list of fields, so that a new
// field is in the samples, the goldens and every test that walks over them from its first day.
#pragma once

#include <string>
#include <type_traits>
#include <vector>

#include "protocol/codec.h"
#include "protocol/describe.h"

namespace shoal::protocol::samples {

// Counts upwards, so that no two fields hold the same number.
class Filler {
public:
  template <class Member>
  void operator()(const char* field, Member& member, const Bound& bound) {
    fill(field, member, bound);
  }

private:
  template <class T>
  void fill(const char* field, T& out, const Bound& bound) {
    ++count_;
    if constexpr (std::is_same_v<T, std::string>) {
      out = field + std::string(" ä ") + std::to_string(count_);
    } else if constexpr (std::is_same_v<T, Bytes>) {
      out.bytes = std::string("\x00\xff", 2) + std::to_string(count_);
    } else if constexpr (std::is_same_v<T, Ids>) {
      out.ids = {count_, 0, 128'799 + count_, 0xfffffffe};
    } else if constexpr (std::is_same_v<T, bool>) {
      out = true;
    } else if constexpr (std::is_floating_point_v<T>) {
      out = static_cast<T>(count_) + static_cast<T>(0.375);
    } else if constexpr (std::is_same_v<T, Code>) {
      out = Code::no_router;
    } else if constexpr (std::is_same_v<T, Type>) {
      out = Type::generate;
    } else if constexpr (std::is_same_v<T, Finish>) {
      out = Finish::length;
    } else if constexpr (std::is_same_v<T, Reasoning>) {
      out = Reasoning::begun;
    } else if constexpr (std::is_same_v<T, StreamState>) {
      out = StreamState::parked;
    } else if constexpr (List<T>) {
      out.resize(2);
      for (auto& entry : out) fill(field, entry, entry_bound(bound));
    } else if constexpr (Part<T>) {
      T::fields(out, *this);
    } else {
      // Fills the width of the type, so that a decoder with narrower integers is found out.
      out = static_cast<T>(static_cast<T>(~T{0}) - static_cast<T>(count_));
    }
  }

  std::uint32_t count_ = 0;
};

inline Head head(Type type) {
  Head head;
  head.version = version;
  head.type = type;
  head.flags = flag::critical | flag::last;
  for (std::size_t i = 0; i < head.request.bytes.size(); ++i)
    head.request.bytes[i] = static_cast<std::uint8_t>(0xa0 + i);
  head.choice = 3;
  head.attempt = {.term = 2, .redispatch = 5};
  head.position = 70'000;
  head.chain = 0xf123'4567'89ab'cdef;
  head.budget_ms = 599'999;
  head.tier = Tier::batch;
  head.trace.emplace();
  for (std::size_t i = 0; i < head.trace->size(); ++i) (*head.trace)[i] = static_cast<std::uint8_t>(i + 1);
  return head;
}

template <class T>
T body() {
  T body;
  Filler filler;
  T::fields(body, filler);
  if constexpr (std::is_same_v<T, Tokens>) {
    body.counts = {2, 2};  // they add up to the ids
    body.flags[0] &= ~row_has_logprobs;
    body.flags[1] |= row_has_logprobs;
  }
  if constexpr (std::is_same_v<T, Text>) body.logprobs.resize(4, body.logprobs.back());
  return body;
}

template <class T>
Message message() {
  return make_message(body<T>(), head(T::type));
}

// In the order of Body.
inline std::vector<Message> all() {
  std::vector<Message> messages;
  each_message_type([&messages]<class T>() { messages.push_back(message<T>()); });
  return messages;
}

// The frames as a receiver sees them; `frames` must outlive the result.
inline std::vector<std::string_view> views(const Frames& frames) { return {frames.begin(), frames.end()}; }

}  // namespace shoal::protocol::samples
