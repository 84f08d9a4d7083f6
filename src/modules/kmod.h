// libkmod, typed: no list of void pointers and no reference count leaves kmod.cc. The library is opened when first needed.
//
//   Kmod kmod = TRY(Kmod::open());
//   for (const InfoEntry& entry : TRY(kmod.info(elf))) ...
//
// What is asked of it is what a module says of itself. Depmod's indexes we read ourselves (index.h): libkmod trusts
// them, and with damaged ones its version 30 runs for ever, over its stack, or out of the file. Signatures too
// (signature.h): it does not see those that name the key by its identifier, or have a digest newer than itself.
//
// It reads no configuration, and says nothing on stderr.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "src/base/bytes.h"

namespace kip::modules {

struct InfoEntry {
  std::string key, value;

  bool operator==(const InfoEntry&) const = default;
};

class Kmod {
 public:
  /// kUnsupported without libkmod.
  static Result<Kmod> open();

  Kmod(Kmod&&) noexcept;
  ~Kmod();

  /// The entries of .modinfo, in order. REQUIRES: check_elf(elf) found nothing, and no signature is behind it.
  Result<std::vector<InfoEntry>> info(Bytes elf);

 private:
  struct State;
  explicit Kmod(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace kip::modules
