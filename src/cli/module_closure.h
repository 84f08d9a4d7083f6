// Which of the selected modules can be loaded, and what comes along with them. Behind module_choice.h.
#pragma once

#include <functional>
#include <map>

#include "src/modules/tree.h"

namespace kip::cli {

/// What the caller knows of modules.
struct ModuleJudge {
  /// Why a module cannot be loaded, or empty.
  std::function<std::string(const modules::Module&)> unfit;

  /// Whether a rule leaves it out by name: a softdep of that name does not come along.
  std::function<bool(const modules::Module&)> omitted;
};

struct Loadable {
  modules::Closure closure;                     // without what is left out
  std::map<std::string, std::string> left_out;  // paths of selected modules, and why
  std::vector<std::pair<std::string, std::string>>
      dropped;                                     // paths of what would have come along, and why
  std::map<std::string, modules::Module> modules;  // of the closure, by path
};

/// The closure of `wanted`, with nothing in it that cannot be loaded. Whatever depends on a module that is unfit or not there
/// goes; for a softdep nothing else goes.
Result<Loadable> close_loadable(modules::Tree& tree, std::vector<modules::ModuleFile> wanted,
                                const modules::Limits& limits, const ModuleJudge& judge);

}  // namespace kip::cli
