// `shoal doctor`: what this machine lacks for a mesh, and the command that gets it.
#include "cli/command.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <sys/resource.h>
#include <vector>

#include <dlfcn.h>

#include "base/cores.h"
#include "cli/address.h"
#include "cli/doctor/machine.h"
#include "cli/doctor/mesh.h"
#include "cli/doctor/packages.h"
#include "cli/doctor/places.h"
#include "cli/status/processes.h"
#include "cli/up/up_plan.h"
#include "config/settings.h"
#include "services/inference/model_check.h"
#include "services/preprocess/preparer.h"

namespace shoal::cli {
namespace {

struct DoctorOptions {
  UpOptions up;
  std::vector<std::string> connect;
  bool json = false;
};

void add(Findings& all, Findings more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

// Whether conversations with it are rendered. Raw prompts are served in any case.
Finding check_chat(const std::string& model, const std::string& flaw) {
  if (flaw.empty()) return {"chat", State::ok, "conversations can be rendered as this model's prompts"};
  return {"chat", State::warning, "raw prompts are served, and conversations refused with: " + flaw,
          "$EDITOR " + model + "/chat_template.jinja   # it is taken before what tokenizer_config.json has"};
}

// As the processes of a mesh would see the model; tells `need` how large it is.
Findings check_model(const std::string& wanted, Need& need) {
  const std::string command = "shoal up --model=DIR   # a directory with config.json, tokenizer.json and *.safetensors";
  const auto path = find_model(wanted);
  if (!path) return {{"model", State::missing, path.error().text, command}};
  const auto model = services::check_model(*path);
  if (!model) return {{"model", State::missing, model.error().text, command}};
  const auto prompts = preprocess::Preparer::open(*path, [] { return std::tm{}; });
  if (!prompts) return {{"model", State::missing, prompts.error().text, command}};
  need.model_bytes = model->weight_bytes;
  need.kv_bytes = model->context_bytes;
  return {{"model", State::ok,
           *path + ": " + model->architecture + ", " + std::to_string(model->weight_bytes >> 20) +
               " MiB of weights, context of " + std::to_string(model->context_tokens) + " tokens"},
          check_chat(*path, (*prompts)->chat_flaw())};
}

Findings look(const DoctorOptions& options) {
  const std::filesystem::path root = "/";
  const char* const search = std::getenv("PATH");
  const std::string path = search == nullptr ? "" : search;
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  Need need;
  const Findings model = check_model(options.up.model, need);
  void* const cuda = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL);

  Findings all = {check_cores(usable_cores()), check_memory(root, need),
                  check_instructions(root, services::modules_here().front())};
  add(all, model);
  add(all, {check_descriptors(files.rlim_max), check_clock(root), check_huge_pages(root),
            check_gpus(root, cuda != nullptr)});
  if (cuda != nullptr) dlclose(cuda);
  for (const UpPort& port : ports_of(options.up)) all.push_back(check_port(root, port, options.up.client_port));
  const std::filesystem::path run_dir = run_dir_of(options.up);
  all.push_back(check_folder("run folder", run_dir, "--run_dir"));
  all.push_back(check_folder("/tmp", "/tmp", ""));
  all.push_back(check_socket_path(run_dir));
  add(all, check_packages(root, packages_list(), path));
  add(all, check_docker(root, path));
  if (!options.connect.empty()) add(all, check_mesh(options.connect));
  return all;
}

const char* name_of(State state) { return state == State::ok ? "ok" : state == State::warning ? "warning" : "MISSING"; }

void print(const Findings& findings, std::size_t missing) {
  for (const Finding& finding : findings) {
    std::printf("%-8s %-13s %s\n", name_of(finding.state), finding.check.c_str(), finding.text.c_str());
    if (!finding.command.empty()) std::printf("%22s $ %s\n", "", finding.command.c_str());
  }
  if (missing == 0) {
    std::printf("\nAll that a mesh requires is here. What a warning names makes it better, or serves developers.\n");
  } else {
    std::printf("\nWhat is MISSING keeps a mesh from running (%zu of %zu checks).\n", missing, findings.size());
  }
}

int run_doctor(const DoctorOptions& options) {
  const Findings findings = look(options);
  std::size_t missing = 0;
  Json list = Json::array();
  for (const Finding& finding : findings) {
    missing += finding.state == State::missing;
    const char* const state = finding.state == State::missing ? "missing" : name_of(finding.state);
    list.push_back({{"check", finding.check}, {"state", state}, {"text", finding.text}, {"command", finding.command}});
  }
  if (options.json) {
    print_json({{"ok", missing == 0}, {"findings", list}});
  } else {
    print(findings, missing);
  }
  return missing == 0 ? exit_code::ok : exit_code::failed;
}

}  // namespace

void add_doctor(Application application) {
  const auto options = std::make_shared<DoctorOptions>();
  CLI::App* const command = add_command(application, "doctor", "What does this machine lack, and what gets it?",
                                        [options] { return run_doctor(*options); });
  command->group(group::look);
  command->add_option("--model", options->up.model, "Directory of a model to check (default: the bundled one)");
  command
      ->add_option_function<std::string>(
          "--connect", [options](const std::string& list) { options->connect = read_addresses(list); },
          "Client address of a gateway: ask its mesh how it is")
      ->type_name("ADDRESS");
  command->add_flag("--json", options->json, "Print JSON instead of lines");
  command->add_option("--client_port,--client-port", options->up.client_port, "As for `shoal up`")
      ->check(CLI::Range(1, 65'523));
  command->add_option("--router_port,--router-port", options->up.router_port, "As for `shoal up`")
      ->check(CLI::Range(1, 65'534));
  command->add_option("--run_dir,--run-dir", options->up.run_dir, "As for `shoal up`");
  set_examples(
      *command,
      {{"shoal doctor", "before the first `shoal up`"},
       {"shoal doctor --model=models/mine", "would this model be served?"},
       {"shoal doctor --connect=tcp://127.0.0.1:5555", "is somebody of each kind there?"}},
      "Each line: ok, warning (works without it, or worse) or MISSING, what it means, and the command that mends\n"
      "it. Exit code 0: all that a mesh requires is here; 1: something is missing.");
}

}  // namespace shoal::cli
