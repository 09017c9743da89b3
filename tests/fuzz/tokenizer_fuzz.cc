// Any bytes as tokenizer.json: loaded or refused with a sentence, and what was loaded tokenizes any text within its
// vocabulary. The first byte of an input says whether the rest is the file itself, or a JSON merge patch (RFC 7386) to
// a small tokenizer that loads, which gets deeper.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "tests/fuzz/scratch.h"
#include "tests/unit/text/fixture.h"

namespace {

using namespace shoal::text;

void use(const Tokenizer& tokenizer) {
  for (const std::string_view text :
       {"", "a b  c\n", "1234 shoals, aab<think>", "\xE4\xBD\xA0\xE5\xA5\xBD e\xCC\x81"}) {
    for (const Parse parse : {Parse::plain, Parse::control}) {
      const auto ids = tokenizer.encode(text, parse);
      if (!ids) continue;
      for (const shoal::TokenId id : *ids) {
        SHOAL_CHECK(id < tokenizer.vocab_size());
        SHOAL_CHECK(parse == Parse::control || !tokenizer.is_control(id));
      }
      tokenizer.decode(*ids);
    }
  }
  SHOAL_CHECK(!tokenizer.eos_ids().empty());
  SHOAL_CHECK(tokenizer.digest().size() == 32);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const shoal::fuzz::Scratch folder;
  static const json good = tokenizer_json({{"a", "a"}, {"aa", "b"}});
  static const auto config = folder.write("tokenizer_config.json", config_json().dump());
  if (size == 0) return 0;
  std::string file(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 1) {
    const json patch = json::parse(file, nullptr, false);
    if (patch.is_discarded()) return 0;
    json patched = good;
    patched.merge_patch(patch);
    file = patched.dump();
  }
  folder.write("tokenizer.json", file);
  const auto tokenizer = Tokenizer::load(folder.path());
  if (tokenizer) {
    use(**tokenizer);
  } else {
    SHOAL_CHECK(tokenizer.error().code == shoal::Code::bad_checkpoint);
    SHOAL_CHECK(tokenizer.error().text.find("tokenizer") != std::string::npos);
  }
  return 0;
}
