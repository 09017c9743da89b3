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

void fill_ref(Ops&) {}

struct Known {
  std::string_view name;
  std::string_view numerics;
  std::uint32_t tile_rows;
  bool here;  // whether the processor has its instructions
  void (*fill)(Ops&);
};

// All of them, the plainest first. What a module leaves empty runs on `ref`.
std::vector<Known> known_modules(Processor processor) {
#if defined(__x86_64__)
  const Known avx2 = {"cpu_avx2", "ref fp32", 8, processor.avx2, cpu_avx2::fill};
#else
  const Known avx2 = {"cpu_avx2", "ref fp32", 8, false, nullptr};
#endif
  return {{"ref", "ref fp32", 8, true, fill_ref}, {"cpu_base", "ref fp32", 8, true, cpu_base::fill}, avx2};
}

}  // namespace

Processor this_processor() {
#if defined(__x86_64__)
  return {.avx2 = __builtin_cpu_supports("avx2") != 0};
#else
  return {};
#endif
}

std::vector<ModuleName> host_modules() {
  std::vector<ModuleName> names;
  for (const Known& known : known_modules(this_processor())) names.push_back({known.name, known.here});
  return names;
}

std::vector<std::string> modules_here() { return modules_of(this_processor()); }

std::vector<std::string> modules_of(Processor processor) {
  std::vector<std::string> names;
  for (const Known& known : known_modules(processor)) {
    if (known.here) names.emplace_back(known.name);
  }
  std::reverse(names.begin(), names.end());
  return names;
}

Result<Module> find_module(std::string_view name, Processor processor) {
  std::string usable = "auto";
  for (const std::string& here : modules_of(processor)) usable += ", " + here;
  const auto modules = known_modules(processor);
  for (auto known = modules.rbegin(); known != modules.rend(); ++known) {
    if (name != known->name && !(name == "auto" && known->here)) continue;
    if (!known->here) {
      return Error{Code::bad_config, "module: this machine's processor lacks the instructions of " + std::string(name) +
                                         "; it can run " + usable};
    }
    Module module{.name = std::string(known->name),
                  .numerics = std::string(known->numerics),
                  .tile_rows = known->tile_rows,
                  .ops = ref::ops()};
    known->fill(module.ops);
    return module;
  }
  return Error{Code::bad_config,
               "module: there is no module " + std::string(name) + "; this machine can run " + usable};
}

Result<std::unique_ptr<HostBackend>> make_host_backend(const HostOptions& options) {
  auto module = find_module(options.module);
  if (!module) return std::move(module).error();
  const std::uint32_t threads = options.threads > 0 ? options.threads : usable_cores();
  return std::make_unique<HostBackend>(*module, options.form, threads);
}

// In host memory, by the modules of this folder.
extern const BackendKind host_kind;
const BackendKind host_kind = {
    .name = "host",
    .takes = [](Architecture architecture) { return architecture == Architecture::deepseek_v2; },
    .modules = host_modules,
    .measure = HostBackend::measure,
    .make = [](const BackendOptions& options) -> Result<std::unique_ptr<Backend>> {
      auto made = make_host_backend({.module = options.module, .threads = options.threads});
      if (!made) return std::move(made).error();
      return std::unique_ptr<Backend>(std::move(*made));
    }};

}  // namespace shoal::kernels
