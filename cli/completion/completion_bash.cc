#include "cli/completion/completion.h"

namespace shoal::cli {
namespace {

// What is tried for the word under the cursor: the words known after these command words. Options that take a value end
// in "=", after which no space is wanted; behind it files are completed.
constexpr const char* head = R"(# Completion of shoal for bash: source <(shoal completion bash)
_shoal() {
  local word=${COMP_WORDS[COMP_CWORD]} known='' path='' i
  COMPREPLY=()
  if [[ $word == '=' || ${COMP_WORDS[COMP_CWORD - 1]} == '=' ]]; then
    compopt -o default
    return
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ ${COMP_WORDS[i]} =~ ^[a-z][a-z0-9-]*$ && ${COMP_WORDS[i - 1]} != '=' ]]; then path+=" ${COMP_WORDS[i]}"; fi
  done
  while :; do
    case ${path# } in
)";
constexpr const char* tail = R"(    esac
    if [[ -n $known || -z $path ]]; then break; fi
    path=${path% *}
  done
  if [[ $word != -* ]]; then known=$(for i in $known; do [[ $i == -* ]] || echo "$i"; done); fi
  COMPREPLY=($(compgen -W "$known" -- "$word"))
  if [[ ${#COMPREPLY[@]} -eq 0 && $word != -* ]]; then compopt -o default; fi
  if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then compopt -o nospace; fi
}
complete -F _shoal shoal
)";

}  // namespace

std::string bash_completion(const std::vector<Place>& places) {
  std::string script = head;
  for (const Place& place : places) {
    std::string words;
    for (const Word& word : place.plain) words += ' ' + word.text;
    for (const Word& word : place.flags) words += ' ' + word.text;
    for (const Word& word : place.valued) words += ' ' + word.text + '=';
    script += "      '" + place.path + "') known='" + words.substr(1) + "' ;;\n";
  }
  return script + tail;
}

}  // namespace shoal::cli
