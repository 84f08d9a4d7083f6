// Inputs: what of this machine, besides the base, decides what kip puts into one kernel's image. As plain values, in a form in
// which those of an installed image and those of now can be compared (compare.h).
//
// Only effects are here. Where a rule stands, how a file is laid out and which firmware other machines would use are told for
// people to read, and never compared.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "src/digest/sha256.h"
#include "ucode/entrysign.h"
#include "ucode/update.h"

namespace kip::state {

/// Of a file, so that one that nobody touched need not be hashed again.
struct Stamp {
  std::uint64_t size = 0;  // bytes
  std::int64_t mtime = 0;  // nanoseconds since 1970

  bool operator==(const Stamp&) const = default;
};

/// A CPU that microcode was chosen for, or in vain.
struct CpuInput {
  std::string label;                            // as messages name it
  std::optional<ucode::Vendor> vendor;          // nullopt: asked for by a signature alone
  std::uint32_t signature = 0;                  // CPUID leaf 1 EAX
  std::optional<std::uint32_t> platform_flags;  // Intel; nullopt: any
  std::optional<ucode::EntrySignClass> proven;  // of its BIOS

  bool operator==(const CpuInput&) const = default;
};

struct UpdateInput {
  ucode::Vendor vendor = ucode::Vendor::kIntel;
  std::uint32_t revision = 0;
  std::uint32_t date = 0;  // BCD, hex digits MMDDYYYY
  std::vector<ucode::Target> targets;
  std::uint64_t size = 0;    // bytes
  std::string file;          // where it was found, with the member in brackets
  std::uint64_t offset = 0;  // in it
  digest::Sha256 digest = {};

  bool operator==(const UpdateInput&) const = default;
};

struct MicrocodeInputs {
  std::vector<CpuInput> cpus;        // empty: all that there is microcode for
  std::vector<UpdateInput> updates;  // in order of writing

  bool operator==(const MicrocodeInputs&) const = default;
};

/// A module that belongs into the image: selected, or needed by one that is.
struct ModuleInput {
  std::string name, path;  // path: relative to lib/modules/KVER
  std::string version;     // empty: it says none, or is the kernel's own
  bool in_tree = false;
  std::optional<digest::Sha256>
      digest;  // of the file as stored; nullopt: the base has it, and keeps it
  Stamp stamp;
  std::string cause;  // "policy", "depends", "softdep", "weakdep"
  std::string of;     // the rule that selects it, or the module that needs it

  bool operator==(const ModuleInput&) const = default;
};

struct FirmwareInput {
  std::string name, path;  // as the module names it; where it is
  digest::Sha256 digest = {};
  Stamp stamp;
  std::string of;  // the module that names it

  bool operator==(const FirmwareInput&) const = default;
};

/// What policy says of an out-of-tree module, whether or not it is in.
struct DecisionInput {
  std::string name, path;
  std::string state;  // "in", "required", "out", "left-out"
  std::string why;    // the rule, or why it cannot be had; empty: by default

  bool operator==(const DecisionInput&) const = default;
};

struct ModuleInputs {
  std::vector<ModuleInput> modules;        // by name
  std::vector<FirmwareInput> firmware;     // by name
  std::optional<digest::Sha256> modprobe;  // of modprobe.d's lines about them; nullopt: none
  std::vector<DecisionInput> decisions;    // by name, then path

  bool operator==(const ModuleInputs&) const = default;
};

/// Settings that shape the image beside the choice itself.
struct SettingInputs {
  bool enabled = true;
  std::string enabled_by;          // the line that says no
  std::string compression;         // of the overlay: "raw", "zstd", …; empty: there is none
  std::string conflict = "union";  // or "strip"
  std::vector<std::string> holds, pins;

  bool operator==(const SettingInputs&) const = default;
};

struct Inputs {
  std::optional<MicrocodeInputs>
      microcode;  // nullopt: no business of this image's (a guest), or not known
  ModuleInputs modules;
  SettingInputs settings;

  bool operator==(const Inputs&) const = default;
};

}  // namespace kip::state
