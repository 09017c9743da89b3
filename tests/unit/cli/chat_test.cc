#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "cli/address.h"
#include "cli/chat/chat_options.h"
#include "cli/chat/conversation.h"
#include "cli/chat/history_file.h"
#include "cli/chat/interview.h"
#include "cli/report.h"

namespace shoal::cli {
namespace {

namespace fs = std::filesystem;

// A folder that is gone afterwards.
struct Folder {
  Folder() {
    std::string name = (fs::temp_directory_path() / "shoal-test-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { fs::remove_all(path); }
  fs::path path;
};

std::vector<std::string> contents(const Json& messages) {
  std::vector<std::string> list;
  for (const Json& message : messages) list.push_back(text_field(message, "content"));
  return list;
}

TEST_CASE("an address without a transport is TCP, and a port alone one of this machine") {
  CHECK(read_addresses("localhost:6100,7000,ipc:///run/x,tcp://h:1") ==
        std::vector<std::string>{"tcp://localhost:6100", "tcp://127.0.0.1:7000", "ipc:///run/x", "tcp://h:1"});
}

TEST_CASE("a conversation forgets the older half of its turns and never the system message") {
  Conversation conversation("be kind");
  for (const char* const question : {"a", "b", "c"}) conversation.add(question, "!");
  CHECK(conversation.forget_older() == 2);
  CHECK(contents(conversation.asking("d")) == std::vector<std::string>{"be kind", "c", "!", "d"});
  CHECK(conversation.forget_older() == 1);
  CHECK(conversation.forget_older() == 0);
  CHECK(contents(conversation.asking("e")) == std::vector<std::string>{"be kind", "e"});
  conversation.add("f", "!");
  conversation.clear();
  CHECK(conversation.turns() == 0);
}

TEST_CASE("the history of a chat keeps the newest lines, and the file is its owner's alone") {
  const Folder folder;
  const fs::path path = folder.path / "state" / "history";
  const HistoryFile history(path);
  CHECK(history.load().empty());
  for (std::size_t i = 0; i < 2 * HistoryFile::lines_max; ++i) history.add("line " + std::to_string(i));
  history.add(" a secret");
  history.add(std::string(HistoryFile::line_bytes_max + 1, 'x'));
  const auto lines = history.load();
  CHECK(lines.size() == HistoryFile::lines_max);
  CHECK(lines.back() == "line " + std::to_string(2 * HistoryFile::lines_max - 1));
  CHECK(fs::status(path).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
  std::ifstream file(path);  // cut when it was loaded
  CHECK(std::count(std::istreambuf_iterator<char>(file), {}, '\n') == HistoryFile::lines_max);
}

TEST_CASE("a history that cannot be written is none") {
  const HistoryFile history("/dev/null/shoal/history");
  history.add("line");
  CHECK(history.load().empty());
}

TEST_CASE("the closing line has what is known, and as many digits as are needed to ask about the request") {
  Answer answer;
  CHECK(closing_line(answer, 0.14).empty());
  answer.request = "8cdbeaec000000000000000000000000";
  CHECK(closing_line(answer, 0.14) == "request 8cdbeaec");
  answer.usage = {{"completion_tokens", 1}};
  CHECK(closing_line(answer, 0.14) == "1 token in 0.1 s · request 8cdbeaec");
}

TEST_CASE("parameters are checked by the gateway's own rules") {
  CHECK(check_parameters({{"temperature", 2}, {"top_p", 1}, {"max_tokens", 1}, {"stop", {"a"}}, {"tier", "vip"}}));
  CHECK_FALSE(check_parameters({{"temperature", 2.1}}));
  CHECK_FALSE(check_parameters({{"top_p", 0}}));
  CHECK_FALSE(check_parameters({{"max_tokens", 0}}));
  CHECK_FALSE(check_parameters({{"tier", "gold"}}));
}

TEST_CASE("a lost process of the mesh is not a mesh that is not there") {
  CHECK(advice({Code::peer_lost, ""}).find("up`") == std::string::npos);
  CHECK(advice({Code::no_gateway, ""}).find("scripts/up") != std::string::npos);
}

TEST_CASE("a gateway that ends sends to another one, and what is not finite is not to be sent again") {
  CHECK(advice({Code::draining, ""}).find("another gateway") != std::string::npos);
  CHECK(advice({Code::not_finite, ""}).find("shoal logs inference") != std::string::npos);
  CHECK(advice({Code::client_stalled, ""}).find("stood still") != std::string::npos);
}

}  // namespace
}  // namespace shoal::cli
