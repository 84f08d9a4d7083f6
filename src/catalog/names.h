// What the names of firmware files claim. Names prove nothing; they say where microcode is expected,
// and whose it would be when the file cannot be read.
#pragma once

#include <optional>
#include <string_view>

#include "ucode/selector.h"

namespace kip::catalog {

/// Whose microcode a file holds, as far as anything says so. Default: anybody's.
struct Claim {
  bool by_name = false;  // otherwise by what could be read of the content
  std::optional<ucode::Vendor> vendor;
  std::optional<ucode::CpuSignature> signature;  // Intel: one CPU a file
  std::uint32_t first_family = 0;                // AMD: a family or several a file
  std::uint32_t last_family = 0xffffffff;

  /// Whether a CPU that the selector matches may find its update there.
  bool may_serve(const ucode::Selector& cpu) const;
};

/// "06-8f-08" and the like, with ".early" or ".initramfs" as some distributions add; and
/// "microcode_amd*.bin"; each with a compression suffix or without. nullopt: the name does not say
/// microcode. Directories in front of the name do not count.
std::optional<Claim> claim_of(std::string_view path);

/// The name without ".xz", ".zst", ".gz".
std::string_view without_suffix(std::string_view name);

}  // namespace kip::catalog
