// The settings of one struct, by name. The struct's own list of keys (config/common.h) is the only list; what
// gives them values is a configuration file (file.h) and the command line. Used at the start of a process, on
// one thread.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace shoal::config {

// What stood on the command line, key and value, in its order. A key may stand behind a kind: "KIND.KEY".
using Given = std::vector<std::pair<std::string, std::string>>;

// A number that must lie in [min, max].
template <class T>
struct Number {
  T* value = nullptr;
  T min = std::numeric_limits<T>::lowest();
  T max = std::numeric_limits<T>::max();
};

// A text that must be one of a few.
struct Choice {
  std::string* value = nullptr;
  std::vector<std::string> words;
};

// Points into the struct, which must live as long and stay where it is.
class Settings {
public:
  using List = std::vector<std::string>;
  using Member =
      std::variant<std::string*, bool*, List*, Number<std::uint32_t>, Number<std::uint64_t>, Number<double>, Choice>;
  // A value that has a type already, as a file gives it.
  using Value = std::variant<std::string, bool, std::int64_t, double, List>;

  struct Setting {
    std::string key;
    std::string help;
    Member member;
    std::string fallback;  // the default, as text
    std::string source;    // what set it: "shoal.toml:3", "command line"; empty: nothing did
  };

  // Config::keys(config, visit) calls visit(key, member, help) for texts, flags, lists and numbers, visit(key, number,
  // help, min, max) for a number with bounds, and visit(key, text, help, {words...}) for a text that is one of a few.
  template <class Config>
  explicit Settings(Config& config) {
    Config::keys(config, Adder{*this});
  }

  const std::vector<Setting>& list() const { return list_; }

  // Null if there is no such key.
  const Setting* find(std::string_view key) const;

  // Fails with bad_config for a key that no setting has, naming the nearest, and for a value that does not fit it,
  // saying what was expected. `source` is remembered. A list is given as comma separated entries.
  Result<void> assign(std::string_view key, std::string_view text, const std::string& source = "command line");
  Result<void> set(std::string_view key, const Value& value, const std::string& source);

  // "routers=tcp://127.0.0.1:5570 bind=…": all of them, as they are now.
  std::string print() const;

private:
  struct Adder {
    Settings& settings;

    template <class T>
    void operator()(const char* key, T& member, const char* help) const {
      if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) {
        settings.add(key, help, Number<T>{&member});
      } else {
        settings.add(key, help, &member);
      }
    }
    template <class T>
    void operator()(const char* key, T& member, const char* help, std::type_identity_t<T> min,
                    std::type_identity_t<T> max) const {
      settings.add(key, help, Number<T>{&member, min, max});
    }
    void operator()(const char* key, std::string& member, const char* help, std::vector<std::string> words) const {
      settings.add(key, help, Choice{&member, std::move(words)});
    }
  };

  void add(const char* key, const char* help, Member member);
  Result<Setting*> known(std::string_view key);

  std::vector<Setting> list_;
};

// The entries of a comma separated list, without empty ones.
std::vector<std::string> split_list(std::string_view list);

// The value as `assign` takes it.
std::string text_of(const Settings::Member& member);

// What it may be, in words: "a whole number from 1 to 64", "text or json".
std::string expectation(const Settings::Member& member);

}  // namespace shoal::config
