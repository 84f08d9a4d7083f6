// From a closure to the files of an overlay, and to what Require= still wants. Behind module_choice.h.
#pragma once

#include "src/cli/module_choice.h"
#include "src/cli/module_closure.h"

namespace kip::cli {

/// A path below the root as one that leads to the same file from the machine's own '/': links in it are followed as below the
/// root. Needs /proc where the root is another.
Result<std::string> path_on_host(const Root& root, const std::string& path);

/// Modules, firmware, and one file with modprobe.d's lines about them. An in-tree module that comes along and that the base has
/// is not among them, whatever its bytes: generators strip and unpack modules. `rule_of`: the rule that selects a
/// module, as text.
Result<std::vector<image::OverlayFile>> overlay_files(
    const Root& root, modules::Tree& tree, const Loadable& loadable, const image::BaseModules& base,
    const std::function<std::string(const modules::ModuleFile&)>& rule_of);

/// How Compression= wants an overlay of these files.
std::optional<codec::Method> overlay_method(policy::Compression setting, const Root& root,
                                            const std::string& kernel,
                                            const image::BaseModules& base,
                                            const std::vector<image::OverlayFile>& files);

using Unmet = std::vector<std::pair<std::string, policy::ModuleRule>>;

/// ModuleChoice::unmet().
Unmet unmet_requirements(modules::Tree& tree, const policy::ModuleRules& rules,
                         const std::vector<DecidedModule>& modules, const image::BaseModules& base,
                         const image::OverlayPlan* plan);

}  // namespace kip::cli
