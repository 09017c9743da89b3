#include "text/tokenizer/normalizer.h"

#include <algorithm>
#include <array>
#include <vector>

#include <utf8proc.h>

#include "base/check.h"
#include "text/utf8.h"

namespace shoal::text {
namespace {

int combining_class(utf8proc_int32_t code_point) { return utf8proc_get_property(code_point)->combining_class; }

std::vector<utf8proc_int32_t> decomposed(std::string_view text) {
  std::vector<utf8proc_int32_t> out;
  out.reserve(text.size());
  std::array<utf8proc_int32_t, 32> parts;  // no canonical decomposition has more than four
  while (!text.empty()) {
    utf8proc_int32_t code_point = 0;
    const auto bytes = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                        static_cast<utf8proc_ssize_t>(text.size()), &code_point);
    SHOAL_CHECK(bytes > 0);
    int boundary = 0;
    const auto count = utf8proc_decompose_char(code_point, parts.data(), parts.size(), UTF8PROC_DECOMPOSE, &boundary);
    SHOAL_CHECK(count > 0 && count <= static_cast<utf8proc_ssize_t>(parts.size()));
    out.insert(out.end(), parts.begin(), parts.begin() + count);
    text.remove_prefix(static_cast<std::size_t>(bytes));
  }
  return out;
}

// Canonical order: each run of marks sorted by combining class, stably. utf8proc_map() sorts by exchanging neighbours,
// which a megabyte of marks makes quadratic; hence this function and the decomposition above.
void order_marks(std::vector<utf8proc_int32_t>& code_points) {
  const auto is_mark = [](utf8proc_int32_t c) { return combining_class(c) != 0; };
  const auto before = [](utf8proc_int32_t a, utf8proc_int32_t b) { return combining_class(a) < combining_class(b); };
  auto at = code_points.begin();
  while (at != code_points.end()) {
    const auto first = std::find_if(at, code_points.end(), is_mark);
    at = std::find_if_not(first, code_points.end(), is_mark);
    std::stable_sort(first, at, before);
  }
}

}  // namespace

Result<Normalizer> parse_normalizer(const JsonView& normalizer) {
  auto type = normalizer.string_at("type");
  SHOAL_TRY(type);
  if (*type == "NFC") return Normalizer::nfc;
  if (*type != "Sequence") return normalizer.expected("null, NFC or a Sequence of NFC, not " + *type);
  auto inner = normalizer.array_at("normalizers");
  SHOAL_TRY(inner);
  Normalizer parsed = Normalizer::none;
  for (const JsonView& entry : *inner) {
    auto one = parse_normalizer(entry);
    SHOAL_TRY(one);
    if (*one == Normalizer::nfc) parsed = Normalizer::nfc;
  }
  return parsed;
}

std::string to_nfc(std::string_view text) {
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::all_of(text.begin(), text.end(), is_ascii)) return std::string(text);
  auto code_points = decomposed(text);
  order_marks(code_points);
  const auto count = utf8proc_normalize_utf32(code_points.data(), static_cast<utf8proc_ssize_t>(code_points.size()),
                                              static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  SHOAL_CHECK(count >= 0);
  std::string out;
  out.reserve(text.size());
  for (utf8proc_ssize_t i = 0; i < count; ++i)
    append_utf8(out, static_cast<char32_t>(code_points[static_cast<std::size_t>(i)]));
  return out;
}

}  // namespace shoal::text
