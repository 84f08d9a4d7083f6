// A module's file, as an out-of-tree one comes from somewhere. Input: the file, decompressed.
//
// libkmod, which is not watched by sanitizers, survives what we hand it, and says no more than what stands in the file; a
// file that is refused has a reason, and one whose end says that it is signed is signed or refused.
#include "src/modules/read.h"
#include "tests/fuzz/fuzz.h"

namespace {

using kip::fuzz::require;

kip::modules::Kmod& kmod() {
  static kip::Result<kip::modules::Kmod> opened = kip::modules::Kmod::open();
  require(opened.has_value(), "there is a libkmod");
  return *opened;
}

void require_in(std::string_view file, const std::string& value) {
  require(file.find(value) != file.npos, "what a module says stands in it");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const kip::Bytes file(data, size);
  const auto module = kip::modules::read_module({"m", "m.ko"}, file, kmod());
  if (!module) {
    require(!module.error().what.empty(), "a refusal has a reason");
    return 0;
  }
  const std::string_view text = kip::as_text(file);
  for (const std::string* value : {&module->version, &module->srcversion, &module->vermagic})
    require_in(text, *value);
  for (const auto* list : {&module->softdep_pre, &module->softdep_post, &module->weakdeps,
                           &module->firmware, &module->aliases}) {
    for (const std::string& value : *list) require_in(text, value);
  }
  require(module->signature.has_value() == text.ends_with("~Module signature appended~\n"),
          "what says that it is signed is signed");
  if (module->signature) require_in(text, module->signature->signer);
  return 0;
}
