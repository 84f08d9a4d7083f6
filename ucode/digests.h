// The kernel's list of AMD patches that it loads on a CPU whose own check of signatures can be deceived (EntrySign).
//
//   const PatchDigest* listed = listed_digest(0x0a0011d5, LoaderRules::of(kernel));
//   listed != nullptr && listed->sha256 == hex of the patch's digest   ->   the kernel loads it
//
// What is hashed is the patch alone: header and all behind it, without the section header of 8 bytes.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "ucode/kernel_rules.h"

namespace kip::ucode {

struct PatchDigest {
  std::uint32_t patch_id;
  KernelRule since;         // kSha or kShaTsa
  std::string_view sha256;  // 64 digits, lower case
};

/// nullptr: kernels with these rules do not list it.
const PatchDigest* listed_digest(std::uint32_t patch_id, const LoaderRules& rules);

/// Every row, ascending by id.
std::span<const PatchDigest> patch_digests();

}  // namespace kip::ucode
