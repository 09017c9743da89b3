#include "cli/help.h"

#include <regex>
#include <sstream>

#include "cli/screen.h"

namespace shoal::cli {
namespace {

constexpr std::size_t help_columns = 80;

// "UINT" of "UINT:UINT in [1 - 64]": what an option takes, without its checks.
std::string taken(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  return type.substr(0, type.find(':'));
}

std::string in_words(const std::string& type) {
  if (type == "UINT" || type == "INT") return "N";
  return type == "FLOAT" ? "X" : type;
}

}  // namespace

std::string Help::make_option_name(const CLI::Option* option, bool is_positional) const {
  if (is_positional) return option->get_name(true, false);
  std::string name;
  for (const std::string& letter : option->get_snames()) name += '-' + letter + ", ";
  return option->get_lnames().empty() ? name : name + "--" + option->get_lnames().front();
}

std::string Help::make_option_opts(const CLI::Option* option) const {
  if (option->get_items_expected_max() == 0 || option->get_positional()) return "";
  const std::string value = option->get_default_str().empty() ? in_words(taken(*option)) : option->get_default_str();
  if (value.empty()) return "";
  return option->get_items_expected_min() == 0 ? "[=" + value + ']' : '=' + value;
}

std::string Help::make_option_desc(const CLI::Option* option) const {
  static const std::regex bounds(R"(in \[([^\]]+) - ([^\]]+)\])");
  const std::string type = option->get_type_name();
  std::smatch found;
  const bool bounded = std::regex_search(type, found, bounds);
  const std::string range = bounded ? " (" + found[1].str() + " to " + found[2].str() + ")" : "";
  return wrapped(option->get_description() + range, help_columns - get_column_width());
}

std::string wrapped(const std::string& text, std::size_t columns) {
  std::string lines;
  std::size_t used = 0;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const std::size_t wide = columns_of(word);
    if (used > 0) lines += used + 1 + wide > columns ? '\n' : ' ';
    used = used > 0 && used + 1 + wide <= columns ? used + 1 + wide : wide;
    lines += word;
  }
  return lines;
}

const char* const overview =
    "Shoal: a mesh of small processes that serves DeepSeek-family language models.\n\n"
    "  shoal up        starts a whole mesh on this machine and shows a first answer\n"
    "  shoal chat      asks it something, from another terminal\n"
    "  shoal status    shows every process of it and its load\n\n"
    "`shoal --help` lists all commands; `shoal COMMAND --help` explains one.\n";

}  // namespace shoal::cli
