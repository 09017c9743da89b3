// The backends of this program: a folder each, and a line in backends.cc. What the engine, the settings and `shoal
// doctor` know of them, they ask here. Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kernels/backend.h"
#include "kernels/spec.h"
#include "kernels/tensor.h"

namespace shoal::kernels {

struct BackendOptions {
  std::string module = "auto";  // a name of module_names()
  std::uint32_t threads = 0;    // that compute, the calling one counted; 0: all cores of this process
};

// What a model takes on a device.
struct ModelBytes {
  std::uint64_t stored = 0;  // weights, in the files
  std::uint64_t packed = 0;  // weights, in the device's memory
  std::uint64_t page = 0;    // one KV page, all layers
};

// A way to compute, by the name that `module` takes.
struct ModuleName {
  std::string_view name;
  bool here = false;  // whether this machine can
};

struct BackendKind {
  std::string_view name;
  bool (*takes)(Architecture);
  // The plainest first; none for a backend that computes in one way only and takes every `module`.
  std::vector<ModuleName> (*modules)();
  // Asks `source` for every tensor as load() does and keeps none. Fails as load() fails, but for numbers.
  Result<ModelBytes> (*measure)(const Spec&, TensorSource&);
  // bad_config for a module that there is not or that this machine cannot run; the text names those that would do.
  Result<std::unique_ptr<Backend>> (*make)(const BackendOptions&);
};

// All of them, the plainest first.
std::span<const BackendKind* const> backends();

// The backend that runs the architecture with that module; one that has no such module if none has, whose make() says
// so. Null if none runs the architecture. `auto` is the last one that this machine can run.
const BackendKind* find_backend(Architecture architecture, std::string_view module);

// What `module` may be, on any machine: "auto", then the plainest first.
std::vector<std::string> module_names();

// The modules that this machine can run, best first: "auto" takes the first that runs the model.
std::vector<std::string> usable_modules();

}  // namespace shoal::kernels
