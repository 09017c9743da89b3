// How the help of the commands looks: each option once, what it takes in words, no traces of the parser.
#pragma once

#include <memory>
#include <string>

#include <CLI/CLI.hpp>

namespace shoal::cli {

class Help : public CLI::Formatter {
public:
  // "--client_port=5555": the first spelling, and the default or what is to be given.
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override;
  std::string make_option_opts(const CLI::Option* option) const override;
  // With the bounds of a number, in lines that fit beside the name.
  std::string make_option_desc(const CLI::Option* option) const override;
};

// Text in lines of at most `columns`; its own line ends count as spaces.
std::string wrapped(const std::string& text, std::size_t columns);

// What `shoal` says when it is not told what to do.
extern const char* const overview;

}  // namespace shoal::cli
