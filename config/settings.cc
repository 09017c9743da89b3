#include "config/settings.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <system_error>
#include <utility>

#include "base/key_values.h"
#include "base/nearest.h"

namespace shoal::config {
namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

std::string join(const std::vector<std::string>& entries, const char* between) {
  std::string list;
  for (const std::string& entry : entries) list += (list.empty() ? "" : between) + entry;
  return list;
}

template <class T>
std::string text_of_number(T number) {
  char text[64];
  const auto end = std::to_chars(std::begin(text), std::end(text), number).ptr;
  return {text, end};
}

// The whole text as a number, or as it is if it is none that fits.
template <class T>
Settings::Value parse_number(std::string_view text) {
  T number{};
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::string(text);
  return number;
}

Settings::Value parse_bool(std::string_view text) {
  if (text == "true" || text == "1" || text == "yes") return true;
  if (text == "false" || text == "0" || text == "no") return false;
  return std::string(text);
}

// A text of the command line as the member wants it; a text that is none stays one.
Settings::Value parse(const Settings::Member& member, std::string_view text) {
  return std::visit(Overloaded{[&](bool*) { return parse_bool(text); },
                               [&](Settings::List*) { return Settings::Value(split_list(text)); },
                               [&](const Number<double>&) { return parse_number<double>(text); },
                               [&](const Number<std::uint32_t>&) { return parse_number<std::int64_t>(text); },
                               [&](const Number<std::uint64_t>&) { return parse_number<std::int64_t>(text); },
                               [&](const auto&) { return Settings::Value(std::string(text)); }},
                    member);
}

std::string shown(const Settings::Value& value) {
  return std::visit(Overloaded{[](const std::string& text) { return '"' + text + '"'; },
                               [](bool flag) { return std::string(flag ? "true" : "false"); },
                               [](const Settings::List& list) { return '[' + join(list, ", ") + ']'; },
                               [](auto number) { return text_of_number(number); }},
                    value);
}

// Stores a value where a member points, if it fits.
struct Store {
  const Settings::Value& value;

  bool operator()(std::string* text) const { return take<std::string>(*text); }
  bool operator()(bool* flag) const { return take<bool>(*flag); }
  bool operator()(Settings::List* list) const {
    if (const auto* const text = std::get_if<std::string>(&value)) *list = split_list(*text);
    return std::holds_alternative<std::string>(value) || take<Settings::List>(*list);
  }
  bool operator()(const Choice& choice) const {
    const auto* const text = std::get_if<std::string>(&value);
    const bool fits =
        text != nullptr && std::find(choice.words.begin(), choice.words.end(), *text) != choice.words.end();
    if (fits) *choice.value = *text;
    return fits;
  }
  bool operator()(const Number<double>& number) const {
    const auto* const whole = std::get_if<std::int64_t>(&value);
    const auto* const real = std::get_if<double>(&value);
    if (whole == nullptr && real == nullptr) return false;
    const double wanted = real != nullptr ? *real : static_cast<double>(*whole);
    if (!(wanted >= number.min && wanted <= number.max)) return false;  // nor is a NaN within any bounds
    *number.value = wanted;
    return true;
  }
  template <class T>
  bool operator()(const Number<T>& number) const {
    const auto* const whole = std::get_if<std::int64_t>(&value);
    if (whole == nullptr || std::cmp_less(*whole, number.min) || std::cmp_greater(*whole, number.max)) return false;
    *number.value = static_cast<T>(*whole);
    return true;
  }

private:
  template <class T>
  bool take(T& target) const {
    const auto* const found = std::get_if<T>(&value);
    if (found != nullptr) target = *found;
    return found != nullptr;
  }
};

template <class T>
std::string expected_number(const Number<T>& number) {
  const std::string what = std::is_floating_point_v<T> ? "a number" : "a whole number";
  if (number.max < std::numeric_limits<T>::max()) {
    return what + " from " + text_of_number(number.min) + " to " + text_of_number(number.max);
  }
  const bool bounded = number.min > std::numeric_limits<T>::lowest() || std::is_integral_v<T>;
  return bounded ? what + " of at least " + text_of_number(number.min) : what;
}

}  // namespace

void Settings::add(const char* key, const char* help, Member member) {
  std::string fallback = text_of(member);
  list_.push_back({key, help, std::move(member), std::move(fallback), {}});
}

const Settings::Setting* Settings::find(std::string_view key) const {
  const auto found =
      std::find_if(list_.begin(), list_.end(), [&](const Setting& setting) { return setting.key == key; });
  return found == list_.end() ? nullptr : &*found;
}

Result<Settings::Setting*> Settings::known(std::string_view key) {
  std::vector<std::string_view> keys;
  for (Setting& setting : list_) {
    if (setting.key == key) return &setting;
    keys.push_back(setting.key);
  }
  return Error{Code::bad_config, "unknown key " + std::string(key) + did_you_mean(key, keys)};
}

Result<void> Settings::assign(std::string_view key, std::string_view text, const std::string& source) {
  const auto setting = known(key);
  if (!setting) return setting.error();
  return set(key, parse((*setting)->member, text), source);
}

Result<void> Settings::set(std::string_view key, const Value& value, const std::string& source) {
  const auto setting = known(key);
  if (!setting) return setting.error();
  if (!std::visit(Store{value}, (*setting)->member)) {
    return Error{Code::bad_config,
                 std::string(key) + ": expected " + expectation((*setting)->member) + ", got " + shown(value)};
  }
  (*setting)->source = source;
  return {};
}

std::string Settings::print() const {
  std::string line;
  for (const Setting& setting : list_) {
    line += (line.empty() ? "" : " ") + setting.key + '=' + quoted_value(text_of(setting.member));
  }
  return line;
}

std::vector<std::string> split_list(std::string_view list) {
  std::vector<std::string> entries;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (comma > 0) entries.emplace_back(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return entries;
}

std::string text_of(const Settings::Member& member) {
  return std::visit(Overloaded{[](std::string* text) { return *text; },
                               [](bool* flag) { return std::string(*flag ? "true" : "false"); },
                               [](Settings::List* list) { return join(*list, ","); },
                               [](const Choice& choice) { return *choice.value; },
                               [](const auto& number) { return text_of_number(*number.value); }},
                    member);
}

std::string expectation(const Settings::Member& member) {
  return std::visit(Overloaded{[](std::string*) { return std::string("a text in quotes"); },
                               [](bool*) { return std::string("true or false"); },
                               [](Settings::List*) { return std::string("a list of texts"); },
                               [](const Choice& choice) { return join(choice.words, " or "); },
                               [](const auto& number) { return expected_number(number); }},
                    member);
}

}  // namespace shoal::config
