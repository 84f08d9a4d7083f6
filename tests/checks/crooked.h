// Crooked images: how each is made, what is found, what the loader takes of it.
#pragma once

#include <string>
#include <vector>

#include "src/checks/early.h"
#include "src/checks/unpack.h"
#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"
#include "tests/support/kernel_finder.h"
#include "tests/support/newc_blob.h"

namespace kip::checks {

struct Crooked {
  const char* name;
  support::Blob image;
  /// "severity rule@offset [kernels]", in the order of the image; of notes those that are listed here.
  std::vector<std::string> findings;
  /// What the loader loads on kCpu; 0: nothing.
  std::uint32_t intel = 0;
  std::uint32_t amd = 0;
  /// False where kernels differ in whether the unpacker goes on, or the re-telling leaves it open.
  bool unpacker_agrees = true;
};

inline constexpr std::uint32_t kIntelCpu = 0x000B06F2;
inline constexpr std::uint32_t kIntelPlatform = 0x02;
inline constexpr std::uint32_t kAmdCpu = 0x00A20F12;

/// Everything that looks at an image, in one.
struct Looked {
  image::Inventory inventory;
  Searches searches;
  std::vector<Finding> findings;  // of the walk, the loader's and the unpacker's eye
};
Looked look_at(support::View image);

/// Looks, and holds everything against the re-tellings of the kernel.
void expect_crooked(const Crooked& row);

/// Updates for the CPUs above, of these revisions.
support::Blob intel(std::uint32_t revision = 0x3A);
support::Blob amd(std::uint32_t revision = 0x0A201205);

/// An archive with the vendor's file alone, data at a multiple of 16.
support::Blob early(support::View intel_data,
                    const support::NewcFields& fields = {.data_align = 16});

/// "severity rule@0xoffset"
std::string at(const char* severity_and_rule, std::size_t offset);

/// /init and a few files, as an archive of its own.
support::Blob main_archive();

}  // namespace kip::checks
