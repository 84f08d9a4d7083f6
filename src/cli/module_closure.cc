#include <algorithm>
#include <set>

#include "src/cli/module_closure.h"

namespace kip::cli {
namespace {

using modules::Cause;
using modules::Closure;
using modules::Module;
using modules::ModuleFile;
using modules::Needed;

using Reasons = std::map<std::string, std::string>;  // by module name

// One closure, and which of it cannot be loaded.
class Judged {
 public:
  Judged(modules::Tree& tree, const ModuleJudge& judge) : tree_(tree), judge_(judge) {}

  Status read(const std::vector<ModuleFile>& wanted, const modules::Limits& limits) {
    closure_ = TRY(tree_.close(wanted, limits));
    broken_.clear();
    for (const Needed& it : closure_.modules) {
      if (!modules_.contains(it.file.path)) {
        auto module = tree_.read(it.file);
        if (!module) {
          broken_[it.file.name] = "cannot be read: " + module.error().what;
          continue;
        }
        modules_.emplace(it.file.path, std::move(*module));
      }
      if (std::string why = judge_.unfit(modules_.at(it.file.path)); !why.empty())
        broken_[it.file.name] = std::move(why);
    }
    for (const modules::Missing& it : closure_.missing) {
      if (it.cause == Cause::kDepends)
        broken_.try_emplace(it.of, "depends on " + quote(it.name) + ", which is not there");
    }
    spread();
    return {};
  }

  const Reasons& broken() const { return broken_; }

  // What nothing else needs goes with what needed it.
  void drop(Loadable& into) {
    while (drop_once(into)) {
    }
    into.closure = std::move(closure_);
    for (const Needed& it : into.closure.modules)
      into.modules.emplace(it.file.path, modules_.at(it.file.path));
  }

 private:
  std::vector<std::string> depends(const ModuleFile& file) const {
    const auto found = modules_.find(file.path);
    std::vector<std::string> names;
    if (found == modules_.end()) return names;
    for (const std::string& name : found->second.depends)
      names.push_back(modules::module_name(name));
    return names;
  }

  // To whatever depends on what is broken.
  void spread() {
    for (bool more = true; more;) {
      more = false;
      for (const Needed& it : closure_.modules) {
        if (broken_.contains(it.file.name)) continue;
        for (const std::string& name : depends(it.file)) {
          const auto found = broken_.find(name);
          if (found == broken_.end()) continue;
          broken_[it.file.name] = "depends on " + quote(name) + ", which " + found->second;
          more = true;
          break;
        }
      }
    }
  }

  bool is_hard(const std::string& name) const {
    return std::any_of(closure_.modules.begin(), closure_.modules.end(), [&](const Needed& it) {
      const auto names = depends(it.file);
      return std::find(names.begin(), names.end(), name) != names.end();
    });
  }

  // Why a module is not to be in the closure, or empty.
  std::string superfluous(const Needed& it) const {
    if (const auto found = broken_.find(it.file.name); found != broken_.end()) return found->second;
    if (it.cause == Cause::kPolicy || is_hard(it.file.name)) return "";
    if (gone_.contains(it.of)) return "only " + quote(it.of) + " asks for it, which is left out";
    const bool soft = it.cause == Cause::kSoftdep || it.cause == Cause::kWeakdep;
    return soft && judge_.omitted(modules_.at(it.file.path)) ? "a rule leaves it out" : "";
  }

  bool drop_once(Loadable& into) {
    std::set<std::string> now;
    for (const Needed& it : closure_.modules) {
      std::string why = superfluous(it);
      if (why.empty()) continue;
      now.insert(it.file.name);
      into.dropped.emplace_back(it.file.path, std::move(why));
    }
    gone_.insert(now.begin(), now.end());
    std::erase_if(closure_.modules, [&](const Needed& it) { return now.contains(it.file.name); });
    std::erase_if(closure_.firmware, [&](const auto& it) { return now.contains(it.of); });
    return !now.empty();
  }

  modules::Tree& tree_;
  const ModuleJudge& judge_;
  Closure closure_;
  std::map<std::string, Module> modules_;  // by path
  Reasons broken_;
  std::set<std::string> gone_;
};

}  // namespace

Result<Loadable> close_loadable(modules::Tree& tree, std::vector<ModuleFile> wanted,
                                const modules::Limits& limits, const ModuleJudge& judge) {
  Loadable loadable;
  Judged judged(tree, judge);
  for (;;) {
    TRY(judged.read(wanted, limits));
    const std::size_t before = wanted.size();
    std::erase_if(wanted, [&](const ModuleFile& file) {
      const auto found = judged.broken().find(file.name);
      if (found != judged.broken().end()) loadable.left_out[file.path] = found->second;
      return found != judged.broken().end();
    });
    if (wanted.size() == before) break;
  }
  judged.drop(loadable);
  return loadable;
}

}  // namespace kip::cli
