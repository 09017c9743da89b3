// A service that is only called: CALL wordcount count TEXT answers how many words it has. The method `check` asks the
// pipeline's stage `moderate` about the text as well, to show a service that calls another one.
#include <sstream>
#include <string>

#include <shoal/shoal.h>

namespace {

using namespace std::chrono_literals;

class WordCount : public shoal::CallCore {
protected:
  shoal::Result<std::string> on_call(const std::string& method, const std::string& text) override {
    if (method != "count") return CallCore::on_call(method, text);  // "this service has no method …"
    std::istringstream words(text);
    std::size_t count = 0;
    for (std::string word; words >> word;) ++count;
    return std::to_string(count);
  }

  void on_request(const shoal::CallRequest& request, shoal::Answer answer) override {
    if (request.method != "check") return CallCore::on_request(request, std::move(answer));
    shoal::StageRequest question;
    question.prompt = request.payload;
    call("moderate", "stage", shoal::pack(question).bytes, 2s,
         [this, text = request.payload, answer](const shoal::Result<std::string>& outcome) {
           if (!outcome) return answer(outcome.error());
           const auto verdict = shoal::parse_stage_answer({*outcome});
           if (!verdict) return answer(verdict.error());
           if (verdict->verdict == shoal::Verdict::refuse)
             return answer(shoal::Error{shoal::Code::refused, verdict->text});
           answer(on_call("count", text));
         });
  }
};

}  // namespace

int main(int argc, char** argv) { return shoal::run_service<WordCount>("wordcount", argc, argv); }
