// The walkers behind walk.h, one a vendor. Not for callers outside ucode/.
#pragma once

#include "ucode/walk.h"

namespace kip::ucode {

Status walk_intel(Depth depth, Input& in, UpdateSink& sink, Scratch& scratch);
Status walk_amd(Depth depth, Input& in, UpdateSink& sink, Scratch& scratch);

inline void report(UpdateSink& sink, const char* rule, std::uint64_t offset, std::string text,
                   const Update* suspect = nullptr, Severity severity = Severity::kWarning) {
  sink.fault(Finding{severity, rule, "", offset, std::move(text), ""}, suspect);
}

/// Reads exactly out.size() bytes; false if the input ends first.
inline Result<bool> read_exactly(Input& in, MutableBytes out) {
  return TRY(in.read(out)) == out.size();
}

/// Steps over zero bytes and says how many there were; stops at anything else or the end.
Result<std::uint64_t> skip_zeros(Input& in);

}  // namespace kip::ucode
