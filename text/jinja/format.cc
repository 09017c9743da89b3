// Python's str.format(), as far as templates build their markers with it: '<think{}>'.format(suffix).
#include <algorithm>
#include <charconv>

#include "text/jinja/string_work.h"

namespace shoal::text::jinja {
namespace {

using Args = Arguments;

// The value that a field names: "" is the next one, "2" the third, and other names are those of arguments.
class Fields {
public:
  Fields(Run& run, const Args& args) : run_(run), args_(args) {}

  Value find(std::string_view field) {
    if (field.find_first_of(".[:!{") != field.npos) {
      return run_.fail("the format field {" + std::string(field) + "} is not supported: only {}, {0} and {name} are");
    }
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), index);
    const bool is_number = end == field.data() + field.size() && !field.empty();
    if (!is_number && !field.empty()) return named(field);
    if (error == std::errc::result_out_of_range) return run_.fail("Too many decimal digits in format string");
    (field.empty() ? counts_ : numbers_) = true;
    if (counts_ && numbers_) return run_.fail("cannot mix {} and {0} in a format string");
    if (field.empty()) index = next_++;
    if (index < args_.positional.size()) return args_.positional[index];
    return run_.fail("Replacement index " + std::to_string(index) + " out of range for positional args tuple");
  }

private:
  Value named(std::string_view name) {
    const auto found =
        std::find_if(args_.named.begin(), args_.named.end(), [&](auto& one) { return one.first == name; });
    return found != args_.named.end() ? found->second : run_.fail("format has no argument '" + std::string(name) + "'");
  }

  Run& run_;
  const Args& args_;
  std::size_t next_ = 0;
  bool counts_ = false;
  bool numbers_ = false;
};

}  // namespace

Value format(Run& run, const PromptText& text, const Arguments& args) {
  const std::string_view bytes = text.bytes();
  if (!run.spend_bytes(bytes.size())) return {};
  Fields fields(run, args);
  PromptText out;
  for (std::size_t at = 0; at < bytes.size() && !run.failed();) {
    const std::size_t brace = std::min(bytes.find_first_of("{}", at), bytes.size());
    out.append(text, at, brace);
    at = brace + 1;
    if (brace == bytes.size()) break;
    if (at < bytes.size() && bytes[at] == bytes[brace]) {  // a doubled one is written once
      out.append(text, brace, at++);
      continue;
    }
    if (bytes[brace] == '}') return run.fail("Single '}' encountered in format string");
    const std::size_t end = bytes.find('}', at);
    if (end == bytes.npos) return run.fail("expected '}' before end of string");
    run.print(fields.find(bytes.substr(at, end - at)), out);
    at = end + 1;
  }
  return run.failed() ? Value() : run.string(std::move(out));
}

}  // namespace shoal::text::jinja
