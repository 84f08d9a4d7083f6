#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "src/base/library.h"
#include "src/digest/sha256.h"

namespace kip::digest {
namespace {

KIP_DLOPEN_NOTE(kNote, "crypto", "sha256 digests of microcode updates and of files in images",
                "libcrypto.so.3");

using Function = decltype(SHA256);

Result<Function*> load() {
  Function* function = nullptr;
  TRY(bind_library("libcrypto.so.3", {{"SHA256", function}}));
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

struct Hasher::Library {
  decltype(EVP_MD_CTX_new)* make = nullptr;
  decltype(EVP_MD_CTX_free)* free = nullptr;
  decltype(EVP_sha256)* sha256 = nullptr;
  decltype(EVP_DigestInit_ex)* begin = nullptr;
  decltype(EVP_DigestUpdate)* add = nullptr;
  decltype(EVP_DigestFinal_ex)* finish = nullptr;
};

Result<Hasher::Library> Hasher::load() {
  Library library;
  TRY(bind_library("libcrypto.so.3", {{"EVP_MD_CTX_new", library.make},
                                      {"EVP_MD_CTX_free", library.free},
                                      {"EVP_sha256", library.sha256},
                                      {"EVP_DigestInit_ex", library.begin},
                                      {"EVP_DigestUpdate", library.add},
                                      {"EVP_DigestFinal_ex", library.finish}}));
  return library;
}

Result<Hasher> Hasher::make() {
  static const Result<Library> library = load();
  if (!library) return tl::unexpected<Error>(library.error());
  EVP_MD_CTX* const state = library->make();
  if (state == nullptr || library->begin(state, library->sha256(), nullptr) != 1)
    return fail(Errc::kUnsupported, "libcrypto has no SHA-256");
  return Hasher(*library, std::shared_ptr<void>(state, [](void* it) {
    library->free(static_cast<EVP_MD_CTX*>(it));
  }));
}

// With the algorithm set, these do not fail.
void Hasher::begin() {
  library_->begin(static_cast<EVP_MD_CTX*>(state_.get()), nullptr, nullptr);
}

void Hasher::add(Bytes bytes) {
  library_->add(static_cast<EVP_MD_CTX*>(state_.get()), bytes.data(), bytes.size());
}

Sha256 Hasher::finish() {
  Sha256 digest;
  library_->finish(static_cast<EVP_MD_CTX*>(state_.get()), digest.data(), nullptr);
  return digest;
}

std::string to_hex(const Sha256& digest) {
  std::string text;
  for (const std::uint8_t byte : digest) text += fmt::format("{:02x}", byte);
  return text;
}

}  // namespace kip::digest
