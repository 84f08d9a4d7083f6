// Every archive that these tests see written comes through here: is it what a kernel takes?
//
// Judged by the re-tellings of the kernel and by GNU cpio, never by the code that wrote it.
#pragma once

#include <string>
#include <vector>

#include "tests/support/blob.h"
#include "tests/support/kernel_rules.h"

namespace kip::ucode_pack_test {

struct Members {
  support::Blob intel, amd;  // empty: the archive has no such member
};

/// Fails the test unless the archive is a multiple of 512 bytes, each member lies at a multiple of
/// 16, the kernel's finder finds it and its unpacker unpacks it, GNU cpio unpacks the same bytes,
/// Intel's stream is sound to its last byte with every update in it loadable on some CPU, and every
/// CPU of AMD's table finds a patch.
Members check_archive(const std::string& path);

/// The updates of a sound Intel member, one behind the other.
std::vector<support::Blob> updates_of(support::View intel);

/// The patches of an AMD member, in order, whatever container they are in.
std::vector<support::Blob> patches_of(support::View amd);

/// The patch that a kernel of these rules would load for the CPU; empty if none.
support::Blob amd_choice(support::View amd, std::uint32_t cpuid, std::uint32_t current_revision = 0,
                         const support::KernelRules& rules = {});

/// The update that the kernel would load; empty if none.
support::Blob intel_choice(support::View intel, std::uint32_t signature, std::uint32_t flags,
                           std::uint32_t current_revision = 0);

}  // namespace kip::ucode_pack_test
