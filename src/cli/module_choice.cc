#include <algorithm>

#include "src/cli/module_state.h"
#include "src/modules/depmod.h"

namespace kip::cli {

using modules::Module;
using modules::ModuleFile;

ModuleChoice::ModuleChoice(const Root& root, std::string kernel, const Messages& messages,
                           const policy::Settings* settings, Say say, std::string root_path)
    : state_(std::make_unique<State>(root, std::move(kernel), messages, settings, say)) {
  state_->root_path = std::move(root_path);
}

ModuleChoice::~ModuleChoice() = default;

ExitCode ModuleChoice::read() {
  State& s = *state_;
  if (!s.read_settings() || !s.read_dracut()) return ExitCode::kFailed;
  if (const ExitCode code = s.read_tree(); code != ExitCode::kDone) return code;
  s.rules = policy::module_rules(*s.settings, s.dracut);
  for (const Finding& finding : s.rules.findings) s.add(finding);
  s.decide();
  s.find_winners();
  s.check_index();
  return ExitCode::kDone;
}

const policy::Settings& ModuleChoice::settings() const {
  return *state_->settings;
}
const policy::DracutFiles& ModuleChoice::dracut() const {
  return state_->dracut;
}
const policy::ModuleRules& ModuleChoice::rules() const {
  return state_->rules;
}
modules::Tree& ModuleChoice::tree() const {
  return *state_->tree;
}
const modules::OutOfTree& ModuleChoice::out_of_tree() const {
  return state_->out_of_tree;
}
const std::vector<DecidedModule>& ModuleChoice::modules() const {
  return state_->modules;
}
const std::vector<Finding>& ModuleChoice::findings() const {
  return state_->findings;
}
const std::string& ModuleChoice::host_modules() const {
  return state_->host_modules;
}
const std::optional<std::string>& ModuleChoice::refusal() const {
  return state_->refusal;
}

bool ModuleChoice::selects() const {
  return std::any_of(state_->modules.begin(), state_->modules.end(),
                     [](const DecidedModule& it) { return it.decision.in; });
}

Result<modules::Closure> ModuleChoice::closure() {
  State& s = *state_;
  if (s.loadable) return s.loadable->closure;
  std::vector<ModuleFile> wanted;
  for (const DecidedModule& it : s.modules) {
    if (it.decision.in && it.wins) wanted.push_back(it.module.file);
  }
  const ModuleJudge judge{[&](const Module& module) { return s.unfit(module); },
                          [&](const Module& module) {
                            const DecidedModule* const it = s.decided(module.file);
                            return it != nullptr && it->decision.winner != nullptr &&
                                   !it->decision.in;
                          }};
  const modules::Limits limits{s.settings->modules.firmware_limit.value};
  s.loadable = TRY(close_loadable(*s.tree, std::move(wanted), limits, judge));
  s.look_at(*s.loadable);
  return s.loadable->closure;
}

Result<image::OverlayPlan> ModuleChoice::plan(const image::BaseModules& base,
                                              const std::string& scratch) {
  State& s = *state_;
  TRY(closure());
  if (s.refusal) return fail(Errc::kInvalid, *s.refusal);
  if (s.loadable->closure.modules.empty()) return fail(Errc::kInvalid, "no module is selected");
  const auto rule_of = [&](const ModuleFile& file) {
    const DecidedModule* const it = s.decided(file);
    return it == nullptr || it->decision.winner == nullptr ? "" : to_text(*it->decision.winner);
  };
  s.files = TRY(overlay_files(s.root, *s.tree, *s.loadable, base, rule_of));
  return image::plan_overlay(base, s.files, s.kernel, s.host_modules,
                             modules::depmod_search(s.root), scratch);
}

std::optional<codec::Method> ModuleChoice::compression(const image::BaseModules& base) const {
  return overlay_method(state_->settings->image.compression.value, state_->root, state_->kernel,
                        base, state_->files);
}

std::vector<std::pair<std::string, policy::ModuleRule>> ModuleChoice::unmet(
    const image::BaseModules& base, const image::OverlayPlan* plan) const {
  return unmet_requirements(*state_->tree, state_->rules, state_->modules, base, plan);
}

}  // namespace kip::cli
