#include <algorithm>
#include <tuple>

#include "src/base/text.h"
#include "src/cli/module_state.h"

namespace kip::cli {
namespace {

using modules::Module;
using modules::ModuleFile;
using policy::Unsigned;

bool is_own_drop_in(const policy::DracutFile& file) {
  return file.path.ends_with(std::string("/") + kDracutDropIn);
}

// A kernel with versions of symbols looks at them instead of its release, and distributions link modules of other
// releases that fit into weak-updates.
bool is_for(const Module& module, const std::string& kernel) {
  if (module.release() == kernel) return true;
  return module.file.path.starts_with("weak-updates/") &&
         module.vermagic.find("modversions") != module.vermagic.npos;
}

}  // namespace

void ModuleChoice::State::add(Finding finding) {
  if (say == Say::kAll && finding.severity == Severity::kNote)
    messages.detail(to_line(finding));
  else if (say == Say::kAll)
    messages.finding(finding);
  findings.push_back(std::move(finding));
}

void ModuleChoice::State::add(Severity severity, const char* rule, const ModuleFile& file,
                              std::string text) {
  add({severity, rule, tree->directory() + "/" + file.path, std::nullopt, std::move(text), ""});
}

ExitCode ModuleChoice::State::failed(const std::string& path, const Error& error) const {
  messages.error_at(path, error);
  return ExitCode::kFailed;
}

bool ModuleChoice::State::read_settings() {
  if (settings != nullptr) return true;
  auto read = policy::read_settings(root);
  if (!read) {
    messages.error("kip.conf.d: " + read.error().what);
    return false;
  }
  own_settings = std::move(*read);
  settings = &own_settings;
  for (const Finding& finding : own_settings.findings) {
    if (say == Say::kNothing && finding.severity == Severity::kError) messages.finding(finding);
    add(finding);
  }
  return say == Say::kReport || !own_settings.broken();
}

bool ModuleChoice::State::read_dracut() {
  auto read = policy::read_dracut_files(root);
  if (!read) {
    messages.error("dracut.conf.d: " + read.error().what);
    return false;
  }
  dracut = std::move(*read);
  std::erase_if(dracut.files, is_own_drop_in);
  std::erase_if(dracut.replaced, is_own_drop_in);
  return true;
}

ExitCode ModuleChoice::State::read_tree() {
  const std::string usual = "/lib/modules/" + kernel;
  auto opened = modules::Tree::open(root, kernel);
  if (!opened && opened.error().system_errno == ENOENT) return ExitCode::kNothing;
  if (!opened) return failed(usual, opened.error());
  tree.emplace(std::move(*opened));
  auto path = path_on_host(root, tree->directory());
  if (!path) return failed(tree->directory(), path.error());
  host_modules = std::move(*path);
  auto found = tree->out_of_tree();
  if (!found) return failed(tree->directory(), found.error());
  out_of_tree = std::move(*found);
  for (const Finding& finding : out_of_tree.findings) add(finding);
  return ExitCode::kDone;
}

void ModuleChoice::State::decide() {
  for (const Module& module : out_of_tree.modules) {
    modules.push_back(
        {module, policy::decide(rules, {module.file.name, module.aliases}), true, ""});
  }
  std::sort(modules.begin(), modules.end(), [](const DecidedModule& a, const DecidedModule& b) {
    return std::tie(a.module.file.name, a.module.file.path) <
           std::tie(b.module.file.name, b.module.file.path);
  });
  const bool any = std::any_of(modules.begin(), modules.end(),
                               [](const DecidedModule& it) { return it.decision.in; });
  if (any) signatures = checks::read_signatures(root, kernel);
}

// By the index; where it knows no file of that name, by depmod's own default, updates/ first.
void ModuleChoice::State::find_winners() {
  for (DecidedModule& it : modules) {
    const ModuleFile& file = it.module.file;
    auto winner = tree->find(file.name);
    if (!winner || winner->name != file.name) {
      winner.reset();
      for (const DecidedModule& other : modules) {
        if (other.module.file.name != file.name) continue;
        const bool first = !winner || (!winner->path.starts_with("updates/") &&
                                       other.module.file.path.starts_with("updates/"));
        if (first) winner = other.module.file;
      }
    }
    it.wins = winner->path == file.path;
    if (it.wins || !it.decision.in) continue;
    it.left_out = quote(winner->path) + " is of the same name, and wins";
    add(winner->in_order ? Severity::kWarning : Severity::kNote, kRuleLeftOut, file,
        "is left out: " + it.left_out);
  }
}

void ModuleChoice::State::check_index() {
  std::vector<ModuleFile> files_in;
  for (const DecidedModule& it : modules) {
    if (it.decision.in) files_in.push_back(it.module.file);
  }
  if (files_in.empty() || tree->index_is_fresh(files_in)) return;
  add({Severity::kWarning, kRuleChoiceIndex, tree->directory(), std::nullopt,
       "modules.dep is missing, or older than a module: which file of a name counts, and what "
       "needs what, may be known wrongly",
       root_path.empty() ? "depmod " + kernel
                         : "depmod -b " + shell_word(root_path) + " " + kernel});
}

std::string ModuleChoice::State::unfit(const Module& module) const {
  if (module.in_tree) return "";
  if (module.vermagic.empty()) return "does not say for which kernel it was built";
  if (!is_for(module, kernel)) return "was built for kernel " + quote(module.release());
  const bool skips = settings->modules.unsigned_modules.value == Unsigned::kSkip &&
                     signatures == checks::Signatures::kForced;
  return skips && !module.signature ? "has no signature, and this kernel loads none such" : "";
}

const DecidedModule* ModuleChoice::State::decided(const ModuleFile& file) const {
  const auto found = std::find_if(modules.begin(), modules.end(), [&](const DecidedModule& it) {
    return it.module.file.path == file.path;
  });
  return found == modules.end() ? nullptr : &*found;
}

void ModuleChoice::State::look_at(const Loadable& it) {
  for (DecidedModule& module : modules) {
    const auto found = it.left_out.find(module.module.file.path);
    if (found == it.left_out.end()) continue;
    module.left_out = found->second;
    add(Severity::kWarning, kRuleLeftOut, module.module.file, "is left out: " + found->second);
  }
  for (const auto& [path, why] : it.dropped)
    add(Severity::kNote, "module-dropped", {"", path, false}, "does not come along: " + why);
  for (const modules::Missing& missing : it.closure.missing) {
    if (missing.cause == modules::Cause::kDepends) continue;  // said of what depends on it
    add({Severity::kNote, "module-wants", "", std::nullopt,
         quote(missing.of) + " names " + quote(missing.name) + ", which is not there", ""});
  }
  for (const Finding& finding : it.closure.findings) add(finding);
  for (const modules::Needed& needed : it.closure.modules) {
    const DecidedModule* const module = decided(needed.file);
    if (module == nullptr) continue;
    look_at_omitted(*module, needed, it.closure);
    look_at_signature(module->module);
  }
}

// A rule that leaves out what another one needs is in the way only if it weighs as much.
void ModuleChoice::State::look_at_omitted(const DecidedModule& module,
                                          const modules::Needed& needed,
                                          const modules::Closure& closure) {
  const policy::ModuleRule* const rule = module.decision.winner;
  if (module.decision.in || rule == nullptr) return;
  const DecidedModule* needs = &module;
  const modules::Needed* link = &needed;
  for (std::size_t steps = 0; link != nullptr && steps < closure.modules.size(); ++steps) {
    const auto next =
        std::find_if(closure.modules.begin(), closure.modules.end(),
                     [&](const modules::Needed& it) { return it.file.name == link->of; });
    link = next == closure.modules.end() ? nullptr : &*next;
    if (link != nullptr) needs = decided(link->file);
  }
  const bool lighter =
      needs != nullptr && needs->decision.in && rule->weight < needs->decision.winner->weight;
  add(lighter ? Severity::kNote : Severity::kWarning, kRuleComesAlong, needed.file,
      "comes along, since " + quote(needed.of) + " needs it, although " + to_text(*rule) +
          " leaves it out");
}

void ModuleChoice::State::look_at_signature(const Module& module) {
  if (signatures != checks::Signatures::kForced || module.signature) return;
  const bool fails = settings->modules.unsigned_modules.value == Unsigned::kFail;
  const char* const text = "has no signature, and this kernel loads none such";
  if (fails && !refusal) refusal = quote(module.file.name) + " " + text + " (Unsigned=fail)";
  add(fails ? Severity::kError : Severity::kWarning, "module-unsigned", module.file, text);
}

}  // namespace kip::cli
