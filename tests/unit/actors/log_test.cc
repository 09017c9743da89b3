#include "actors/host/log.h"

#include <chrono>

#include <doctest/doctest.h>

using namespace shoal;
using namespace shoal::actors;

namespace {

const auto moment = std::chrono::system_clock::time_point(std::chrono::milliseconds(1'700'000'000'123));

}  // namespace

TEST_CASE("a line of text begins with time, level, kind and epoch") {
  CHECK(log_line({.kind = "router", .epoch = "0a"}, moment, "info", "event=joined node=left") ==
        "time=2023-11-14T22:13:20.123Z level=info kind=router epoch=0a event=joined node=left");
}

TEST_CASE("a line of JSON has the same keys, with whatever the values hold") {
  CHECK(log_line({.format = "json", .kind = "router"}, moment, "error", "event=x text=\"a \\\"b\\\"\\n\" and more") ==
        R"({"time":"2023-11-14T22:13:20.123Z","level":"error","kind":"router","event":"x","text":"a \"b\"\n",)"
        R"("text_2":"and more"})");
  CHECK(log_line({.format = "json"}, moment, "info", "a=\xff") ==
        "{\"time\":\"2023-11-14T22:13:20.123Z\",\"level\":\"info\",\"a\":\"\xef\xbf\xbd\"}");
}

TEST_CASE("a key that the line has already is kept under another name") {
  CHECK(log_line({.format = "json", .kind = "router"}, moment, "info", "kind=inference") ==
        R"({"time":"2023-11-14T22:13:20.123Z","level":"info","kind":"router","kind_2":"inference"})");
}

TEST_CASE("a text from outside cannot begin a line of its own") {
  CHECK(log_line({}, moment, "info", "a=b\ntime=now\x1b[2J").find_first_of("\n\x1b") == std::string::npos);
}
