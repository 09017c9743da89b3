#include <string>

#include <doctest/doctest.h>

#include "cli/settings/mesh_config.h"
#include "config/depth.h"

using namespace shoal;
using namespace shoal::cli;
using namespace shoal::config;

namespace {

std::string repeat(const std::string& part, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += part;
  return text;
}

}  // namespace

TEST_CASE("brackets and braces count while they are open, dots within one key") {
  CHECK(depth_of_toml("") == 0);
  CHECK(depth_of_toml("a = 1\nb = 'x'") == 0);
  CHECK(depth_of_toml("[gateway]\na = [1, [2], [3]]") == 2);
  CHECK(depth_of_toml("a = {b = [{c = 1}]}") == 3);
  CHECK(depth_of_toml("a.b.c = 1\nd . e = 2.5") == 2);
  CHECK(depth_of_toml("a = [1.5, 2.5, 3.5]") == 1);
  CHECK(depth_of_toml("]]] = [") == 1);
}

TEST_CASE("strings and comments do not count") {
  CHECK(depth_of_toml("a = 1 # [[[\nb = \"[[\\\"[[\"\nc = '[[\\'") == 0);
  CHECK(depth_of_toml("a = \"\"\"[\"[\\\"\"\"[\n[\"\"\"\"\"\nb = '''['[\n'''") == 0);
  CHECK(depth_of_toml("a = \"no end [[\nb = [") == 1);
  CHECK(depth_of_toml("\"a.b.c\".d = 1") == 1);
  CHECK(depth_of_toml("a = '''no end [[") == 0);
}

TEST_CASE("a configuration file that is not UTF-8 is refused with its line") {
  MeshConfig config;
  MeshSettings settings(config);
  for (const char* text : {"a = 1\nb = 't\x8cp'\n", "# fine: \xc3\xa4\n# \xc3\n", "\n\xff"}) {
    const auto taken = read_config_text(text, "bytes.toml", settings.sections());
    REQUIRE_FALSE(taken.has_value());
    CHECK(taken.error().text == "bytes.toml:2: is not UTF-8");
  }
  CHECK(read_config_text("# \xc3\xa4", "text.toml", settings.sections()).has_value());
}

TEST_CASE("a configuration file that nests without end is refused before it is parsed") {
  for (const std::string& text :
       {"a = " + repeat("[", 100'000), repeat("a = {", 100'000), "a" + repeat(".a", 100'000) + " = 1",
        "[" + repeat("a.", 100'000) + "a]", "a = 1\nb = " + repeat("[", 33)}) {
    MeshConfig config;
    MeshSettings settings(config);
    const auto taken = read_config_text(text, "deep.toml", settings.sections());
    REQUIRE_FALSE(taken.has_value());
    CHECK(taken.error().code == Code::bad_config);
    CHECK(taken.error().text.starts_with("deep.toml: nests deeper than 32"));
  }
}
