// What is known of a kernel module, as plain values: from its place in the tree, and from what it says of itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kip::modules {

/// A module's name as the kernel knows it: of a path the last part without `.ko` and a compression's suffix, '_' for '-'.
std::string module_name(std::string_view path_or_name);

/// The path of a module file without a compression's suffix (modules.order has them so); empty for anything else.
std::string_view uncompressed_name(std::string_view path);

/// A file of a kernel's tree, found by name alone.
struct ModuleFile {
  std::string name;  // module_name()
  std::string path;  // relative to the modules directory: "updates/dkms/vpoll.ko.xz"
  bool in_order =
      false;  // modules.order has it: built with the kernel itself, and not opened unless somebody asks

  bool operator==(const ModuleFile&) const = default;
};

/// The signature behind the module's ELF file (Linux include/linux/module_signature.h). Whether the kernel trusts the key
/// cannot be known here.
struct Signature {
  std::string signer;     // the certificate's subject; may be empty
  std::string key;        // "1A:2B:…"
  std::string algorithm;  // "sha256"
};

/// A file, and what it says of itself (the section .modinfo, by way of libkmod).
struct Module {
  ModuleFile file;
  bool in_tree = false;  // "intree=Y": built as part of the kernel; paths are hints only
  std::string version, srcversion, vermagic;
  std::vector<std::string>
      depends;  // names, as modpost wrote them; of the whole truth modules.dep has more
  std::vector<std::string> softdep_pre, softdep_post, weakdeps;  // names or aliases
  std::vector<std::string> firmware;  // relative to the firmware directories
  std::vector<std::string> aliases;
  std::optional<Signature> signature;

  /// The release it was built for: the first word of vermagic.
  std::string release() const { return vermagic.substr(0, vermagic.find(' ')); }
};

}  // namespace kip::modules
