// A stage after the model that masks long numbers in answers, as a card's or a telephone's:
//   masking --routers=tcp://127.0.0.1:5570 --digits=4
#include <cctype>
#include <string>

#include <shoal/shoal.h>

namespace {

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

class Masking : public shoal::StageCore {
public:
  struct Config : shoal::ServiceConfig {
    std::uint32_t digits = 4;

    template <class Self, class Visitor>
    static void keys(Self& self, Visitor&& visit) {
      shoal::ServiceConfig::keys(self, visit);
      visit("digits", self.digits, "how many digits in a row are a long number", 1, 100);
    }
  };

  explicit Masking(const Config& config) : config_(config) {}

protected:
  shoal::Result<shoal::StageAnswer> on_review(const shoal::ReviewRequest& piece) override {
    std::string text = piece.text;
    std::size_t hold = 0;  // digits at the end may go on in what follows
    while (hold < piece.hold_max && hold < text.size() && is_digit(text[text.size() - 1 - hold])) ++hold;
    text.resize(text.size() - hold);
    return mask(text) ? shoal::replace_text(text, hold) : shoal::pass_all_but(hold);
  }

private:
  bool mask(std::string& text) const {
    bool found = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
      std::size_t end = at;
      while (end < text.size() && is_digit(text[end])) ++end;
      if (end - at >= config_.digits) {
        text.replace(at, end - at, end - at, '*');
        found = true;
      }
      at = end;
    }
    return found;
  }

  Config config_;
};

}  // namespace

int main(int argc, char** argv) { return shoal::run_service<Masking>("mask", argc, argv); }
