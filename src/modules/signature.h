// The signature behind a module: [ELF file][PKCS#7 message][12 bytes][text "~Module signature appended~\n"].
//
// The 12 bytes: algorithm, hash, kind (2: PKCS#7), length of a name, length of a key's name, three zeros, length of the
// message (32 bits, most significant byte first); with PKCS#7 all but kind and length are 0. Of the message, DER, we
// read the first signer: issuer and serial number (or the key's identifier) and digest. Older kinds (1: X.509) have
// name, identifier and signature in front instead. Sources: Linux include/linux/module_signature.h,
// scripts/sign-file.c; RFC 2315, RFC 5652.
#pragma once

#include <optional>

#include "src/base/bytes.h"
#include "src/modules/facts.h"

namespace kip::modules {

struct SignedModule {
  Bytes elf;  // without what is behind it
  std::optional<Signature> signature;
};

/// kCorrupt if what is behind the module says that it is a signature, and contradicts itself: a kernel that checks
/// signatures refuses such a module. What a message does not say in a way that we can read stays empty.
Result<SignedModule> split_signature(Bytes module);

}  // namespace kip::modules
