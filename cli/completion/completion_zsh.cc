#include "cli/completion/completion.h"

namespace shoal::cli {
namespace {

// Either read by `source`, or, from a file _shoal of $fpath, called as the function that it then defines.
constexpr const char* head = R"(#compdef shoal
# Completion of shoal for zsh: source <(shoal completion zsh)
_shoal() {
  local place='' word
  local -a plain flags valued
  if [[ $PREFIX == --*=* ]]; then
    compset -P '*='
    _files
    return
  fi
  for word in "${(@)words[2,CURRENT-1]}"; do
    if [[ $word == [a-z]* ]]; then place+=" $word"; fi
  done
  while :; do
    case ${place# } in
)";
constexpr const char* tail = R"(    esac
    if (( $#plain + $#flags + $#valued )) || [[ -z $place ]]; then break; fi
    place=${place% *}
  done
  if [[ $PREFIX == -* ]]; then
    _describe -o option flags -- valued -S '='
  elif (( $#plain )); then
    _describe command plain
  else
    _files
  fi
}
if [[ $funcstack[1] == _shoal ]]; then _shoal "$@"; else compdef _shoal shoal; fi
)";

// In single quotes, which nothing but their own kind ends.
std::string quoted(const Word& word) {
  std::string out = "'" + word.text + (word.what.empty() ? "" : ":");
  for (const char letter : word.what) out += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
  return out + "'";
}

std::string array(const char* name, const std::vector<Word>& words) {
  std::string out = std::string(" ") + name + "=(";
  for (const Word& word : words) out += (out.back() == '(' ? "" : " ") + quoted(word);
  return out + ')';
}

}  // namespace

std::string zsh_completion(const std::vector<Place>& places) {
  std::string script = head;
  for (const Place& place : places) {
    script += "      '" + place.path + "')" + array("plain", place.plain) + array("flags", place.flags) +
              array("valued", place.valued) + " ;;\n";
  }
  return script + tail;
}

}  // namespace shoal::cli
