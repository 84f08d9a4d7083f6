// What Linux does with microcode, by version, as data: one table of (rule, mainline version, stable
// versions).
//
//   const auto kernel = KernelVersion::parse("6.12.117+deb13-amd64");
//   holds(KernelRule::kSelect, *kernel)  ->  Answer::kYes
//
// Versions that are not kernel.org's may carry backports of their own, and some hide their point
// release; where that leaves both possible, the answer is kUnknown and callers give both branches.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace kip::ucode {

struct KernelVersion {
  std::uint32_t major = 0, minor = 0, patch = 0;
  bool vendor =
      false;  // not plainly a kernel.org release: the point release, or the backports, may differ

  /// The release as uname -r prints it; nullopt if it does not begin with two numbers.
  static std::optional<KernelVersion> parse(std::string_view release);
};

enum class KernelRule : std::uint8_t {
  kZenId,   // AMD from family 17h on: the patch id's CPUID decides, not the equivalence table
  kSha,     // EntrySign: a patch for a vulnerable CPU must be in the kernel's list of digests
  kSelect,  // the loader takes only patches on the running revision's side of the EntrySign fix
  kAnyPlatform,  // Intel: platform flags 0 in an update match every CPU
};

enum class Answer : std::uint8_t { kNo, kYes, kUnknown };

Answer holds(KernelRule rule, const KernelVersion& kernel);

/// For tests and pages: every row of the table.
struct KernelRuleRow {
  KernelRule rule;
  const char* name;
  std::uint32_t major, minor;  // first mainline release with the rule
  struct Stable {
    std::uint32_t major, minor, patch;  // major.minor.y has it from .patch on
  };
  std::array<Stable, 3> stable;  // unused entries are all zero
  const char* source;
};
std::span<const KernelRuleRow> kernel_rule_table();

}  // namespace kip::ucode
