// Which inputs of an installed image changed: those of its manifest against those of now. Pure; whoever derives the second
// knows files and CPUs (src/cli/derived.h).
//
//   for (const Change& change : compare(manifest, now)) ... to_text(change)
//   // microcode 06-8f-08: 0x2b000603 -> 0x2b000650 ('/lib/firmware/intel-ucode/06-8f-08')
//
// An update is its bytes and the CPUs it is for, a module its bytes and its place in the tree, firmware its bytes. What
// merely moved, or was written down in another way, did not change.
#pragma once

#include <string>
#include <vector>

#include "src/state/manifest.h"

namespace kip::state {

struct Change {
  enum class Kind : std::uint8_t {
    kMicrocode,
    kEntrySign,
    kModule,
    kFirmware,
    kModprobe,
    kSetting
  };
  Kind kind = Kind::kMicrocode;
  std::string name;     // of CPUs, a module, a file of firmware, a key
  std::string was, is;  // revision, version, value; empty: not there
  std::string file;     // of what is there now, or, where nothing is, was
  std::string why;      // the rule that decides, or who needs it; may be empty

  bool operator==(const Change&) const = default;
};

/// "microcode", "entrysign", "module", "firmware", "modprobe", "setting".
const char* kind_name(Change::Kind kind);

/// One line.
std::string to_text(const Change& change);

/// Sorted by kind, then as they are told. Microcode that `now` knows nothing of is not compared.
std::vector<Change> compare(const Manifest& recorded, const Inputs& now);

/// The updates of an image for these inputs: those that were chosen, and the base's, newest for each CPU. Where it is covered,
/// the base's alone.
std::vector<UpdateInput> merged_updates(const std::vector<UpdateInput>& base,
                                        const MicrocodeInputs& microcode,
                                        const SettingInputs& settings);

/// Whether a kernel takes from the base what it would take from a merged part, so that there is none of ours.
bool is_covered(const std::vector<UpdateInput>& base, const MicrocodeInputs& microcode,
                const SettingInputs& settings);

namespace detail {

/// Appends what changed of microcode. What the base has counts as far as it comes into the image.
void compare_microcode(const Manifest& recorded, const Inputs& now, std::vector<Change>& changes);

/// Whether `update` serves all CPUs that `other` serves, as another version of the same.
bool serves_as_well(const UpdateInput& update, const UpdateInput& other);

}  // namespace detail

}  // namespace kip::state
