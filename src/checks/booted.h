// Whether a CPU runs what the image that was booted has for it, and why not.
//
//   const Booted it = check_booted(stream, {vendor, signature, platform, running}, {kernels, true, switches, has_digest});
//   if (it.kind == Booted::Kind::kNotTaken) print(it.packed, it.reasons, it.remedy);
//
// Nobody knows afterwards what the BIOS had left. So the model of the loader is asked the other way round: is there a BIOS,
// and a kernel of those in question, with which this image ends in the revision that runs? Only if there is none something
// is amiss; the reason is then what the model says of a BIOS that left what runs now.
#pragma once

#include "src/checks/predict.h"

namespace kip::checks {

struct Booted {
  enum class Kind : std::uint8_t {
    kTaken,      // the loader takes from this image what runs
    kNotNeeded,  // what runs is as new as what it would take, or newer: from the BIOS, or loaded later
    kNotTaken,  // what runs is older
    kNothing,   // no update is for this CPU
  };
  Kind kind = Kind::kNothing;
  std::optional<std::uint32_t> packed;  // the revision that the loader would take, or refuses
  std::vector<Outcome> reasons;         // of kNotTaken, by kernels; empty: by the model it loads
  std::string remedy;                   // of kNotTaken; empty: none is known
};

/// `cpu.revision`: what runs. `question.switches`: of the kernel that runs.
Booted check_booted(std::span<const ucode::Update> stream, const ucode::LoaderCpu& cpu,
                    const Question& question);

}  // namespace kip::checks
