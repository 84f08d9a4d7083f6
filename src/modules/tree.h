// The modules of one kernel: which files there are, which are out-of-tree, what they need.
//
//   Tree tree = TRY(Tree::open(root, "6.12.0-amd64"));
//   const OutOfTree found = TRY(tree.out_of_tree());          // opens only what modules.order does not list
//   for (const Module& module : found.modules) ...            // sorted by path; twins are both there
//   const Closure closure = TRY(tree.close({"vpoll"}, limits));
//
// *Out-of-tree* is a module without `intree` in its .modinfo. extra/, updates/, weak-updates/ are hints only: in-tree
// drivers are rebuilt there, and out-of-tree ones lie below kernel/. *Twins* are files of one name; the one that
// depmod's index lists is the one that modprobe loads.
//
// Sources: modules.dep(5), depmod.d(5); kmod tools/depmod.c, libkmod. Everything libkmod tells comes through kmod.h.
// Untrusted: files below the modules directory. A module that cannot be read is a finding and is left out; a link that leads
// out of the tree (weak-updates) is followed within the root.
#pragma once

#include <memory>

#include "src/base/file.h"
#include "src/base/finding.h"
#include "src/modules/facts.h"

namespace kip::modules {

/// Largest module that is looked into, in bytes, decompressed; and most files of a tree.
inline constexpr std::uint64_t kModuleLimit = 256 << 20;
inline constexpr std::size_t kFilesLimit = 100'000;

struct OutOfTree {
  std::vector<Module> modules;    // sorted by path (bytes)
  std::vector<Finding> findings;  // rule "module-unread": place is the path
};

/// What brought a module or a firmware file along.
enum class Cause : std::uint8_t { kPolicy, kDepends, kSoftdep, kWeakdep, kFirmware };

const char* cause_text(Cause cause);  // "depends on it", …

struct Needed {
  ModuleFile file;
  Cause cause = Cause::kPolicy;
  std::string of;  // the module that needs it; empty for kPolicy

  bool operator==(const Needed&) const = default;
};

struct NeededFirmware {
  std::string name;  // as the module names it
  std::string path;  // absolute, below the root; with .xz or .zst if that is what is there
  std::uint64_t size = 0;
  std::string of;
};

/// Something that is named and is not there.
struct Missing {
  std::string name;
  Cause cause = Cause::kDepends;
  std::string of;
};

struct Closure {
  std::vector<Needed> modules;  // each once, what one depends on in front of it; else by name
  std::vector<NeededFirmware> firmware;  // by path
  std::vector<Missing> missing;          // a kDepends here: the module cannot be loaded
  std::vector<Finding>
      findings;  // rules "firmware-limit", "module-unread", "module-index", "kmod-config"
};

struct Limits {
  std::uint64_t firmware =
      64 << 20;  // bytes in all; what is beyond it is left out, largest first, with a finding
};

class Tree {
 public:
  /// lib/modules/KVER below the root (or usr/lib/modules/KVER). kSystem with ENOENT if there is none. The root outlives the
  /// tree.
  static Result<Tree> open(const Root& root, const std::string& kernel);

  Tree(Tree&&) noexcept;
  ~Tree();

  const std::string& kernel() const;
  /// As found: "/lib/modules/6.12.0-amd64".
  const std::string& directory() const;

  /// All module files, sorted by path. Directories are not left by links.
  const std::vector<ModuleFile>& files() const;

  /// kUnsupported without libkmod, if there is a file to open.
  Result<OutOfTree> out_of_tree();

  /// One file, whichever it is. kUnsupported without libkmod.
  Result<Module> read(const ModuleFile& file);

  /// The file that modprobe would load under this name or alias: what depmod's index says. nullopt: none, or built in.
  std::optional<ModuleFile> find(const std::string& name_or_alias);
  bool is_builtin(const std::string& name_or_alias);

  /// Whether modules.dep.bin is there, is not older than any of these files, and knows their names: false means that depmod
  /// has to run first.
  bool index_is_fresh(const std::vector<ModuleFile>& files) const;

  /// These modules with all they need: dependencies of the index and of .modinfo, softdeps and weakdeps of .modinfo and
  /// modprobe.d, and these in turn, be they in-tree or not; firmware of every one. Of several reasons, the strongest counts
  /// (in the order of Cause). Cycles end where they began. What is built in is there, and is not named.
  Result<Closure> close(const std::vector<ModuleFile>& wanted, const Limits& limits = {});

  /// modprobe.d's `options` and `softdep` lines about these modules, from the root's configuration.
  std::vector<std::string> modprobe_lines(const std::vector<Needed>& modules);

 private:
  struct State;
  friend class Closing;  // closure.cc
  explicit Tree(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace kip::modules
