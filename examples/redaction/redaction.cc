// A stage of the pipeline that replaces e-mail addresses in prompts before the model sees them.
#include <algorithm>
#include <regex>
#include <string>
#include <utility>

#include <shoal/shoal.h>

namespace {

class Redaction : public shoal::StageCore {
public:
  struct Config : shoal::ServiceConfig {
    std::string with = "[e-mail]";
    std::uint32_t messages = 100;

    template <class Self, class Visitor>
    static void keys(Self& self, Visitor&& visit) {
      shoal::ServiceConfig::keys(self, visit);
      visit("with", self.with, "what stands there instead of an address");
      visit("messages", self.messages, "how many of the last messages are looked at", 1, 1024);
    }
  };

  explicit Redaction(const Config& config) : config_(config) {}

protected:
  shoal::Result<shoal::StageAnswer> on_stage(const shoal::StageRequest& request) override {
    auto changed = request;
    bool found = changed.prompt && redact(*changed.prompt);
    std::size_t left = config_.messages;
    for (auto message = changed.messages.rbegin(); message != changed.messages.rend() && left > 0; ++message, --left) {
      found = redact(message->content) || found;
    }
    if (!found) return shoal::pass();
    if (!changed.prompt) return shoal::replace(std::move(changed.messages));
    auto answer = shoal::replace({});
    answer.prompt = changed.prompt;
    return answer;
  }

private:
  bool redact(std::string& text) const {
    const std::string before = std::exchange(text, {});
    for (std::size_t at = 0; at < before.size();) {  // word by word: an expression needs a bounded text
      const std::size_t end = std::min(before.find_first_of(" \t\n", at), before.size());
      const std::string word = before.substr(at, end - at);
      text += word.size() > 320 ? word : std::regex_replace(word, address_, config_.with);  // none is that long
      if (end < before.size()) text += before[end];
      at = end + 1;
    }
    return text != before;
  }

  Config config_;
  const std::regex address_{R"([A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+)"};
};

}  // namespace

int main(int argc, char** argv) { return shoal::run_service<Redaction>("redact", argc, argv); }
