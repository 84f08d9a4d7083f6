// Shared libraries opened when first needed, so that a program which meets nothing compressed, and
// hashes nothing, does not pay for decompressors and libcrypto at start-up.
//
// KIP_DLOPEN_NOTE writes the ELF note ".note.dlopen" of the UAPI group's "dlopen metadata"
// specification, from which packaging tools derive the dependency that ordinary linking would have
// shown them.
#pragma once

#include <string>

#include "src/base/result.h"

namespace kip {

/// The library's handle, opened once and kept; kUnsupported if it is not installed. `name` as in
/// "libzstd.so.1".
Result<void*> open_library(const char* name);

/// The address of a symbol; kUnsupported if the library lacks it.
Result<void*> find_symbol(void* library, const char* name);

/// Sets `function` to the library's symbol of that name.
template <class Function>
Status bind(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(TRY(find_symbol(library, name)));
  return {};
}

}  // namespace kip

#define KIP_DLOPEN_NOTE(variable, feature, description, soname)                         \
  __attribute__((used, section(".note.dlopen"), aligned(4))) static const struct {      \
    unsigned owner_size, text_size, type;                                               \
    char owner[4];                                                                      \
    char text[sizeof("[{\"feature\":\"" feature "\",\"description\":\"" description     \
                     "\",\"priority\":\"recommended\",\"soname\":[\"" soname "\"]}]")]; \
  } variable = {4, sizeof(variable.text), 0x407c0c0a, "FDO",                            \
                "[{\"feature\":\"" feature "\",\"description\":\"" description          \
                "\",\"priority\":\"recommended\",\"soname\":[\"" soname "\"]}]"}
