#include "text/tokenizer.h"

#include <algorithm>
#include <thread>

#include <doctest/doctest.h>

#include "tests/unit/text/fixture.h"

using namespace shoal;
using namespace shoal::text;

namespace {

using Ids = std::vector<TokenId>;

std::shared_ptr<const Tokenizer> load(const json& tokenizer) {
  auto loaded = try_load(tokenizer);
  if (!loaded) FAIL(loaded.error().text);
  return *loaded;
}

}  // namespace

TEST_CASE("markers are found where they are asked for, and only there") {
  const auto tokenizer = load(tokenizer_json());
  CHECK(*tokenizer->encode("a<｜User｜>b<think>", Parse::control) == Ids{'a', user, 'b', think});
  const Ids plain = *tokenizer->encode("a<｜User｜>b<think></think><｜end▁of▁sentence｜>", Parse::plain);
  for (const TokenId id : plain) CHECK(!tokenizer->is_control(id));
}

TEST_CASE("of the markers that begin at one place the longest is found") {
  json tokenizer = tokenizer_json();
  tokenizer["added_tokens"].push_back(added_token(1010, "<a", false));
  tokenizer["added_tokens"].push_back(added_token(1011, "<a><b>", false));
  const auto loaded = load(tokenizer);
  CHECK(*loaded->encode("<a><b><a><a", Parse::control) == Ids{1011, 1010, '>', 1010});
}

TEST_CASE("an added token that is plain text is text for everybody") {
  json tokenizer = tokenizer_json();
  tokenizer["added_tokens"].push_back(added_token(1010, "ŝ", false));
  const auto loaded = load(tokenizer);
  CHECK(!loaded->is_control(1010));
  CHECK(*loaded->encode("xŝy", Parse::plain) == Ids{'x', 1010, 'y'});
}

TEST_CASE("a vocabulary may lack bytes that UTF-8 never has, and name them among the added tokens") {
  json tokenizer = tokenizer_json();
  tokenizer["model"]["vocab"].erase(token_of_bytes("\xF8"));  // written as ø
  tokenizer["added_tokens"].push_back(added_token(1010, "ø", false));
  const auto loaded = load(tokenizer);
  CHECK(*loaded->encode("ø", Parse::plain) == Ids{1010});
  CHECK(loaded->bytes(1010) == "ø");
}

TEST_CASE("normalised markers are sought in the normalised text") {
  json tokenizer = tokenizer_json();
  tokenizer["normalizer"] = {{"type", "NFC"}};
  tokenizer["added_tokens"].push_back(
      {{"id", 1010}, {"content", "<e\u0301>"}, {"special", false}, {"normalized", true}});
  const auto loaded = load(tokenizer);
  CHECK(*loaded->encode("<e\u0301><\u00E9>", Parse::control) == Ids{1010, 1010});
  CHECK(loaded->decode(*loaded->encode("e\u0301", Parse::plain)) == "\u00E9");
}

