// What Linux does with microcode, by version, as data: one table of (rule, mainline version, stable
// versions).
//
//   const auto kernel = KernelVersion::parse("6.12.117+deb13-amd64");
//   holds(KernelRule::kSelect, *kernel)  ->  Answer::kYes
//   LoaderRules::of(*kernel).has(KernelRule::kSelect)  ->  true
//
// Versions that are not kernel.org's may carry backports of their own, and some hide their point
// release; where that leaves both possible, the answer is kUnknown and callers give both branches.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kip::ucode {

/// Of kernel.org: "6.12.18"; a mainline release has patch 0.
struct KernelRelease {
  std::uint32_t major = 0, minor = 0, patch = 0;

  auto operator<=>(const KernelRelease&) const = default;
};

/// "6.12.18", and "6.12" where the point release is 0.
std::string to_text(const KernelRelease& release);

struct KernelVersion : KernelRelease {
  bool vendor =
      false;  // not plainly a kernel.org release: the point release, or the backports, may differ

  /// The release as uname -r prints it; nullopt if it does not begin with two numbers.
  static std::optional<KernelVersion> parse(std::string_view release);
};

/// In the order in which they came.
enum class KernelRule : std::uint8_t {
  kSameRevision,  // AMD: the running revision is applied once more
  kRework,        // Intel: an update is compared with the CPU, not with the header of the last pick
  kZenId,         // AMD from family 17h on: the patch id's CPUID decides, not the equivalence table
  kSha,           // EntrySign: a patch for a vulnerable CPU must be in the kernel's list of digests
  kShaZen5,       // the same on family 1Ah, which was let through before, with its cutoffs
  kShaTsa,        // sixteen digests more
  kOldList,       // not the loader's: Intel revisions below those of a list are called old
  kNoRevision,    // revision 0 counts as the CPU's lowest where digests are asked for
  kOptions,       // microcode=WORD,… on the command line: dis_ucode_ldr is also an option there
  kOldRefreshed,  // that list, half a year newer
  kNaples,        // the cutoff of 0x00800f12 is 0x08001277; before, 0x0800126f
  kMoreModels,    // cutoffs of 0x00b00f81 and 0x00b60f80
  kShimada,       // and of 0x00b40f41
  kKnownModels,   // digests are asked for only on generations that are known to be affected
  kStrixHalo,     // these reach to model 7Fh of family 1Ah, not to 6Fh
  kSelect,  // the loader takes only patches on the running revision's side of the EntrySign fix
  kAnyPlatform,   // Intel: platform flags 0 in an update match every CPU
  kOldPlatforms,  // that list has platforms
  kRevisionZero,  // AMD: revision 0 becomes the CPU's lowest before anything else
};
inline constexpr std::size_t kKernelRules = 19;

enum class Answer : std::uint8_t { kNo, kYes, kUnknown };

Answer holds(KernelRule rule, const KernelVersion& kernel);

/// For tests and pages: every row of the table, in the order of KernelRule.
struct KernelRuleRow {
  KernelRule rule;
  const char* name;
  /// A branch, and the point release it has the rule from. Where that is not known for sure: not before `from`, and from
  /// `sure` on in any case.
  struct Since {
    KernelRelease from;
    KernelRelease sure;  // 0.0: `from` is sure

    constexpr bool used() const { return from.major != 0; }
    constexpr KernelRelease certain() const { return sure.major != 0 ? sure : from; }
  };
  Since mainline;
  std::array<Since, 8> stable;  // unused entries are all zero
  const char* source;
};
std::span<const KernelRuleRow> kernel_rule_table();

/// The rules that one kernel's loader goes by.
class LoaderRules {
 public:
  constexpr LoaderRules() = default;
  constexpr LoaderRules(std::initializer_list<KernelRule> rules) {
    for (const KernelRule rule : rules) *this = with(rule);
  }

  /// Rules of which the version leaves it open are taken as absent.
  static LoaderRules of(const KernelVersion& kernel);

  /// Those of the newest kernel that is known.
  static LoaderRules newest();

  constexpr bool has(KernelRule rule) const { return ((bits_ >> unsigned(rule)) & 1) != 0; }
  constexpr LoaderRules with(KernelRule rule) const {
    LoaderRules more = *this;
    more.bits_ |= std::uint32_t{1} << unsigned(rule);
    return more;
  }

  auto operator<=>(const LoaderRules&) const = default;

 private:
  std::uint32_t bits_ = 0;
};

/// Releases between which nothing changes: from `first` up to, and without, `end`.
struct KernelRange {
  KernelRelease first;
  std::optional<KernelRelease> end;  // nullopt: whatever is newer
  LoaderRules rules;
};

/// The releases that a version may behave like, oldest first: of kernel.org's the range it lies in, and, where a point release is
/// not known for sure, the next ones of its branch; of a vendor's its own and all later ones; without a version, all from 5.0 on.
std::vector<KernelRange> kernel_ranges(const std::optional<KernelVersion>& kernel);

/// Of some out of `all`: "6.12.18 to 6.12.63, 6.14 and later"; empty if they are all.
std::string to_text(std::span<const KernelRange> some, std::span<const KernelRange> all);

/// Every set of rules among kernel_ranges().
std::vector<LoaderRules> possible_rules(const std::optional<KernelVersion>& kernel);

}  // namespace kip::ucode
