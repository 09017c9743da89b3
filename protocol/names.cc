#include <array>
#include <string>
#include <string_view>

#include <xxhash.h>

#include "protocol/codec.h"
#include "protocol/describe.h"

namespace shoal::protocol {
namespace {

struct Named {
  Type type;
  std::string_view name;
};

constexpr std::array names = {
    Named{Type::hello, "HELLO"},       Named{Type::welcome, "WELCOME"},     Named{Type::reset, "RESET"},
    Named{Type::bye, "BYE"},           Named{Type::ping, "PING"},           Named{Type::pong, "PONG"},
    Named{Type::load, "LOAD"},         Named{Type::directory, "DIRECTORY"}, Named{Type::prepare, "PREPARE"},
    Named{Type::prepared, "PREPARED"}, Named{Type::call, "CALL"},           Named{Type::result, "RESULT"},
    Named{Type::serve, "SERVE"},       Named{Type::place, "PLACE"},         Named{Type::queued, "QUEUED"},
    Named{Type::placed, "PLACED"},     Named{Type::refused, "REFUSED"},     Named{Type::withdraw, "WITHDRAW"},
    Named{Type::attach, "ATTACH"},     Named{Type::attached, "ATTACHED"},   Named{Type::owned, "OWNED"},
    Named{Type::generate, "GENERATE"}, Named{Type::accepted, "ACCEPTED"},   Named{Type::tokens, "TOKENS"},
    Named{Type::text, "TEXT"},         Named{Type::credit, "CREDIT"},       Named{Type::cancel, "CANCEL"},
    Named{Type::yielded, "YIELDED"},   Named{Type::finished, "FINISHED"},   Named{Type::failed, "FAILED"},
    Named{Type::release, "RELEASE"},   Named{Type::keepalive, "KEEPALIVE"}, Named{Type::probe, "PROBE"},
    Named{Type::position, "POSITION"}, Named{Type::locate, "LOCATE"},       Named{Type::found, "FOUND"},
    Named{Type::adopt, "ADOPT"},       Named{Type::redirect, "REDIRECT"},   Named{Type::fenced, "FENCED"},
    Named{Type::unknown, "UNKNOWN"},   Named{Type::mismatch, "MISMATCH"},
};
static_assert(names.size() == std::variant_size_v<Body>);

constexpr auto by_number = [] {
  std::array<std::string_view, 256> table{};
  for (const Named& named : names) table[static_cast<std::uint8_t>(named.type)] = named.name;
  return table;
}();

std::string_view find(Type type) { return by_number[static_cast<std::uint8_t>(type)]; }

// Writes every field as "name:kind", parts in brackets, so that any change of layout changes the text.
struct Describe {
  std::string& out;

  template <class Member>
  void operator()(const char* name, Member& member, const Bound&) {
    out.append(name).push_back(':');
    describe(member);
    out.push_back(' ');
  }

  template <class T>
  void describe(T& value) {
    if constexpr (std::is_same_v<T, std::string>) {
      out += "string";
    } else if constexpr (std::is_same_v<T, Ids>) {
      out += "ids";
    } else if constexpr (std::is_same_v<T, Bytes>) {
      out += "bytes";
    } else if constexpr (std::is_same_v<T, bool>) {
      out += "bool";
    } else if constexpr (std::is_floating_point_v<T>) {
      out += "float";
    } else if constexpr (List<T>) {
      typename T::value_type entry{};
      out.push_back('[');
      describe(entry);
      out.push_back(']');
    } else if constexpr (Part<T>) {
      out.push_back('(');
      T::fields(value, *this);
      out.push_back(')');
    } else {
      out.append("u").append(std::to_string(8 * sizeof(T)));
    }
  }
};

}  // namespace

bool known(Type type) { return !find(type).empty(); }

std::string name(Type type) {
  if (known(type)) return std::string(find(type));
  constexpr char digits[] = "0123456789abcdef";
  const auto number = static_cast<std::uint8_t>(type);
  return {'0', 'x', digits[number >> 4], digits[number & 15]};
}

std::uint64_t schema_digest() {
  std::string all;
  each_message_type([&all]<class T>() {
    T body;
    all += name(T::type) + " " + std::to_string(static_cast<unsigned>(T::type)) + " ";
    Describe describe{all};
    T::fields(body, describe);
    all.push_back('\n');
  });
  return XXH3_64bits(all.data(), all.size());
}

}  // namespace shoal::protocol
