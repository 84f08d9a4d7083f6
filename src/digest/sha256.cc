#include <fmt/format.h>
#include <openssl/sha.h>

#include "src/base/library.h"
#include "src/digest/sha256.h"

namespace kip::digest {
namespace {

KIP_DLOPEN_NOTE(kNote, "crypto", "sha256 digests of microcode updates", "libcrypto.so.3");

using Function = decltype(SHA256);

Result<Function*> load() {
  void* const library = TRY(open_library("libcrypto.so.3"));
  Function* function = nullptr;
  TRY(bind(library, "SHA256", function));
  return function;
}

}  // namespace

Result<Sha256> sha256(Bytes bytes) {
  static const Result<Function*> function = load();
  if (!function) return tl::unexpected<Error>(function.error());
  Sha256 digest;
  (*function)(bytes.data(), bytes.size(), digest.data());
  return digest;
}

std::string to_hex(const Sha256& digest) {
  std::string text;
  for (const std::uint8_t byte : digest) text += fmt::format("{:02x}", byte);
  return text;
}

}  // namespace kip::digest
