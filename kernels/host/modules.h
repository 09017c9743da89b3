// The modules that compute on this machine's CPU, by name; all of them give the same bits. Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kernels/backends.h"
#include "kernels/host/host_backend.h"
#include "kernels/host/ops.h"

namespace shoal::kernels {

// Every module, on whichever machine: the plainest first.
std::vector<ModuleName> host_modules();

// The modules that this machine can run, best first: "cpu_avx2" (where the processor has AVX2), "cpu_base", "ref".
std::vector<std::string> modules_here();

// What a processor can do beyond the base of its architecture.
struct Processor {
  bool avx2 = false;
};
Processor this_processor();

// The same for any processor; of those modules alone that it can run, ops may be called.
std::vector<std::string> modules_of(Processor processor);

// `name` is one of them, or "auto" for the best. Fails with bad_config for a name that no module has, and for a module
// that the processor lacks the instructions of; the text names those that would do.
Result<Module> find_module(std::string_view name, Processor processor = this_processor());

struct HostOptions {
  std::string module = "auto";
  std::uint32_t threads = 0;         // the calling one counted; 0: all cores of this process
  MlaForm form = MlaForm::absorbed;  // for the backend's life: by length, results would depend on chunking
};

// A backend over the named module. Fails with what find_module fails with.
Result<std::unique_ptr<HostBackend>> make_host_backend(const HostOptions& options);

}  // namespace shoal::kernels
