// Archives for groups of CPUs, named by their content, with an index by which each CPU's is found.
//
//   DIR/index.json
//   DIR/9f2c…e1.cpio        the sha256 of its bytes
//
// An archive is what `pack` writes for the CPUs of its group. Groups that come to the same bytes share one. The index is
// written last, so that whoever reads it finds what it names; archives that no index names any more stay.
//
// A machine finds its archive by vendor and signature, and by its platform if it knows that. Kernels before 6.7 show it to root
// alone, and a DHCP server sees none: so each Intel signature has a row without platform too.
#pragma once

#include "src/cli/choice.h"

namespace kip::cli {

enum class SplitBy : std::uint8_t { kCpu, kVendor, kNone };
const char* split_name(SplitBy by);

struct SplitArchive {
  std::string file, sha256;
  std::uint64_t size = 0;
  std::uint64_t updates = 0;
  std::size_t group = 0;  // the first that comes to these bytes
};

/// A CPU by which an archive is looked up.
struct SplitCpu {
  ucode::Vendor vendor = ucode::Vendor::kIntel;
  ucode::CpuSignature signature;
  std::optional<std::uint32_t> platform_flags;  // Intel; nullopt: the archive has those for all
  bool added =
      false;  // nobody asked for it so: all platforms of the fleet, for who does not know his
  std::string label;
  std::optional<std::size_t> archive;    // nullopt: nothing serves it
  std::vector<std::uint32_t> revisions;  // ascending, of its own updates
};

struct SplitReport {
  SplitBy by = SplitBy::kCpu;
  std::vector<SplitArchive> archives;  // by name
  std::vector<SplitCpu> cpus;          // by vendor, signature, platform
};

/// CPUs that go into one archive, each with its vendor, and how these are looked up.
struct SplitGroup {
  std::vector<RequestedCpu> cpus;
  bool by_platform = true;    // as they were asked for
  bool by_signature = false;  // Intel's without their platform
};

/// By vendor, signature, platform; an Intel signature of several platforms, of all of which nobody asked for the whole, is one
/// more group. A CPU whose family exists at both vendors goes with those whose updates it gets.
std::vector<SplitGroup> split_groups(const Choice& choice, SplitBy by);

/// The rows of a group's CPUs, all but the archive. REQUIRES: the choice was made for this group.
std::vector<SplitCpu> split_rows(const Choice& choice, const SplitGroup& group);

}  // namespace kip::cli
