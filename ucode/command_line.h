// What a kernel's command line, or Xen's, says to the microcode loader.
//
//   const LoaderSwitches switches = switches_of("root=/dev/sda1 ro dis_ucode_ldr");
//   const XenOptions options = xen_options_of("dom0_mem=4G ucode=scan,digest-check=no");
//
// Sources: Linux arch/x86/kernel/cpu/microcode/core.c, lib/cmdline.c; Xen docs/misc/xen-command-line.pandoc, "ucode",
// xen/arch/x86/cpu/microcode/core.c.
#pragma once

#include <string_view>

#include "ucode/xen.h"

namespace kip::ucode {

/// dis_ucode_ldr, microcode=…,dis_ucode_ldr,… and microcode.amd_sha_check=off; what stands behind "--" is init's.
LoaderSwitches switches_of(std::string_view command_line);

struct XenOptions {
  enum class Source : std::uint8_t {
    kNone,  // Xen loads nothing
    kScan,  // what it finds in modules that begin with a cpio archive
    kModule,
  };
  Source source = Source::kNone;
  std::string_view module;  // the number of the one it takes, as given: bare microcode, no archive
  XenSwitches switches;
};

/// Every ucode=…, of which a later one overrides. What stands behind "--" is for dom0.
XenOptions xen_options_of(std::string_view command_line);

}  // namespace kip::ucode
