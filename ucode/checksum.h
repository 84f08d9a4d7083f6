// The checksum of Intel updates and of AMD's oldest patches: the sum of all little-endian dwords
// modulo 2^32.
#pragma once

#include "src/base/bytes.h"

namespace kip::ucode {

/// Bytes behind the last whole dword do not count, as in the kernel's loader.
std::uint32_t sum32(Bytes bytes);

}  // namespace kip::ucode
