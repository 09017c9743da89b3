#include "cli/completion/completion.h"

namespace shoal::cli {
namespace {

// __shoal_at PATH: whether these are the command words in front of the cursor. What is no command is an argument.
constexpr const char* head = R"(# Completion of shoal for fish: shoal completion fish | source
function __shoal_at
  set -l place
  for word in (commandline -opc)[2..-1]
    if string match -qr '^[a-z]' -- $word
      set -a place $word
    end
  end
  while test (count $place) -gt 0; and not contains -- "$place" $__shoal_places
    set -e place[-1]
  end
  test "$place" = "$argv[1]"
end
complete -c shoal -e
)";

// In single quotes, which nothing but their own kind ends.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char letter : text) {
    if (letter == '\'' || letter == '\\') out += '\\';
    out += letter;
  }
  return out + "'";
}

std::string line(const Place& place, const std::string& options, const Word& word) {
  return "complete -c shoal -n \"__shoal_at '" + place.path + "'\" " + options +
         (word.what.empty() ? "" : " -d " + quoted(word.what)) + '\n';
}

}  // namespace

std::string fish_completion(const std::vector<Place>& places) {
  std::string script = head;
  script += "set -g __shoal_places";
  for (const Place& place : places) script += " '" + place.path + "'";
  script += '\n';
  for (const Place& place : places) {
    for (const Word& word : place.plain) script += line(place, "-f -a " + word.text, word);
    for (const Word& word : place.flags) script += line(place, "-l " + word.text.substr(2), word);
    for (const Word& word : place.valued) script += line(place, "-r -F -l " + word.text.substr(2), word);
  }
  return script;
}

}  // namespace shoal::cli
