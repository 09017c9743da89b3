#include "text/jinja/string_work.h"

#include <algorithm>

#include "text/jinja/unicode.h"
#include "text/utf8.h"

namespace shoal::text::jinja {
namespace {

// How long one end's run of the given characters is, in bytes.
std::size_t run_of(std::string_view text, std::string_view characters, bool at_end) {
  std::size_t bytes = 0;
  while (bytes < text.size()) {
    std::size_t begin = at_end ? text.size() - bytes - 1 : bytes;
    while (at_end && begin > 0 && (static_cast<std::uint8_t>(text[begin]) & 0xC0) == 0x80) --begin;
    const std::string_view one = text.substr(begin, code_point_bytes(text.substr(begin)));
    if (characters.find(one) == characters.npos) break;
    bytes += one.size();
  }
  return bytes;
}

bool ends_line(char32_t character) {
  return (character >= 10 && character <= 13) || (character >= 0x1C && character <= 0x1E) || character == 0x85 ||
         character == 0x2028 || character == 0x2029;
}

// Pieces between white space, from the left; with a bound, the last is the rest without its leading space.
std::vector<PromptText> split_at_space(const PromptText& text, std::int64_t most) {
  std::vector<PromptText> out;
  const std::string_view all = text.bytes();
  std::size_t at = leading_space(all);
  while (at < all.size()) {
    std::size_t end = at;
    if (most >= 0 && static_cast<std::int64_t>(out.size()) == most) {
      end = all.size() - trailing_space(all);
    } else {
      for (std::size_t bytes = 0; end < all.size(); end += bytes) {
        if (is_space(code_point(all.substr(end), bytes))) break;
      }
    }
    out.push_back(text.part(at, end));
    at = end + leading_space(all.substr(end));
  }
  return out;
}

std::vector<PromptText> split_at(const PromptText& text, std::string_view separator, std::int64_t most) {
  std::vector<PromptText> out;
  std::size_t at = 0;
  while (most < 0 || static_cast<std::int64_t>(out.size()) < most) {
    const std::size_t found = text.bytes().find(separator, at);
    if (found == std::string::npos) break;
    out.push_back(text.part(at, found));
    at = found + separator.size();
  }
  out.push_back(text.part(at, text.size()));
  return out;
}

std::vector<PromptText> split_at_from_right(const PromptText& text, std::string_view separator, std::int64_t most) {
  std::vector<PromptText> out;
  std::size_t end = text.size();
  while (end >= separator.size() && static_cast<std::int64_t>(out.size()) < most) {
    const std::size_t found = text.bytes().rfind(separator, end - separator.size());
    if (found == std::string::npos) break;
    out.push_back(text.part(found + separator.size(), end));
    end = found;
  }
  out.push_back(text.part(0, end));
  std::reverse(out.begin(), out.end());
  return out;
}

}  // namespace

String as_string(Run& run, const Value& value) {
  if (const auto* text = value.get<String>()) return *text;
  PromptText text = run.print(value);
  return run.failed() ? nullptr : std::make_shared<const PromptText>(std::move(text));
}

const PromptText* expect_text(Run& run, const Value& value, std::string_view what) {
  if (value.text() == nullptr) {
    run.fail(std::string(what) + " must be str, not " + std::string(type_name(value)));
  }
  return value.text();
}

std::optional<std::int64_t> expect_integer(Run& run, const Value& value, std::int64_t otherwise) {
  if (value.is_undefined() || value.is_none()) return otherwise;
  Number number;
  if (to_number(value, number) && !number.is_real) return number.integer;
  run.fail("'" + std::string(type_name(value)) + "' object cannot be interpreted as an integer");
  return std::nullopt;
}

Value strip(Run& run, const PromptText& text, const Value& characters, Sides sides) {
  std::string_view all = text.bytes();
  std::size_t begin = 0;
  if (!run.spend_bytes(all.size())) return {};
  if (characters.is_undefined() || characters.is_none()) {
    if (sides != Sides::right) begin = leading_space(all);
    if (sides != Sides::left) all.remove_suffix(trailing_space(all.substr(begin)));
  } else {
    const PromptText* set = expect_text(run, characters, "what is stripped");
    if (set == nullptr || !run.spend_bytes(all.size() / 16 * set->size())) return {};
    if (sides != Sides::right) begin = run_of(all, set->bytes(), false);
    if (sides != Sides::left) all.remove_suffix(run_of(all.substr(begin), set->bytes(), true));
  }
  return make_string(text.part(begin, all.size()));
}

Value replace(Run& run, const PromptText& text, const PromptText& old, const PromptText& fresh, std::int64_t count) {
  PromptText out;
  std::size_t at = 0;
  for (std::int64_t done = 0; (count < 0 || done < count) && run.spend(1) && run.spend_bytes(fresh.size()); ++done) {
    if (old.empty()) {
      if (done > 0) {
        if (at == text.size()) break;
        const std::size_t bytes = code_point_bytes(std::string_view(text.bytes()).substr(at));
        out.append(text, at, at + bytes);
        at += bytes;
      }
      out.append(fresh);
      continue;
    }
    const std::size_t found = text.bytes().find(old.bytes(), at);
    if (found == std::string::npos) break;
    out.append(text, at, found);
    out.append(fresh);
    at = found + old.size();
  }
  out.append(text, at, text.size());
  return run.failed() ? Value() : run.string(std::move(out));
}

Value split(Run& run, const PromptText& text, const Value& separator, std::int64_t most, bool from_right) {
  if (!run.spend_bytes(2 * text.size())) return {};
  std::vector<PromptText> parts;
  if (separator.is_none() || separator.is_undefined()) {
    if (from_right && most >= 0) return run.fail("rsplit at white space with a bound is not supported");
    parts = split_at_space(text, most);
  } else {
    const PromptText* at = expect_text(run, separator, "separator");
    if (at == nullptr) return {};
    if (at->empty()) return run.fail("empty separator");
    parts = from_right && most >= 0 ? split_at_from_right(text, at->bytes(), most) : split_at(text, at->bytes(), most);
  }
  std::vector<Value> out;
  for (PromptText& part : parts) out.push_back(make_string(std::move(part)));
  return run.spend(out.size()) ? make_list(std::move(out)) : Value();
}

std::vector<PromptText> lines_of(const PromptText& text) {
  std::vector<PromptText> out;
  const std::string_view all = text.bytes();
  std::size_t begin = 0;
  for (std::size_t at = 0, bytes = 0; at < all.size(); at += bytes) {
    if (!ends_line(code_point(all.substr(at), bytes))) continue;
    out.push_back(text.part(begin, at));
    if (all.substr(at, 2) == "\r\n") bytes = 2;
    begin = at + bytes;
  }
  if (begin < all.size()) out.push_back(text.part(begin, all.size()));
  return out;
}

Value change_case(Run& run, const PromptText& text, Case wanted) {
  if (!run.spend_bytes(2 * text.size())) return {};
  PromptText out;
  std::string written;
  bool begins = true;
  for (std::size_t at = 0, bytes = 0; at < text.size(); at += bytes) {
    const char32_t character = code_point(std::string_view(text.bytes()).substr(at), bytes);
    written.clear();
    if (wanted == Case::upper || (begins && wanted == Case::title_filter)) {
      append_upper(written, character);
    } else if (begins && wanted != Case::lower) {
      append_title(written, character);
    } else {
      append_lower(written, character);
    }
    out.append(written, text.parse_at(at));
    if (wanted == Case::title) begins = !is_letter(character);
    if (wanted == Case::title_filter)
      begins =
          is_space(character) ||
          (character < 0x80 && std::string_view("-({[<").find(static_cast<char>(character)) != std::string_view::npos);
    if (wanted == Case::capitalized) begins = false;
  }
  return make_string(std::move(out));
}

}  // namespace shoal::text::jinja
