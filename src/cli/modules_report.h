// What kmod-pack reports of modules, as plain values; report_modules.cc and json_modules.cc say the same thing twice.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "src/base/finding.h"

namespace kip::cli {

enum class ModuleState : std::uint8_t {
  kIn,        // a rule includes it, or something that is in needs it
  kRequired,  // a Require= includes it
  kOut,
  kLeftOut,  // a rule includes it, and it cannot be had
  kInTree,   // the generator's business
  kBuiltIn,  // part of the kernel
};

/// "in", "required", "out", "left-out", "in-tree", "built-in".
const char* state_name(ModuleState state);

struct RuleRow {
  std::string effect;        // "include", "require", "omit"
  std::string key, pattern;  // as written
  std::string file;
  std::uint32_t line = 0;

  /// "Include=zfs at /etc/kip/kip.conf.d/10.conf:3".
  std::string text;
};

struct ModuleRow {
  ModuleState state = ModuleState::kOut;
  std::string name, version;
  std::string path;  // relative to the directory of modules; empty: built in
  std::string signer;
  bool has_signature = false;
  std::optional<RuleRow> rule;  // that decided; nullopt: the default, or none counts
  std::vector<RuleRow> beaten;  // heaviest first; in-tree: every rule that names it
  std::string left_out;         // why it cannot be had
  std::string cause, of;  // "depends", "softdep", "weakdep" and the module, for what comes along
  std::string winner;     // path of another file of its name that wins, or empty
};

struct ModuleListReport {
  std::string kernel, directory;
  std::vector<ModuleRow> modules;
};

/// How a module comes along: who needs it, and who needs that, up to one that a rule selects.
struct WhyRow {
  ModuleRow module;
  std::vector<ModuleRow> chain;  // the last one is selected
};

struct WhyReport {
  std::string kernel, asked;
  std::vector<WhyRow> modules;  // more than one: twins
};

struct LintReport {
  std::string kernel;
  std::vector<Finding> findings;
};

/// A file of an overlay.
struct OverlayFileRow {
  std::string kind;  // "module", "firmware", "config"
  std::string name, path;
  std::uint64_t size = 0;  // bytes as stored; 0 if the base has it already
  bool in_base = false;
  std::string cause, detail;  // as in the overlay's manifest
};

struct OverlayReport {
  std::string kernel, base;
  std::string output;  // empty: stdout or nothing written
  std::string method;  // "zstd", …, "raw"
  std::uint64_t bytes = 0;
  std::uint64_t others = 0;  // further members: indexes, directories, links, the manifest
  std::vector<OverlayFileRow> files;
};

struct EmitReport {
  std::string kernel, generator;
  std::string path;  // where its text belongs
  std::vector<std::string> in, out;
  std::string text;
};

std::string to_text(const ModuleListReport& report);
std::string to_text(const WhyReport& report);
std::string to_text(const LintReport& report);

/// One line for each file.
std::vector<std::string> to_lines(const OverlayReport& report);

}  // namespace kip::cli
