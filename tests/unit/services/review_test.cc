#include "services/gateway/review.h"

#include <doctest/doctest.h>

#include "base/limits.h"

using namespace shoal;
using gateway::Review;
using protocol::Channel;

namespace {

// A model whose ids are the bytes of its text, and what became of them.
struct Answer {
  explicit Answer(std::size_t stages = 1) : review(stages) {}

  void say(const std::string& content, const std::string& reasoning = "") {
    ids(reasoning + content, content, reasoning);
  }
  void ids(const std::string& bytes, const std::string& content, const std::string& reasoning = "") {
    protocol::Text text;
    text.content = content;
    text.reasoning = reasoning;
    text.ids.ids.assign(bytes.begin(), bytes.end());
    chain = chain_over(chain, text.ids.ids);
    position += static_cast<Position>(bytes.size());
    review.add(text, position, chain);
  }
  // What the stage is asked now; nothing if it is not.
  std::string ask(std::size_t stage = 0) { return review.begin(stage) ? review.window(stage).text : "-"; }
  // All that has passed since the last time: text, ids and position of each DELTA.
  std::string shown() {
    std::string all;
    for (const auto& passed : review.take_passed()) {
      all += (all.empty() ? "" : " ") + passed.text.reasoning + "|" + passed.text.content + ":" +
             std::string(passed.text.ids.ids.begin(), passed.text.ids.ids.end()) + ":" +
             std::to_string(passed.position);
    }
    return all;
  }

  Review review;
  Position position = 0;
  Chain chain = 99;
};

}  // namespace

TEST_CASE("text waits for its verdict, and what comes meanwhile joins the next window") {
  Answer answer;
  answer.say("one ");
  CHECK(answer.ask() == "one ");
  answer.say("two ");
  answer.say("three");
  CHECK(answer.ask() == "-");
  CHECK(answer.shown().empty());
  answer.review.pass(0, 0);
  CHECK(answer.shown() == "|one :one :4");
  CHECK(answer.ask() == "two three");
  CHECK(answer.review.window(0).before == "one ");
  CHECK(answer.review.window(0).position == 13);
}

TEST_CASE("the end is a window of its own if the last text was asked about already, and is asked once") {
  Answer answer;
  answer.say("one");
  CHECK(answer.ask() == "one");
  CHECK_FALSE(answer.review.window(0).is_final);
  answer.review.finish();
  answer.review.pass(0, 0);
  CHECK_FALSE(answer.review.done());
  CHECK(answer.ask() == "");
  CHECK(answer.review.window(0).is_final);
  CHECK(answer.review.window(0).hold_max == 0);
  answer.review.pass(0, 0);
  CHECK(answer.review.done());
  CHECK(answer.ask() == "-");
}

TEST_CASE("what a stage holds back comes again before what follows it, and its ids come with its end") {
  Answer answer;
  answer.say("call 55");
  CHECK(answer.ask() == "call 55");
  answer.review.pass(0, 2);
  CHECK(answer.shown() == "|call ::0");
  CHECK(answer.ask() == "-");  // nothing new
  CHECK(answer.review.idle() == 7);
  answer.say("12 now");
  CHECK(answer.ask() == "5512 now");
  CHECK(answer.review.window(0).before == "call ");
  answer.review.pass(0, 0);
  CHECK(answer.shown() == "|5512 now:call 5512 now:13");
  CHECK(answer.review.idle() == 0);
}

TEST_CASE("what is held back ends on a character boundary") {
  Answer answer;
  answer.say("ab\u00e9");
  CHECK(answer.ask() == "ab\u00e9");
  answer.review.pass(0, 1);
  CHECK(answer.shown() == "|ab::0");
}

TEST_CASE("a replaced text has no ids, nor has what was held back of it, and no chain tells them") {
  Answer answer;
  answer.say("pin ");
  answer.ask();
  answer.review.pass(0, 0);
  CHECK(answer.shown() == "|pin :pin :4");
  CHECK(answer.review.chain() == answer.chain);
  answer.say("4711 a");
  answer.ask();
  answer.review.replace(0, "**** ", 1);
  CHECK(answer.shown() == "|**** ::4");
  CHECK(answer.review.chain() == 0);
  answer.say("b");
  CHECK(answer.ask() == "ab");
  answer.review.pass(0, 0);
  CHECK(answer.shown() == "|a::10 |b:b:11");
  CHECK(answer.review.chain() == 0);  // the one of position 10 could be told from it
}

