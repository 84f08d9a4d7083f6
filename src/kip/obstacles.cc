#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>

#include "src/base/text.h"
#include "src/boot/command_line.h"
#include "src/boot/entry.h"
#include "src/checks/install_plugins.h"
#include "src/kip/obstacles.h"
#include "src/modules/tree.h"
#include "src/policy/module_words.h"
#include "src/policy/modules.h"

namespace kip::program {
namespace {

using state::Manifest;

constexpr std::size_t kImage = 2;  // behind "add" and KVER; initrds follow

bool exists(const Root& root, const std::string& path) {
  return root.open(path, O_PATH).has_value();
}

std::optional<Obstacle> arguments_gone(const Root& root, const cli::Surveyed& entry) {
  const auto& arguments = arguments_of(entry);
  if (arguments.size() <= kImage || arguments.front() != "add")
    return Obstacle{"it was not installed by kernel-install", "install this kernel once more"};
  const std::string forget =
      "kernel-install remove " + shell_word(entry.row.kernel) + ", if the kernel is gone";
  for (std::size_t i = kImage; i < arguments.size(); ++i) {
    if (!exists(root, arguments[i]))
      return Obstacle{quote(arguments[i]) + ", which it was made of, is not there", forget};
  }
  if (entry.manifest == nullptr) return std::nullopt;
  const state::ModuleInputs& modules = entry.manifest->inputs.modules;
  const bool had_modules = !modules.modules.empty() || !modules.decisions.empty();
  const std::string directory = "/lib/modules/" + entry.row.kernel;
  if (had_modules && !exists(root, directory) && !exists(root, "/usr" + directory))
    return Obstacle{quote(directory) + " is not there", forget};
  return std::nullopt;
}

std::string write_options(const std::string& options) {
  return fmt::format("printf '%s\\n' {} > /etc/kernel/cmdline",
                     shell_word(options.empty() ? " " : options));
}

// As the entry has it now, since people edit entries; where it is gone, as it was recorded.
std::optional<std::string> options_of(const Root& root, const Manifest& manifest) {
  std::string name = boot::without_count(manifest.entry);
  name = name.substr(name.rfind('/') + 1);
  name.resize(std::min(name.rfind('.'), name.size()));
  const auto entry = boot::find_entry(root, manifest.call.boot_root, manifest.call.layout, name);
  return entry && *entry && (*entry)->options ? (*entry)->options : manifest.options;
}

std::optional<Obstacle> options_change(const Root& root, const cli::Surveyed& entry,
                                       const std::string& conf_root) {
  const Manifest* const manifest = entry.manifest;
  const bool matters =
      manifest == nullptr || manifest->call.layout == "bls" || manifest->call.layout == "uki";
  if (!matters) return std::nullopt;
  const auto now = boot::command_line_now(root, conf_root);
  if (!now) return Obstacle{now.error().what, ""};
  const auto options = manifest != nullptr ? options_of(root, *manifest) : std::nullopt;
  if (!options) {
    if (!now->of_running_kernel) return std::nullopt;
    return Obstacle{
        "its command line would be the running kernel's: no file says which one it is to be",
        write_options(now->text) + ", if that is right"};
  }
  if (boot::same_options(*options, now->text, manifest->token)) return std::nullopt;
  const std::string from = now->from.empty() ? "" : " of " + quote(now->from);
  return Obstacle{fmt::format("its command line would become {}{}, and is {}", quote(now->text),
                              from, quote(*options)),
                  now->of_running_kernel
                      ? write_options(*options)
                      : install_command(arguments_of(entry)) + ", if that is meant"};
}

// A list of KERNEL_INSTALL_PLUGINS stands for the directories.
bool is_listed(const std::string& list, std::string_view plugin) {
  const std::size_t at = list.find(plugin);
  return at != list.npos && (at == 0 || list[at - 1] == '/' || list[at - 1] == ' ');
}

// Without them the image would come back without microcode and modules.
std::optional<Obstacle> plugins_not_run(const Root& root) {
  if (const auto list = cli::environment("KERNEL_INSTALL_PLUGINS")) {
    for (const char* const plugin : {"45-kip-microcode", "58-kip-image", "95-kip-record"}) {
      if (!is_listed(*list, plugin))
        return Obstacle{quote(plugin) + " is not among KERNEL_INSTALL_PLUGINS", ""};
    }
    return std::nullopt;
  }
  const auto plugins = checks::read_install_plugins(root);
  if (!plugins) return Obstacle{plugins.error().what, ""};
  for (const Finding& finding : check_install_plugins(*plugins)) {
    const bool own =
        finding.rule == checks::kRulePluginMissing || finding.rule == checks::kRulePluginMasked;
    if (own && finding.severity != Severity::kNote)
      return Obstacle{quote(finding.place) + " " + finding.text, finding.remedy};
  }
  return std::nullopt;
}

}  // namespace

std::string install_command(const std::vector<std::string>& arguments) {
  std::string text = "kernel-install";
  for (const std::string& argument : arguments) text += " " + shell_word(argument);
  return text;
}

// Where it is not mounted, kernel-install would write into the directory below it.
std::optional<Obstacle> boot_not_there(const Root& root, const Manifest& manifest) {
  const state::Call& call = manifest.call;
  const bool unified = call.layout == "uki";
  if (call.boot_root.empty() || (!unified && call.layout != "bls")) return std::nullopt;
  const std::string entries = call.boot_root + (unified ? "/EFI/Linux" : "/loader/entries");
  if (exists(root, entries)) return std::nullopt;
  return Obstacle{quote(entries) + " is not there", "mount " + shell_word(call.boot_root)};
}

const std::vector<std::string>& arguments_of(const cli::Surveyed& entry) {
  return entry.manifest != nullptr ? entry.manifest->call.arguments : entry.pending->arguments;
}

std::optional<Obstacle> obstacle_to(const Root& root, const cli::Surveyed& entry,
                                    const std::string& conf_root) {
  // First: on many machines the kernels lie there as well, and none of them is gone.
  if (entry.manifest != nullptr) {
    if (auto missing = boot_not_there(root, *entry.manifest)) return missing;
  }
  if (auto gone = arguments_gone(root, entry)) return gone;
  if (auto change = options_change(root, entry, conf_root)) return change;
  const bool off = entry.now && !entry.now->settings.enabled;
  return off ? std::nullopt : plugins_not_run(root);
}

std::string still_missing(const Root& root, const state::Pending& pending,
                          const policy::Settings& settings) {
  const policy::ModuleRules rules = policy::module_rules(settings, {});
  const auto is_required = [&](const std::string& name) {
    if (!policy::is_glob(name)) return policy::decide(rules, {name, {}}).required;
    return std::any_of(rules.rules.begin(), rules.rules.end(), [&](const auto& rule) {
      return rule.effect == policy::Effect::kRequire && rule.pattern == name;
    });
  };
  auto tree = modules::Tree::open(root, pending.kernel);
  const auto is_there = [&](const std::string& name) {
    if (!policy::is_glob(name)) return tree->find(name) || tree->is_builtin(name);
    const auto& files = tree->files();
    return std::any_of(files.begin(), files.end(), [&](const auto& file) {
      return policy::names(name, {file.name, {}});
    });
  };
  for (const state::PendingModule& module : pending.modules) {
    if (is_required(module.name) && (!tree || !is_there(module.name))) return module.name;
  }
  return "";
}

std::string missing_again(const Root& root, const Manifest& manifest,
                          const policy::Settings& settings) {
  state::Pending required{manifest.kernel, {}, {}};
  for (const state::DecisionInput& decision : manifest.inputs.modules.decisions) {
    if (decision.state == "required") required.modules.push_back({decision.name, ""});
  }
  return still_missing(root, required, settings);
}

}  // namespace kip::program
