// One module's file: decompressed by our own codecs (libkmod has those it was built with: Debian's no gzip, and none has a
// limit), its signature split off, checked, and read by libkmod.
#pragma once

#include "src/base/file.h"
#include "src/base/finding.h"
#include "src/codec/codec.h"
#include "src/modules/facts.h"
#include "src/modules/kmod.h"

namespace kip::modules {

/// The whole of it in memory at one time, decompressed. `directory` is that of the modules, below the root.
Result<Module> read_module(const Root& root, const std::string& directory, const ModuleFile& file,
                           codec::Decoders& decoders, Kmod& kmod);

/// The same for bytes.
Result<Module> read_module(const ModuleFile& file, Bytes decompressed, Kmod& kmod);

/// Rule "module-unread".
Finding unread(const std::string& directory, const ModuleFile& file, const Error& error);

}  // namespace kip::modules
