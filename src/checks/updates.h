// What is wrong or odd about the updates of a catalogue beyond each one's own structure: against the lists of digests that kernels
// have, and against each other.
//
//   for (const Finding& it : checks::check_updates(catalog)) …
//
// AMD's patches carry no checksum from family 14h on; of 79 of them Linux knows the SHA-256 (ucode/digests.h). The catalogue
// needs digests of AMD patches: ScanOptions::digests, at Depth::kChecked or more.
#pragma once

#include <vector>

#include "src/catalog/catalog.h"

namespace kip::checks {

inline constexpr const char* kRuleDigest =
    "amd-digest";                                   // listed id, other bytes: damaged, or re-signed
inline constexpr const char* kRuleTwins = "twins";  // one id, in two files with different bytes
inline constexpr const char* kRuleBase = "amd-base";          // note: what it loads on top of
inline constexpr const char* kRuleTrouble = "known-trouble";  // ucode/trouble.h
inline constexpr const char* kRuleNoFile =
    "intel-no-file";  // note: a signature without a file of its name

/// Warnings first by place, notes among them; each has the place and offset of an update.
std::vector<Finding> check_updates(const catalog::Catalog& catalog);

}  // namespace kip::checks
