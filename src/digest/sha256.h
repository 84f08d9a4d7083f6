// SHA-256 by OpenSSL's libcrypto, which is opened when the first digest is asked for.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "src/base/bytes.h"

namespace kip::digest {

using Sha256 = std::array<std::uint8_t, 32>;

/// kUnsupported if libcrypto is not installed.
Result<Sha256> sha256(Bytes bytes);

/// The same of bytes that come in pieces.
class Hasher {
 public:
  /// kUnsupported if libcrypto is not installed. REQUIRES: begin() before the first add().
  static Result<Hasher> make();

  void begin();
  void add(Bytes bytes);
  Sha256 finish();  // begin() starts the next one

 private:
  struct Library;
  Hasher(const Library& library, std::shared_ptr<void> state)
      : library_(&library), state_(std::move(state)) {}
  static Result<Library> load();

  const Library* library_;
  std::shared_ptr<void> state_;
};

/// 64 lower-case hex digits.
std::string to_hex(const Sha256& digest);

}  // namespace kip::digest
