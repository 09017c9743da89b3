// The bytes of version 1, frozen: tests/golden/messages/<NAME>.hex holds each message with every field set: exactly as
// this version writes it, with head and body one field shorter, and with both one field longer. Run with
// SHOAL_WRITE_GOLDENS=1 to write the files of messages that have none yet; existing files are never changed.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "protocol/codec.h"
#include "tests/unit/protocol/json_body.h"
#include "tests/unit/protocol/samples.h"

namespace shoal::protocol {
namespace {

using samples::Json;
using samples::JsonBody;
using samples::views;

const std::filesystem::path folder = std::filesystem::path(SHOAL_SOURCE_DIR) / "tests/golden/messages";

template <class T>
std::filesystem::path file() {
  return folder / (name(T::type) + ".hex");
}

std::string hex(std::string_view bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) out += {digits[static_cast<unsigned char>(c) >> 4], digits[c & 15]};
  return out;
}

std::string unhex(const std::string& digits) {
  std::string out;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    out.push_back(static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16)));
  }
  return out;
}

// One line a frame: form, what the frame is, its bytes.
std::string spell(const char* form, const Frames& frames) {
  std::string out;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const char* const frame = i == 0 ? " head " : i == 1 ? " body " : " attachment ";
    out.append(form).append(frame).append(hex(frames[i])).append("\n");
  }
  return out;
}

template <class T>
std::string read_file() {
  std::ifstream in(file<T>());
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// The frames of one form, as committed.
template <class T>
Frames golden(const std::string& wanted) {
  Frames frames;
  std::stringstream lines(read_file<T>());
  for (std::string line; std::getline(lines, line);) {
    std::stringstream words(line);
    std::string form;
    std::string frame;
    std::string digits;
    words >> form >> frame >> digits;
    if (form == wanted) frames.push_back(unhex(digits));
  }
  REQUIRE_MESSAGE(frames.size() >= 2, "no golden of ", name(T::type));
  return frames;
}

// How many attachments the last field brings.
template <class T>
std::size_t last_attachments(const T& body) {
  std::size_t last = 0;
  auto visit = [&last](const char*, const auto& member, const Bound&) {
    JsonBody alone;
    samples::ToJson{alone}.value(member);
    last = alone.attachments.size();
  };
  T::fields(body, visit);
  return last;
}

template <class T>
Frames make_shorter() {
  T body = samples::body<T>();
  if constexpr (std::is_same_v<T, Tokens>) body.flags[1] &= ~row_has_logprobs;  // the missing field
  Json head = samples::to_json(samples::head(T::type));
  head.erase(head.size() - 1);
  JsonBody shorter = samples::to_json_body(body);
  if (!shorter.array.empty()) shorter.array.erase(shorter.array.size() - 1);
  shorter.attachments.resize(shorter.attachments.size() - last_attachments(body));
  return samples::to_frames(head, shorter);
}

template <class T>
Frames make_longer() {
  Json head = samples::to_json(samples::head(T::type));
  head.push_back("later");
  JsonBody longer = samples::to_json_body(samples::body<T>());
  longer.array.push_back("later");
  return samples::to_frames(head, longer);
}

template <class T>
Message decoded(const Frames& frames) {
  auto message = decode(views(frames));
  REQUIRE_MESSAGE(message.has_value(), name(T::type), " ", message.error().text);
  return *std::move(message);
}

}  // namespace

TEST_CASE("every message has committed bytes") {
  const bool write = std::getenv("SHOAL_WRITE_GOLDENS") != nullptr;
  each_message_type([write]<class T>() {
    if (write && !std::filesystem::exists(file<T>())) {
      std::filesystem::create_directories(folder);
      std::ofstream(file<T>()) << spell("exact", encode(samples::message<T>())) << spell("shorter", make_shorter<T>())
                               << spell("longer", make_longer<T>());
    }
    CHECK_MESSAGE(std::filesystem::exists(file<T>()), name(T::type));
  });
}

TEST_CASE("messages are written as the committed bytes") {
  each_message_type([]<class T>() {
    CAPTURE(name(T::type));
    CHECK(spell("exact", encode(samples::message<T>())) == spell("exact", golden<T>("exact")));
  });
}

TEST_CASE("the committed bytes are read as the messages") {
  each_message_type([]<class T>() { CHECK(decoded<T>(golden<T>("exact")) == samples::message<T>()); });
}

TEST_CASE("a message one field longer is read as if it had none of it") {
  each_message_type([]<class T>() { CHECK(decoded<T>(golden<T>("longer")) == samples::message<T>()); });
}

TEST_CASE("a message one field shorter has the default there and everything else") {
  each_message_type([]<class T>() {
    CAPTURE(name(T::type));
    const Message message = decoded<T>(golden<T>("shorter"));
    Head head = samples::head(T::type);
    head.trace.reset();
    CHECK(message.head == head);

    T full = samples::body<T>();
    if constexpr (std::is_same_v<T, Tokens>) full.flags[1] &= ~row_has_logprobs;
    Json expected = samples::to_json_body(full).array;
    if (!expected.empty()) expected.back() = samples::to_json_body(T{}).array.back();
    CHECK(samples::to_json_body(std::get<T>(message.body)).array == expected);
  });
}

}  // namespace shoal::protocol
