// What a Tree holds; shared by the files that implement it.
#pragma once

#include <optional>

#include "src/codec/codec.h"
#include "src/modules/config.h"
#include "src/modules/kmod.h"
#include "src/modules/lookup.h"
#include "src/modules/tree.h"

namespace kip::modules {

struct Tree::State {
  State(const Root& its_root, std::string its_kernel, std::string its_directory)
      : root(its_root),
        kernel(std::move(its_kernel)),
        directory(std::move(its_directory)),
        lookup(root, directory) {}

  const Root& root;
  std::string kernel, directory;
  std::vector<ModuleFile> files;  // sorted by path
  Lookup lookup;
  std::optional<Kmod> kmod;          // once a module was read
  std::optional<Config> modprobe_d;  // once it was asked for
  codec::Decoders decoders;

  /// nullptr: no file of ours is there.
  const ModuleFile* file_at(const std::string& path) const;

  /// The file that the index has under a module's name, if it is there. Where the index knows no such module, a file of
  /// that name: it may be older than the file.
  const ModuleFile* file_of(const std::string& module_name);

  const Config& modprobe_config();

 private:
  std::map<std::string, const ModuleFile*> by_name_;  // once it was asked for
};

}  // namespace kip::modules
