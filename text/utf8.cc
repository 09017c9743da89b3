#include "text/utf8.h"

namespace shoal::text {
namespace {

struct Lead {
  std::uint8_t missing = 0;  // continuation bytes; 0 for a byte that starts no sequence of several
  std::uint8_t lower = 0x80;
  std::uint8_t upper = 0xBF;
};

// The rules for the byte after a lead byte keep out overlong forms (E0, F0), surrogates (ED) and what lies above
// U+10FFFF (F4).
Lead lead_of(std::uint8_t byte) {
  if (byte >= 0xC2 && byte <= 0xDF) return {.missing = 1};
  if (byte == 0xE0) return {.missing = 2, .lower = 0xA0};
  if (byte == 0xED) return {.missing = 2, .upper = 0x9F};
  if (byte >= 0xE1 && byte <= 0xEF) return {.missing = 2};
  if (byte == 0xF0) return {.missing = 3, .lower = 0x90};
  if (byte == 0xF4) return {.missing = 3, .upper = 0x8F};
  if (byte >= 0xF1 && byte <= 0xF3) return {.missing = 3};
  return {};
}

}  // namespace

void append_utf8(std::string& out, char32_t code_point) {
  const auto put = [&](char32_t bits) { out.push_back(static_cast<char>(bits)); };
  if (code_point < 0x80) return put(code_point);
  if (code_point < 0x800) {
    put(0xC0 | code_point >> 6);
  } else if (code_point < 0x10000) {
    put(0xE0 | code_point >> 12);
    put(0x80 | (code_point >> 6 & 0x3F));
  } else {
    put(0xF0 | code_point >> 18);
    put(0x80 | (code_point >> 12 & 0x3F));
    put(0x80 | (code_point >> 6 & 0x3F));
  }
  put(0x80 | (code_point & 0x3F));
}

void Utf8Stream::push(std::uint8_t byte, std::string& out) {
  if (missing_ == 0) return start(byte, out);
  if (byte < lower_ || byte > upper_) {
    flush(out);
    return start(byte, out);
  }
  lower_ = 0x80;
  upper_ = 0xBF;
  bytes_[held_++] = static_cast<char>(byte);
  if (--missing_ > 0) return;
  out.append(bytes_.data(), held_);
  held_ = 0;
}

void Utf8Stream::flush(std::string& out) {
  if (held_ > 0) out.append(replacement_character);
  held_ = missing_ = 0;
  lower_ = 0x80;
  upper_ = 0xBF;
}

void Utf8Stream::start(std::uint8_t byte, std::string& out) {
  if (byte < 0x80) return out.push_back(static_cast<char>(byte));
  const Lead lead = lead_of(byte);
  if (lead.missing == 0) {
    out.append(replacement_character);
    return;
  }
  bytes_[0] = static_cast<char>(byte);
  held_ = 1;
  missing_ = lead.missing;
  lower_ = lead.lower;
  upper_ = lead.upper;
}

}  // namespace shoal::text
