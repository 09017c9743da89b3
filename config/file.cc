#include "config/file.h"

#include <algorithm>
#include <exception>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <utility>
#include <vector>

#include <toml.hpp>

#include "base/limits.h"
#include "base/nearest.h"
#include "config/depth.h"

namespace shoal::config {
namespace {

constexpr std::size_t depth_max = 32;  // no setting needs more than three

Error bad_config(std::string text) { return {Code::bad_config, std::move(text)}; }

// The library's message without its own name and its drawing of the line: "unknown value appeared".
std::string first_line(std::string text) {
  text.resize(std::min(text.find('\n'), text.size()));
  for (const std::string_view prefix : {"[error] ", "toml::"}) {
    if (text.starts_with(prefix)) text.erase(0, prefix.size());
  }
  return text;
}

std::optional<Settings::Value> value_of(const toml::value& value) {
  if (value.is_string()) return value.as_string().str;
  if (value.is_boolean()) return bool{value.as_boolean()};
  if (value.is_integer()) return std::int64_t{value.as_integer()};
  if (value.is_floating()) return double{value.as_floating()};
  if (!value.is_array()) return std::nullopt;
  Settings::List list;
  for (const toml::value& entry : value.as_array()) {
    if (!entry.is_string()) return std::nullopt;
    list.push_back(entry.as_string().str);
  }
  return list;
}

class Reader {
public:
  Reader(std::string name, std::span<const Section> sections) : name_(std::move(name)), sections_(sections) {}

  // The top first, so that a table stands above it wherever it is written.
  Result<void> read(const toml::value& file) {
    for (const auto& [key, value] : file.as_table()) {
      if (!value.is_table()) SHOAL_TRY(read_top(key, value));
    }
    for (const auto& [key, value] : file.as_table()) {
      if (value.is_table()) SHOAL_TRY(key == "services" ? read_services(value) : read_table(key, value));
    }
    return {};
  }

private:
  const Section* find(std::string_view name) const {
    const auto found =
        std::find_if(sections_.begin(), sections_.end(), [&](const Section& section) { return section.name == name; });
    return found == sections_.end() ? nullptr : &*found;
  }

  Error at(const toml::value& value, const std::string& text) const { return bad_config(place(value) + ": " + text); }
  std::string place(const toml::value& value) const { return name_ + ':' + std::to_string(value.location().line()); }

  Result<void> set(Settings& settings, const std::string& key, const toml::value& value, const std::string& table) {
    const auto typed = value_of(value);
    // An unknown key is said to be unknown, whatever its value is.
    const auto done = settings.set(key, typed.value_or(Settings::Value(Settings::List())), place(value));
    const std::string where = table.empty() ? "" : '[' + table + "] ";
    if (!done) return at(value, where + done.error().text);
    if (!typed) return at(value, where + key + ": expected a text, a number, true, false or a list of texts");
    return {};
  }

  Result<void> read_top(const std::string& key, const toml::value& value) {
    const Section* const top = find("");
    if (top == nullptr) return {};
    if (top->settings->find(key) == nullptr) {
      // Probably a key that belongs into a table.
      for (const Section& section : sections_) {
        if (section.settings == nullptr || section.settings->find(key) == nullptr) continue;
        return at(value, "unknown key " + key + ": it belongs into the table [" + section.name + ']');
      }
    }
    SHOAL_TRY(set(*top->settings, key, value, ""));
    const std::size_t type = top->settings->find(key)->member.index();
    for (const Section& section : sections_) {
      if (&section == top || section.settings == nullptr) continue;
      const Settings::Setting* const same = section.settings->find(key);
      if (same != nullptr && same->member.index() == type) SHOAL_TRY(set(*section.settings, key, value, ""));
    }
    return {};
  }

  Result<void> read_table(const std::string& name, const toml::value& table) {
    const Section* const section = find(name);
    if (section == nullptr) {
      std::vector<std::string_view> names;
      for (const Section& known : sections_) names.push_back(known.name);
      return at(table, "unknown table [" + name + ']' + did_you_mean(name, names));
    }
    if (section->settings == nullptr) return {};
    for (const auto& [key, value] : table.as_table()) SHOAL_TRY(set(*section->settings, key, value, name));
    return {};
  }

  Result<void> read_services(const toml::value& services) {
    for (const auto& [key, value] : services.as_table()) {
      if (!value.is_table()) return at(value, "services." + key + ": expected a table, as in [services." + key + ']');
      if (find("services." + key) != nullptr) SHOAL_TRY(read_table("services." + key, value));
    }
    return {};
  }

  std::string name_;
  std::span<const Section> sections_;
};

}  // namespace

Result<void> read_config_text(std::string_view text, const std::string& name, std::span<const Section> sections) {
  if (text.size() > limits::config_bytes_max) {
    return bad_config(name + ": expected at most " + std::to_string(limits::config_bytes_max) + " bytes");
  }
  if (const std::size_t line = foreign_line(text))
    return bad_config(name + ':' + std::to_string(line) + ": is not UTF-8");
  if (depth_of_toml(text) > depth_max) {
    return bad_config(name + ": nests deeper than " + std::to_string(depth_max) + " brackets, braces or dots of a key");
  }
  try {
    std::istringstream stream{std::string(text)};
    return Reader(name, sections).read(toml::parse(stream, name));
  } catch (const toml::exception& error) {
    return bad_config(name + ':' + std::to_string(error.location().line()) + ": " + first_line(error.what()));
  } catch (const std::exception& error) {
    return bad_config(name + ": " + first_line(error.what()));
  }
}

Result<void> read_config_file(const std::string& path, std::span<const Section> sections) {
  std::ifstream file(path, std::ios::binary);
  std::string text(limits::config_bytes_max + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.fail() && !file.eof())) return bad_config("configuration file " + path + ": cannot read it");
  text.resize(static_cast<std::size_t>(file.gcount()));
  return read_config_text(text, path, sections);
}

}  // namespace shoal::config
