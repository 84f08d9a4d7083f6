// The image plugin's part about modules: decides, builds the overlay against what boots, and judges Require=.
//
//   ModuleStep modules(plugin);
//   modules.decide();                                 // cheap where no rule asks for a module
//   modules.read(choice.bases);                       // once
//   modules.build(Place::kBehind);                    // kip.d/overlay.cpio in the staging area
//   if (modules.fails()) return modules.finish();     // on base and overlay; nothing is written
//   … plan_join() with modules.overlay() and modules.tail(); modules.lose() if that fails …
//   return modules.finish();
//
// Whatever keeps the overlay from being built (no such kernel, a base that cannot be read) is a warning, and counts as if
// nothing that Require= asks for were in the image: what cannot be seen in it, nobody has promised.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "src/cli/plugin.h"
#include "src/image/overlay.h"

namespace kip::cli {

class ModuleChoice;

class ModuleStep {
 public:
  explicit ModuleStep(const Plugin& plugin);
  ~ModuleStep();

  /// Reads what policy says of this kernel's modules.
  void decide();

  /// Policy selects nothing, and requires nothing.
  bool idle() const;
  bool requires_some() const;

  /// Whether an overlay of an earlier run has to go: policy is known, and selects nothing.
  bool drops_overlay() const;

  /// Reads the files that boot, in order. Nothing is done where it is idle or lost.
  void read(const std::vector<std::string>& bases);

  enum class Place : std::uint8_t {
    kBehind,  // in one file with its base
    kApart,   // in a file of its own, kOverlayFile, that loaders hand over behind the base
  };
  /// `in_front`: of kApart, bytes of further files in front of the bases. Nothing is done where nothing was read, or
  /// selected.
  void build(Place place, std::uint64_t in_front = 0);

  /// Nothing is added, whatever was built. A warning says why, if anything was to be added; empty: it was said.
  void lose(const std::string& why);

  /// Path of what build() made for kBehind; empty: nothing.
  const std::string& overlay() const;
  /// How the base ends; nullptr: it was not read.
  const image::Tail* tail() const;

  /// For the manifest. nullptr: nothing was read of policy, of the base; nothing was added.
  ModuleChoice* choice() const;
  const image::BaseModules* base() const;
  const image::OverlayPlan* plan() const;

  /// Whether a module of Require= is in neither, and OnRequire=fail.
  bool fails() const;

  /// Says what Require= misses, and answers the exit code. What is missed is recorded for whoever completes it
  /// (src/state/pending.h); if nothing is, an earlier record goes.
  int finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The record of a kernel that is removed goes, too. 0.
int forget_pending(const Plugin& plugin);

}  // namespace kip::cli
