#include "kernels/backends.h"

#include <algorithm>
#include <iterator>

// Every backend, a line each, the plainest first.
#define SHOAL_BACKENDS(registered) registered(echo) registered(host)

namespace shoal::kernels {

#define SHOAL_DECLARE_BACKEND(name) extern const BackendKind name##_kind;
SHOAL_BACKENDS(SHOAL_DECLARE_BACKEND)

namespace {

#define SHOAL_LIST_BACKEND(name) &name##_kind,
constexpr const BackendKind* all[] = {SHOAL_BACKENDS(SHOAL_LIST_BACKEND)};

bool has_module(const BackendKind& kind, std::string_view module) {
  const auto modules = kind.modules();
  if (module == "auto") return std::any_of(modules.begin(), modules.end(), [](const auto& one) { return one.here; });
  return std::any_of(modules.begin(), modules.end(), [&](const auto& one) { return one.name == module; });
}

}  // namespace

std::span<const BackendKind* const> backends() { return all; }

const BackendKind* find_backend(Architecture architecture, std::string_view module) {
  const BackendKind* found = nullptr;
  for (auto kind = std::rbegin(all); kind != std::rend(all); ++kind) {
    if (!(*kind)->takes(architecture)) continue;
    if (has_module(**kind, module)) return *kind;
    if (found == nullptr) found = *kind;
  }
  return found;
}

std::vector<std::string> module_names() {
  std::vector<std::string> names = {"auto"};
  for (const BackendKind* kind : all) {
    for (const ModuleName& module : kind->modules()) names.emplace_back(module.name);
  }
  return names;
}

std::vector<std::string> usable_modules() {
  std::vector<std::string> names;
  for (const BackendKind* kind : all) {
    for (const ModuleName& module : kind->modules()) {
      if (module.here) names.emplace_back(module.name);
    }
  }
  std::reverse(names.begin(), names.end());
  return names;
}

}  // namespace shoal::kernels
