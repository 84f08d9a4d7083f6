#include <fcntl.h>
#include <sys/stat.h>

#include "src/modules/config.h"
#include "src/modules/elf.h"
#include "src/modules/read.h"
#include "src/modules/signature.h"
#include "src/modules/tree.h"

namespace kip::modules {
namespace {

void append(std::vector<std::string>& to, std::vector<std::string>&& more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

// "a,b-c": names of modules.
std::vector<std::string> split_depends(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    if (end != 0) names.push_back(module_name(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return names;
}

void take(const InfoEntry& entry, Module& module) {
  const auto first = [&](std::string& field) {
    if (field.empty()) field = entry.value;
  };
  if (entry.key == "intree") {
    module.in_tree = true;  // the kernel asks for the key, too, not for its value
  } else if (entry.key == "version") {
    first(module.version);
  } else if (entry.key == "srcversion") {
    first(module.srcversion);
  } else if (entry.key == "vermagic") {
    first(module.vermagic);
  } else if (entry.key == "depends") {
    append(module.depends, split_depends(entry.value));
  } else if (entry.key == "softdep") {
    Softdeps softdeps = split_softdeps(words_of(entry.value));
    append(module.softdep_pre, std::move(softdeps.pre));
    append(module.softdep_post, std::move(softdeps.post));
  } else if (entry.key == "weakdep") {
    append(module.weakdeps, words_of(entry.value));
  } else if (entry.key == "firmware") {
    module.firmware.push_back(entry.value);
  } else if (entry.key == "alias") {
    module.aliases.push_back(entry.value);
  }
}

Result<std::optional<std::uint64_t>> size_of(int descriptor) {
  struct stat status;
  if (::fstat(descriptor, &status) != 0) return fail_errno("fstat");
  if (!S_ISREG(status.st_mode)) return fail(Errc::kInvalid, "is not a regular file");
  return std::optional(static_cast<std::uint64_t>(status.st_size));
}

Result<std::vector<std::uint8_t>> decompressed(int descriptor, codec::Decoders& decoders) {
  FileInput in(descriptor);
  const auto method = codec::detect(TRY(in.peek(8)));
  // Where the size can be had, before there is memory for it.
  const auto size = method ? codec::decoded_size(*method, descriptor) : TRY(size_of(descriptor));
  if (size && *size > kModuleLimit) return fail(Errc::kLimit, "is too large");
  if (!method) return read_rest(in, kModuleLimit);
  const auto plain = TRY(decoders.open(*method, in, codec::Extent::kWhole));
  return read_rest(*plain, kModuleLimit);
}

}  // namespace

Result<Module> read_module(const ModuleFile& file, Bytes bytes, Kmod& kmod) {
  const SignedModule parts = TRY(split_signature(bytes));
  TRY(check_elf(parts.elf));
  Module module;
  module.file = file;
  module.signature = parts.signature;
  for (const InfoEntry& entry : TRY(kmod.info(parts.elf))) take(entry, module);
  return module;
}

Result<Module> read_module(const Root& root, const std::string& directory, const ModuleFile& file,
                           codec::Decoders& decoders, Kmod& kmod) {
  const Fd opened = TRY(root.open(directory + "/" + file.path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  TRY(size_of(opened.get()));
  return read_module(file, TRY(decompressed(opened.get(), decoders)), kmod);
}

Finding unread(const std::string& directory, const ModuleFile& file, const Error& error) {
  return {Severity::kWarning,
          "module-unread",
          directory + "/" + file.path,
          error.offset,
          "the module cannot be read: " + error.what,
          ""};
}

}  // namespace kip::modules
