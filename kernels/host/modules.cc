#include "kernels/host/modules.h"

#include <algorithm>

#include "base/cores.h"
#include "kernels/host/ref/ref.h"

namespace shoal::kernels {

// Of kernels/host/cpu, once per instruction set.
namespace cpu_base {
void fill(Ops& ops);
}
#if defined(__x86_64__)
namespace cpu_avx2 {
void fill(Ops& ops);
}
#endif

namespace {

void fill_ref(Ops& ops) { ops = ref::ops(); }

struct Known {
  std::string_view name;
  bool here;  // whether the processor has its instructions
  void (*fill)(Ops&);
};

// Best first.
std::vector<Known> known_modules(Processor processor) {
  std::vector<Known> all;
#if defined(__x86_64__)
  all.push_back({"cpu_avx2", processor.avx2, cpu_avx2::fill});
#else
  all.push_back({"cpu_avx2", false, nullptr});
#endif
  all.push_back({"cpu_base", true, cpu_base::fill});
  all.push_back({"ref", true, fill_ref});
  return all;
}

}  // namespace

Processor this_processor() {
#if defined(__x86_64__)
  return {.avx2 = __builtin_cpu_supports("avx2") != 0};
#else
  return {};
#endif
}

std::vector<std::string> modules_here() { return modules_of(this_processor()); }

std::vector<std::string> modules_of(Processor processor) {
  std::vector<std::string> names;
  for (const Known& known : known_modules(processor)) {
    if (known.here) names.emplace_back(known.name);
  }
  return names;
}

Result<Module> find_module(std::string_view name, Processor processor) {
  std::string usable = "auto";
  for (const std::string& here : modules_of(processor)) usable += ", " + here;
  for (const Known& known : known_modules(processor)) {
    if (name != known.name && !(name == "auto" && known.here)) continue;
    if (!known.here) {
      return Error{Code::bad_config, "module: this machine's processor lacks the instructions of " + std::string(name) +
                                         "; it can run " + usable};
    }
    Module module{.name = std::string(known.name), .ops = {}};
    known.fill(module.ops);
    return module;
  }
  return Error{Code::bad_config,
               "module: there is no module " + std::string(name) + "; this machine can run " + usable};
}

Result<std::unique_ptr<HostBackend>> make_host_backend(const HostOptions& options) {
  auto module = find_module(options.module);
  if (!module) return std::move(module).error();
  const std::uint32_t threads = options.threads > 0 ? options.threads : usable_cores();
  return std::make_unique<HostBackend>(module->ops, host_device(module->name, options.form), options.form, threads);
}

}  // namespace shoal::kernels
