// What `shoal chat` can be told. Read and checked before anybody is asked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/result.h"
#include "cli/client.h"

namespace shoal::cli {

struct ChatOptions {
  std::vector<std::string> connect;
  std::vector<std::string> words;  // of the prompt
  std::string system;
  std::optional<double> temperature;
  std::optional<double> top_p;
  std::optional<std::int64_t> max_tokens;
  std::optional<std::uint64_t> seed;
  std::vector<std::string> stop;
  std::optional<std::string> tier;
  bool no_reasoning = false;
  bool quiet = false;
  bool json = false;
};

void add_chat_options(CLI::App& command, ChatOptions& options);

// Fields of SUBMIT: those that were given.
Json parameters_of(const ChatOptions& options);

// Fails as a gateway would, by its own rules for SUBMIT.
Result<void> check_parameters(const Json& parameters);

}  // namespace shoal::cli
