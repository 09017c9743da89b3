#include "engine/checkpoint/mapped_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

namespace shoal::engine {
namespace {

Error cannot(const std::filesystem::path& path, const char* what, int error) {
  return {Code::bad_checkpoint, path.string() + ": cannot " + what + ": " + std::strerror(error)};
}

}  // namespace

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return cannot(path, "open it", errno);
  struct stat status {};
  if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size == 0) {
    ::close(file);
    return Error{Code::bad_checkpoint, path.string() + ": expected a regular file that is not empty"};
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  void* memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
  const int error = errno;
  ::close(file);
  if (memory == MAP_FAILED) {
    const std::uint64_t free = memory_headroom().address_bytes;
    return Error{
        error == ENOMEM ? Code::too_large : Code::bad_checkpoint,
        path.string() + ": cannot map its " + in_mebibytes(size) + ": " + std::strerror(error) +
            (free == UINT64_MAX ? "" : "; the limit of address space (ulimit -v) leaves " + in_mebibytes(free))};
  }
  return MappedFile{std::span(static_cast<const std::byte*>(memory), size)};
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

}  // namespace shoal::engine