TEST_CASE("stages in a row see what the one before them passed") {
  Answer answer(2);
  answer.say("secret");
  CHECK(answer.ask(1) == "-");
  CHECK(answer.ask(0) == "secret");
  answer.review.replace(0, "word", 0);
  CHECK(answer.shown().empty());
  CHECK(answer.ask(1) == "word");
  answer.say(" two");
  CHECK(answer.ask(0) == " two");  // while the other one thinks
  answer.review.pass(1, 0);
  CHECK(answer.shown() == "|word::6");
  answer.review.finish();
  answer.review.pass(0, 0);
  CHECK(answer.ask(1) == " two");
  answer.review.pass(1, 0);
  CHECK(answer.ask(0) == "");
  CHECK(answer.ask(1) == "-");
  answer.review.pass(0, 0);
  CHECK(answer.ask(1) == "");
  CHECK_FALSE(answer.review.done());
  answer.review.pass(1, 0);
  CHECK(answer.review.done());
  CHECK(answer.shown() == "| two: two:10");
}

TEST_CASE("a window is of one channel, and nothing is held back at the end of one") {
  Answer answer;
  answer.say("", "think");
  answer.say("say", "ing");
  CHECK(answer.ask() == "thinking");
  CHECK(answer.review.window(0).channel == Channel::reasoning);
  CHECK(answer.review.window(0).hold_max == 0);
  answer.review.pass(0, 0);
  CHECK(answer.ask() == "say");
  CHECK(answer.review.window(0).channel == Channel::content);
  CHECK(answer.review.window(0).before.empty());
  answer.review.pass(0, 0);
  CHECK(answer.shown() == "thinking|say:thinkingsay:11");
}

TEST_CASE("ids without text wait for the text that comes of them, but not for ever") {
  Answer answer;
  answer.ids("\xc3", "");
  CHECK(answer.ask() == "-");
  CHECK(answer.review.idle() == 1);
  answer.ids("\xa9", "\u00e9");
  answer.ids("x", "");
  CHECK(answer.ask() == "\u00e9");
  CHECK(answer.review.window(0).position == 2);
  answer.review.pass(0, 0);
  answer.ids(std::string(limits::ahead_ids_max / 2, 'x'), "");
  CHECK(answer.ask() == "");
  CHECK(answer.review.window(0).hold_max == 0);
  CHECK_FALSE(answer.review.window(0).is_final);
}

TEST_CASE("a stage is not asked about more text at once than the bound, unless it came at once") {
  Answer answer;
  const std::string half(limits::review_text_bytes_max / 2 + 1, 'x');
  answer.ids("a", half);
  answer.ids("b", half);
  CHECK(answer.ask() == half);
  answer.review.pass(0, 0);
  CHECK(answer.ask() == half);
}

TEST_CASE("what was passed before is remembered up to its bound, whole characters of it") {
  Answer answer;
  answer.say(std::string(limits::review_before_bytes_max, 'x') + "\u00e9");
  answer.ask();
  answer.review.pass(0, 0);
  answer.say("y");
  answer.ask();
  CHECK(answer.review.window(0).before == std::string(limits::review_before_bytes_max - 2, 'x') + "\u00e9");
  answer.say("z");
  answer.review.pass(0, 0);
  answer.ask();
  CHECK(answer.review.window(0).before == std::string(limits::review_before_bytes_max - 3, 'x') + "\u00e9y");
}

TEST_CASE("a stage that is skipped lets pass what waits and what comes") {
  Answer answer(2);
  answer.say("one");
  answer.ask(0);
  answer.review.skip(0);
  CHECK(answer.ask(1) == "one");
  answer.review.skip(1);
  answer.say(" two");
  CHECK(answer.shown() == "|one two:one two:7");
  answer.review.finish();
  CHECK(answer.review.done());
}

TEST_CASE("the last stage skipped after the end is the end") {
  Answer answer;
  answer.say("one");
  answer.review.finish();
  answer.ask();
  answer.review.skip(0);
  CHECK(answer.shown() == "|one:one:3");
  CHECK(answer.review.done());
}
