// SHA-256 by OpenSSL's libcrypto, which is opened when the first digest is asked for.
#pragma once

#include <array>
#include <string>

#include "src/base/bytes.h"

namespace kip::digest {

using Sha256 = std::array<std::uint8_t, 32>;

/// kUnsupported if libcrypto is not installed.
Result<Sha256> sha256(Bytes bytes);

/// 64 lower-case hex digits.
std::string to_hex(const Sha256& digest);

}  // namespace kip::digest
