// A model of Xen's early loader: what it makes of every update of a stream, on a CPU.
//
//   for (const XenForm& xen : xen_forms()) {
//     const LoaderAnswer answer = ask_xen(seen_by_xen(updates, faults, vendor), cpu, xen, has_digest);
//     if (answer.loads()) …
//   }
//
// It is not Linux's: Intel's updates in front of a fault count; sizes have to be multiples of 1024; a revision with bit 31
// counts as newer than any. AMD's containers are all read, and matched by their tables, on Zen too; the highest patch id
// counts; a patch without its digest is passed over for the next; what runs already is not applied again.
//
// Not modelled: patches for one chipset, and Zen patches whose id names another family, both of which Xen would take and
// walk() leaves out; a table that contradicts an earlier one, if nothing follows it that is for the CPU; an Intel update
// that states a total size and no data size.
//
// Sources: Xen xen/arch/x86/cpu/microcode/amd.c, intel.c, core.c: staging of spring 2025 (ad569a4bd747) and of late 2025.
// Of 4.17 to 4.19 no tree was read: they are taken to do as 4.20. What 4.14 (9872d99215ba) did otherwise (only the first
// container with the CPU, sizes up to family 17h's, Intel's revisions unsigned) had ended by then, as far as is known.
#pragma once

#include "src/base/finding.h"
#include "ucode/loader.h"

namespace kip::ucode {

/// One way in which Xen behaves. Which releases came with it is known as far as the name says.
struct XenForm {
  const char* name;                 // behind "Xen "
  std::uint32_t digests_to_family;  // digests are asked for from family 17h to this one; 0: of none
  LoaderRules lists;                // which of Linux's lists it has
  bool
      knows_fixed;  // asks for none on top of a revision with the EntrySign fix, nor from family 1Bh on
  bool
      minimum_base;  // refuses the patch it came down to if that states a later base than what runs
  const char* source;
};

/// Oldest first.
std::span<const XenForm> xen_forms();

struct XenSwitches {
  bool digests_off = false;  // ucode=digest-check=no
  bool locked = false;       // Intel: the firmware has set DIS_MCU_LOAD
};

/// As ask_loader(). Of Intel CPUs the platform flags have to be known.
LoaderAnswer ask_xen(std::span<const Update> stream, const LoaderCpu& cpu, const XenForm& xen,
                     const HasDigest& has_digest = {}, const XenSwitches& switches = {});

/// Whether Xen puts one Intel revision above another: signed, but what has bit 31 is above all but itself.
bool is_newer_for_xen(std::uint32_t revision, std::uint32_t than);

/// Largest AMD patch in bytes that it takes on a CPU of the family.
std::uint32_t xen_size_limit(std::uint32_t family);

/// Those updates of a walk that Xen reaches: of Intel's all in front of the first fault, of AMD's in front of the first that
/// ends its scan.
std::span<const Update> seen_by_xen(std::span<const Update> updates,
                                    std::span<const Finding> faults, Vendor vendor);

}  // namespace kip::ucode
