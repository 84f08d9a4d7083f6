// Intel's legacy text form (microcode.dat): lines of four hexadecimal dwords with commas.
//
//   /* 06-0f-02: a comment or heading; lines that begin with '/' do not count */
//   0x00000001, 0x0000005c, 0x10022010, 0x000006f2,
//
// The dwords, written little-endian one behind the other, are the binary form. White space (CR too)
// is free, and the last comma may be missing.
#pragma once

#include "src/base/bytes.h"

namespace kip::ucode {

/// Longest line, in bytes: that of the other well-known reader of this form.
inline constexpr std::size_t kTextLineLimit = 2048;

/// Largest text we convert, in bytes: the last release in this form had 4 MB.
inline constexpr std::uint64_t kTextSizeLimit = std::uint64_t{16} * 1024 * 1024;

/// Whether the first bytes look like that form: behind white space a comment or a dword, and behind
/// comments nothing but a dword.
bool looks_like_intel_text(Bytes head);

/// The binary form. The error's offset is one in the text.
Result<std::vector<std::uint8_t>> intel_from_text(std::string_view text);

}  // namespace kip::ucode
