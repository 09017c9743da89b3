// What a shell can complete behind `shoal`, and the scripts that teach it. Pure.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace shoal::cli {

struct Word {
  std::string text;  // "chat", "--json"
  std::string what;  // one line about it; empty if there is nothing to say
};

// What may follow these command words.
struct Place {
  std::string path;          // "bench hop"; empty for `shoal` itself
  std::vector<Word> plain;   // commands, and arguments that stand for themselves
  std::vector<Word> flags;   // options without a value
  std::vector<Word> valued;  // options with one, without their "="
};

// Of a command and all below it, `path` first.
std::vector<Place> places_of(const CLI::App& app, const std::string& path = "");

std::string bash_completion(const std::vector<Place>& places);
std::string zsh_completion(const std::vector<Place>& places);
std::string fish_completion(const std::vector<Place>& places);

}  // namespace shoal::cli
