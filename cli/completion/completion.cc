// `shoal completion SHELL`: a script by which a shell completes commands, options and kinds, made from the parser
// itself.
#include "cli/completion/completion.h"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <memory>

#include "cli/command.h"
#include "cli/status/processes.h"

namespace shoal::cli {
namespace {

struct Shell {
  const char* name;
  std::string (*script)(const std::vector<Place>& places);
};
constexpr Shell shells[] = {{"bash", bash_completion}, {"zsh", zsh_completion}, {"fish", fish_completion}};

bool is_shown(const std::string& group) { return !group.empty(); }

// Of the arguments that stand for themselves.
std::vector<Word> positional_words(const std::string& path) {
  std::vector<Word> words;
  if (path == "completion") {
    for (const Shell& shell : shells) words.push_back({shell.name, ""});
  }
  if (path == "logs" || path == "config") {
    for (const char* const kind : kinds) words.push_back({kind, ""});
    words.push_back({"up", ""});
  }
  return words;
}

}  // namespace

std::vector<Place> places_of(const CLI::App& app, const std::string& path) {
  Place here{.path = path, .plain = {}, .flags = {}, .valued = {}};
  std::vector<Place> below;
  for (const CLI::App* const command :
       app.get_subcommands([](const CLI::App* one) { return is_shown(one->get_group()); })) {
    here.plain.push_back({command->get_name(), command->get_description()});
    const std::string inner = path.empty() ? command->get_name() : path + ' ' + command->get_name();
    std::vector<Place> more = places_of(*command, inner);
    below.insert(below.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }
  for (const CLI::Option* const option : app.get_options()) {
    if (option->get_lnames().empty() || !is_shown(option->get_group())) continue;
    std::vector<Word>& kind = option->get_items_expected_min() > 0 ? here.valued : here.flags;
    kind.push_back({"--" + option->get_lnames().front(), option->get_description()});
  }
  for (Word& word : positional_words(path)) here.plain.push_back(std::move(word));
  below.insert(below.begin(), std::move(here));
  return below;
}

void add_completion(Application application) {
  const auto wanted = std::make_shared<std::string>();
  const CLI::App* const app = &application.app;
  CLI::App* const command = add_command(application, "completion", "Print a script for completion in your shell", [=] {
    const auto shell =
        std::find_if(std::begin(shells), std::end(shells), [&](auto& one) { return one.name == *wanted; });
    if (shell == std::end(shells)) {
      return usage_error("completion", "there is one for bash, zsh and fish, not for \"" + *wanted + '"');
    }
    std::fputs(shell->script(places_of(*app)).c_str(), stdout);
    return exit_code::ok;
  });
  command->group(group::use);
  command->add_option("SHELL", *wanted, "bash, zsh (after its `autoload -U compinit; compinit`) or fish")->required();
  set_examples(*command, {{"source <(shoal completion bash)", "in this shell; in zsh likewise, with zsh for bash"},
                          {"shoal completion fish | source", "in fish"},
                          {"shoal completion bash > ~/.local/share/bash-completion/completions/shoal",
                           "for good, where the package bash-completion is installed"},
                          {"shoal completion fish > ~/.config/fish/completions/shoal.fish", "for good, in fish"}});
}

}  // namespace shoal::cli
