// What a kernel's command line says to the microcode loader.
//
//   const LoaderSwitches switches = switches_of("root=/dev/sda1 ro dis_ucode_ldr");
//
// Source: Linux arch/x86/kernel/cpu/microcode/core.c, lib/cmdline.c.
#pragma once

#include <string_view>

#include "ucode/loader.h"

namespace kip::ucode {

/// dis_ucode_ldr, microcode=…,dis_ucode_ldr,… and microcode.amd_sha_check=off; what stands behind "--" is init's.
LoaderSwitches switches_of(std::string_view command_line);

}  // namespace kip::ucode
