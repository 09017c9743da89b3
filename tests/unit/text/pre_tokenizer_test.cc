#include "text/tokenizer/pre_tokenizer.h"

#include <doctest/doctest.h>

#include "tests/unit/text/fixture.h"

using namespace shoal;
using namespace shoal::text;

namespace {

using Pieces = std::vector<std::string>;

Pieces pieces(const json& stages, std::string_view text) {
  const auto parsed = PreTokenizer::parse(JsonView(stages, "pre_tokenizer"));
  REQUIRE(parsed);
  Pieces out;
  REQUIRE(parsed->split(text, parsed->make_scratch(), [&](std::string_view piece) {
    out.emplace_back(piece);
    return true;
  }));
  return out;
}

json sequence(const json& stage) { return {{"type", "Sequence"}, {"pretokenizers", {stage, byte_level()}}}; }

std::string refusal(const json& stages) {
  const auto parsed = PreTokenizer::parse(JsonView(stages, "file: pre_tokenizer"));
  return parsed ? "" : parsed.error().text;
}

}  // namespace

TEST_CASE("each stage sees the borders of the pieces before it") {
  // The spaces stand at the end of their piece, because the digits are a piece: all of them are taken at once.
  CHECK(pieces(v3_pre_tokenizer(), "a   12345") == Pieces{"a", "   ", "123", "45"});
  CHECK(pieces(v3_pre_tokenizer(), "a   b") == Pieces{"a", "  ", " b"});
  CHECK(pieces(v3_pre_tokenizer(), "你好world!\r\n\r\nx") == Pieces{"你好", "world", "!\r\n\r\n", "x"});
}

TEST_CASE("digits are split off one by one or as runs") {
  const auto digits = [](bool individual) { return sequence({{"type", "Digits"}, {"individual_digits", individual}}); };
  CHECK(pieces(digits(true), "ab12½c") == Pieces{"ab", "1", "2", "½", "c"});
  CHECK(pieces(digits(false), "ab12½c") == Pieces{"ab", "12½", "c"});
}

TEST_CASE("a string is split off wherever it stands") {
  const json split = {{"type", "Split"}, {"pattern", {{"String", "a.b"}}}, {"behavior", "Isolated"}, {"invert", false}};
  CHECK(pieces(sequence(split), "xa.baxb") == Pieces{"x", "a.b", "axb"});
}

TEST_CASE("ByteLevel splits by GPT-2's expression when it is told to") {
  CHECK(pieces(byte_level(true), "I'll go  on") == Pieces{"I", "'ll", " go", " ", " on"});
  CHECK(pieces(byte_level(false), "I'll go  on") == Pieces{"I'll go  on"});
}

TEST_CASE("stages that are not understood are refused with their place") {
  CHECK(refusal({{"type", "Metaspace"}})
            .find("file: pre_tokenizer: expected type Sequence, Split, Digits or ByteLevel, "
                  "not Metaspace") == 0);
  CHECK(refusal({{"type", "Digits"}, {"individual_digits", true}}).find("ByteLevel stage at the end") !=
        std::string::npos);
  CHECK(refusal({{"type", "ByteLevel"}, {"add_prefix_space", true}}).find("add_prefix_space false") !=
        std::string::npos);
  json removed = {{"type", "Split"}, {"pattern", {{"Regex", "a"}}}, {"behavior", "Removed"}, {"invert", false}};
  CHECK(refusal(sequence(removed)).find("pretokenizers[0]: expected behavior Isolated") != std::string::npos);
  json wrong = {{"type", "Split"}, {"pattern", {{"Regex", "(a"}}}, {"behavior", "Isolated"}, {"invert", false}};
  CHECK(refusal(sequence(wrong)).find("not valid at byte 2") != std::string::npos);
}
