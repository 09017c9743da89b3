// Writes msgpack into one frame. The only place that knows the library's packer is pack.cc. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace shoal::protocol {

class Packer {
public:
  Packer();

  void array(std::size_t entries);
  void map(std::size_t pairs);
  void nil();
  void boolean(bool value);
  void integer(std::uint64_t value);
  void number(float value);  // always as a float: five bytes
  void string(std::string_view utf8);
  void bytes(std::string_view raw);

  std::string take() { return std::move(out_); }

private:
  void make_room(std::size_t bytes);

  std::string out_;
};

}  // namespace shoal::protocol