TEST_CASE("a token knows its bytes, an unknown id has none") {
  const auto tokenizer = load(tokenizer_json({{" ", "a"}}));
  CHECK(tokenizer->bytes(256) == " a");
  CHECK(tokenizer->bytes(user) == "<｜User｜>");
  CHECK(tokenizer->bytes(0) == std::string_view("\0", 1));
  CHECK(tokenizer->bytes(900).empty());
  CHECK(tokenizer->bytes(4'000'000'000).empty());
  CHECK(!tokenizer->is_special(4'000'000'000));
  CHECK(tokenizer->id_of(" a") == 256);
  CHECK(tokenizer->id_of("<think>") == think);
  CHECK(!tokenizer->id_of("no such token"));
  CHECK(tokenizer->vocab_size() == 1006);
  CHECK(tokenizer->bos_id() == bos);
  CHECK(Ids(tokenizer->eos_ids().begin(), tokenizer->eos_ids().end()) == Ids{eos});
}

TEST_CASE("text that is not UTF-8 is refused with its place and adds nothing") {
  const auto tokenizer = load(tokenizer_json());
  Ids ids = {5};
  const auto encoded = tokenizer->encode("abc\xFF", Parse::plain, ids);
  REQUIRE(!encoded);
  CHECK(encoded.error().code == Code::invalid_request);
  CHECK(encoded.error().text == "the text is not UTF-8 at byte 3");
  CHECK(ids == Ids{5});
}

TEST_CASE("an expression that gives up is an error and adds nothing") {
  json tokenizer = tokenizer_json();
  const json split = {{"type", "Split"}, {"pattern", {{"Regex", "(?:a+)+b"}}}, {"behavior", "Isolated"}};
  tokenizer["pre_tokenizer"] = {{"type", "Sequence"}, {"pretokenizers", {split, byte_level()}}};
  const auto loaded = load(tokenizer);
  Ids ids = {5};
  const auto encoded = loaded->encode("<think>" + std::string(60, 'a') + "cb", Parse::control, ids);
  REQUIRE(!encoded);
  CHECK(encoded.error().text.find("the expression gave up") != std::string::npos);
  CHECK(ids == Ids{5});
}

TEST_CASE("end ids are generation_config.json's, else config.json's, else the tokenizer's own") {
  const Directory directory;
  const auto ends = [&] {
    const auto loaded = Tokenizer::load(directory.path());
    REQUIRE(loaded);
    return Ids((*loaded)->eos_ids().begin(), (*loaded)->eos_ids().end());
  };
  directory.write("tokenizer.json", tokenizer_json().dump());
  directory.write("tokenizer_config.json", config_json().dump());
  CHECK(ends() == Ids{eos});
  directory.write("config.json", R"({"eos_token_id": [1, 13]})");
  CHECK(ends() == Ids{1, 13});
  directory.write("generation_config.json", R"({"eos_token_id": null, "temperature": 0.6})");
  CHECK(ends() == Ids{1, 13});
  directory.write("generation_config.json", R"({"eos_token_id": 7})");
  CHECK(ends() == Ids{7});
}

TEST_CASE("several end ids come from generation_config.json") {
  const Directory directory;
  directory.write("tokenizer.json", tokenizer_json().dump());
  directory.write("tokenizer_config.json", config_json().dump());
  directory.write("generation_config.json", R"({"eos_token_id": [1001, 1003]})");
  const auto loaded = Tokenizer::load(directory.path());
  REQUIRE(loaded);
  CHECK(Ids((*loaded)->eos_ids().begin(), (*loaded)->eos_ids().end()) == Ids{eos, assistant});
}

TEST_CASE("the digest tells content from layout") {
  const Directory directory;
  directory.write("tokenizer.json", tokenizer_json().dump(4));
  directory.write("tokenizer_config.json", config_json().dump(1));
  const auto spaced = Tokenizer::load(directory.path());
  REQUIRE(spaced);
  const std::string digest = load(tokenizer_json())->digest();
  CHECK(digest.size() == 32);
  CHECK((*spaced)->digest() == digest);
  CHECK(load(tokenizer_json({{"a", "b"}}))->digest() != digest);
  json other_end = config_json();
  other_end["eos_token"] = "<｜Assistant｜>";
  CHECK((*try_load(tokenizer_json(), other_end))->digest() != digest);
  CHECK((*try_load(tokenizer_json(), config_json(v3_template)))->digest() != digest);
}

TEST_CASE("the byte tokenizer turns text into its bytes and back") {
  const auto tokenizer = Tokenizer::bytes_tokenizer();
  CHECK(*tokenizer->encode("hé", Parse::plain) == Ids{'h', 0xC3, 0xA9});
  CHECK(*tokenizer->encode("<end>", Parse::plain) == Ids{'<', 'e', 'n', 'd', '>'});
  CHECK(tokenizer->eos_ids().front() == 256);
  CHECK(tokenizer->is_special(256));
  CHECK(!tokenizer->bos_id());
  CHECK((*Tokenizer::open("bytes"))->is_bytes());
}

TEST_CASE("many threads may encode at once") {
  json json_with_stages = tokenizer_json({{"h", "e"}, {"l", "l"}, {"he", "ll"}});
  json_with_stages["pre_tokenizer"] = v3_pre_tokenizer();
  const auto tokenizer = load(json_with_stages);
  std::string text;
  for (int i = 0; i < 500; ++i) text += "hello 你好 123456, ";
  const Ids expected = *tokenizer->encode(text, Parse::plain);
  std::vector<Ids> got(4);
  {
    std::vector<std::thread> threads;
    for (Ids& ids : got) threads.emplace_back([&] { ids = *tokenizer->encode(text, Parse::plain); });
    for (std::thread& thread : threads) thread.join();
  }
  for (const Ids& ids : got) CHECK(ids == expected);
  CHECK(tokenizer->decode(expected) == text);
}

TEST_CASE("whoever takes so many ids gets all of a text that has no more, and a beginning of a longer one") {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "word " + std::to_string(i) + "<think>, 中文 ";
  for (const auto& tokenizer : {load(tokenizer_json()), Tokenizer::bytes_tokenizer()}) {
    const Ids all = *tokenizer->encode(text, Parse::control);
    for (const std::size_t ids_max : {std::size_t{0}, std::size_t{1}, std::size_t{100}, all.size() - 1, all.size()}) {
      Ids ids = {7};  // what was there before does not count
      REQUIRE(tokenizer->encode(text, Parse::control, ids, ids_max));
      REQUIRE(ids.front() == 7);
      ids.erase(ids.begin());
      CHECK((ids.size() > ids_max) == (all.size() > ids_max));
      CHECK(ids.size() < 6 * ids_max + 100);
      CHECK(std::equal(ids.begin(), ids.end(), all.begin()));
    }
  }
}

TEST_CASE("a long text of one piece is cut where it has too many ids for certain") {
  const auto tokenizer = load(tokenizer_json({{"x", "x"}, {"xx", "xx"}}));
  Ids ids;
  REQUIRE(tokenizer->encode(std::string(1 << 20, 'x'), Parse::plain, ids, 10));
  CHECK(ids.size() > 10);
  CHECK(ids.size() < 100);
}
