// A configuration file: TOML, one for all processes of a mesh. Keys at the top are those that every process has; a
// table holds the keys of one kind and stands above the top. Everything in it is checked, whoever reads it. Used at
// the start of a process.
//
//   routers = ["tcp://10.0.0.1:5570"]
//   [gateway]
//   client_bind = "tcp://127.0.0.1:5555"
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/settings.h"

namespace shoal::config {

// A table and the settings that it gives values to. The name of the top is empty. Without settings the table is known
// but not looked at.
struct Section {
  std::string name;
  Settings* settings = nullptr;
};

// Gives the settings of all sections what the file holds. A key at the top goes to the settings of the top, which say
// whether it exists, and from there to every other section that has it for the same type of value. The tables under
// `services` belong to services of third parties: one that no section is called like ("services.moderate") is skipped.
// Fails with bad_config, naming file, line, key and the nearest known one.
Result<void> read_config_file(const std::string& path, std::span<const Section> sections);

// The same of a text; `name` stands for the file in errors.
Result<void> read_config_text(std::string_view text, const std::string& name, std::span<const Section> sections);

}  // namespace shoal::config
