// Selection: which updates serve these CPUs, as the kernel's own loader would take them.
//
// Intel: by signature and platform flags, over header and extended table; the newest revision for
// each platform bit (two updates of one signature may overlap in platforms and differ in revision);
// production before debug. AMD: by CPUID; the newest patch of each EntrySign class, or of the one
// class that is proven where the target kernel cannot select. Never dropped as "not newer than
// running": the running revision is there because the last image loaded it. Holds and pins go
// before newest. The answer does not depend on the order of the candidates but for exact ties,
// where the first one wins.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <vector>

#include "ucode/entrysign.h"
#include "ucode/kernel_rules.h"
#include "ucode/selector.h"
#include "ucode/update.h"

namespace kip::ucode {

struct CpuQuery {
  Selector selector;
  std::optional<EntrySignClass> proven;  // of this CPU's BIOS, where it is known
};

struct Candidate {
  const Update* update = nullptr;  // the caller keeps it alive
  bool sound = true;  // false: recognised but broken; never chosen, but it may have been the choice
};

struct SelectOptions {
  std::vector<Selector> holds;     // updates these match are not taken
  std::vector<Selector> pins;      // CPUs these match take only the revisions their bound allows
  std::vector<Selector> excludes;  // "!SPEC"
  std::optional<KernelVersion> kernel;  // the target, if known
  bool debug = false;                   // Intel's debug revisions are revisions like any other
};

/// Why an update is not in the selection; where several CPUs were asked for, the reason nearest to
/// being chosen.
enum class Verdict : std::uint8_t {
  kOtherCpu,
  kOtherPlatform,
  kExcluded,
  kOutOfBound,  // the selector's revision bound
  kHeld,
  kNotPinned,
  kNoRevision,  // revision 0 is never newer than anything
  kUneven,      // Intel: a size that would misalign every update behind it
  kDebug,
  kSuperseded,
  kOtherClass,  // of the EntrySign class that is proven not to be this CPU's
  kTie,         // as new as the chosen one, with other bytes
  kDuplicate,   // the same update once more
  kBroken,
  kChosen,
};

const char* verdict_text(Verdict verdict);

/// One update to write.
struct Choice {
  std::vector<std::size_t> candidates;  // the same update, the first to be preferred; never empty
  std::set<CpuSignature> cpus;          // signatures it was chosen for
};

struct Answered {
  std::vector<std::size_t> choices;  // into Selection::choices, in order of writing
  std::vector<std::size_t> broken;   // candidates that would have been chosen, were they sound
};

struct Selection {
  std::vector<Choice>
      choices;  // in order of writing: Intel by (signature, flags, revision), AMD by (family, id)
  std::vector<Answered> answers;  // one a query
  std::vector<Verdict> verdicts;  // one a candidate
};

Selection select(std::span<const Candidate> candidates, std::span<const CpuQuery> queries,
                 const SelectOptions& options);

/// One query for every CPU that some sound candidate is for.
std::vector<CpuQuery> every_cpu(std::span<const Candidate> candidates);

}  // namespace kip::ucode
