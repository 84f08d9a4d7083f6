// What kernels will do with the updates that a CPU's loader gets to see, and why.
//
//   const Predicted predicted = predict(stream, cpu, {ucode::kernel_ranges(kernel), switches, has_digest});
//   for (const Outcome& it : predicted.outcomes) print(it.kernels, it.text);
//
// The model is ucode/by_kernel.h; here it gets words. Reference for the words in quotes: what Linux writes to its log.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ucode/by_kernel.h"

namespace kip::checks {

/// What becomes of one update.
struct Fate {
  std::string kernels;  // releases that this holds for; empty: all asked about
  ucode::LoaderVerdict verdict = ucode::LoaderVerdict::kNotReached;
  std::string text;  // a clause

  bool operator==(const Fate&) const = default;
};

struct UpdateFates {
  std::size_t update = 0;   // into the stream
  std::vector<Fate> fates;  // oldest kernels first

  bool operator==(const UpdateFates&) const = default;
};

/// What a CPU ends up with.
struct Outcome {
  enum class Kind : std::uint8_t {
    kLoads,
    kKeeps,    // nothing, since nothing is newer than what the BIOS left
    kRefused,  // nothing, though there is an update for it
    kNothing,  // there is none
    kOff,      // the loader does not run
  };
  std::string kernels;
  Kind kind = Kind::kNothing;
  std::optional<std::size_t> update;  // that loads, or came nearest to it
  std::string text;                   // a clause

  bool operator==(const Outcome&) const = default;
};
const char* outcome_name(Outcome::Kind kind);

/// What kernels say of the revision that the CPU ends up with.
struct Remark {
  std::string kernels;
  std::string text;  // a clause

  bool operator==(const Remark&) const = default;
};

struct Predicted {
  ucode::LoaderCpu cpu;
  std::vector<Outcome> outcomes;   // oldest kernels first
  std::vector<UpdateFates> fates;  // of every update for the CPU, in the order of the stream
  std::vector<Remark> remarks;     // oldest kernels first
  std::string remedy;              // empty: nothing to be done
};

struct Question {
  std::vector<ucode::KernelRange> kernels;
  bool revision_known =
      false;  // what the BIOS leaves is known, not just its side of the EntrySign fix
  ucode::LoaderSwitches switches;
  ucode::HasDigest has_digest;
};

Predicted predict(std::span<const ucode::Update> stream, const ucode::LoaderCpu& cpu,
                  const Question& question);

}  // namespace kip::checks
