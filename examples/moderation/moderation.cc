// A stage of the pipeline that refuses prompts with listed words:
//   moderation --routers=tcp://127.0.0.1:5570 --words=bomb,poison
#include <cctype>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/shoal.h>

namespace {

// Letters and digits of any case are one; everything else, but for the bytes of other alphabets, parts words.
std::string simplify(std::string_view text) {
  std::string words = " ";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    words += std::isalnum(byte) != 0 || byte >= 0x80 ? static_cast<char>(std::tolower(byte)) : ' ';
  }
  return words + ' ';
}

class Moderation : public shoal::StageCore {
public:
  struct Config : shoal::ServiceConfig {
    std::vector<std::string> words = {"bomb"};

    template <class Self, class Visitor>
    static void keys(Self& self, Visitor&& visit) {
      shoal::ServiceConfig::keys(self, visit);
      visit("words", self.words, "words that no prompt may have, comma separated");
    }
  };

  explicit Moderation(const Config& config) : words_(config.words) {}

protected:
  shoal::Result<shoal::StageAnswer> on_stage(const shoal::StageRequest& request) override {
    std::string text = simplify(request.prompt.value_or(""));
    for (const shoal::ChatMessage& message : request.messages) text += simplify(message.content);
    for (const std::string& word : words_) {
      if (text.find(simplify(word)) == std::string::npos) continue;
      return shoal::refuse("listed_word", "the prompt has the word \"" + word + "\", which is not allowed here");
    }
    return shoal::pass();
  }

private:
  std::vector<std::string> words_;
};

}  // namespace

int main(int argc, char** argv) { return shoal::run_service<Moderation>("moderate", argc, argv); }
