// `shoal completion bash`: a script by which a shell completes commands, options and kinds, made from the parser
// itself.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/processes.h"

namespace shoal::cli {
namespace {

// What is tried for the word under the cursor: the words known after these command words. Options that take a value end
// in "=", after which no space is wanted; behind it files are completed.
constexpr const char* script_head = R"(# Completion of shoal for bash: source <(shoal completion bash)
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
constexpr const char* script_tail = R"(    esac
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

bool is_shown(const std::string& group) { return !group.empty(); }

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* command) { return is_shown(command->get_group()); });
}

// Of the arguments that stand for themselves.
std::string positional_words(const std::string& path) {
  if (path == "completion") return " bash";
  if (path != "logs" && path != "config") return "";
  std::string words;
  for (const char* const kind : kinds) words += ' ' + std::string(kind);
  return words + " up";
}

std::string words_of(const CLI::App& app, const std::string& path) {
  std::string words;
  for (const CLI::App* const command : commands_of(app)) words += ' ' + command->get_name();
  for (const CLI::Option* const option : app.get_options()) {
    if (option->get_lnames().empty() || !is_shown(option->get_group())) continue;
    words += " --" + option->get_lnames().front() + (option->get_items_expected_min() > 0 ? "=" : "");
  }
  return (words + positional_words(path)).substr(1);
}

void print_cases(const CLI::App& app, const std::string& path) {
  std::printf("      '%s') known='%s' ;;\n", path.c_str(), words_of(app, path).c_str());
  for (const CLI::App* const command : commands_of(app)) {
    print_cases(*command, path.empty() ? command->get_name() : path + ' ' + command->get_name());
  }
}

}  // namespace

void add_completion(Application application) {
  const auto shell = std::make_shared<std::string>();
  const CLI::App* const app = &application.app;
  CLI::App* const command = add_command(application, "completion", "Print a script for completion in bash", [=] {
    if (*shell != "bash") return usage_error("completion", "there is one for bash, not for \"" + *shell + '"');
    std::fputs(script_head, stdout);
    print_cases(*app, "");
    std::fputs(script_tail, stdout);
    return exit_code::ok;
  });
  command->group(group::use);
  command->add_option("SHELL", *shell, "bash; zsh takes the same script after `autoload bashcompinit; bashcompinit`")
      ->required();
  set_examples(*command, {{"source <(shoal completion bash)", "in this shell"},
                          {"shoal completion bash > ~/.local/share/bash-completion/completions/shoal",
                           "for good, where the package bash-completion is installed"}});
}

}  // namespace shoal::cli
