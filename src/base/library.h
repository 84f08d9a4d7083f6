// Shared libraries opened when first needed, so that a program which meets nothing compressed, and
// hashes nothing, does not pay for decompressors and libcrypto at start-up.
//
// KIP_DLOPEN_NOTE writes the ELF note ".note.dlopen" of the UAPI group's "dlopen metadata"
// specification, from which packaging tools derive the dependency that ordinary linking would have
// shown them.
#pragma once

#include <initializer_list>

#include "src/base/result.h"

namespace kip {

/// A pointer to a function, and the symbol whose address it is to get.
struct Binding {
  template <class Function>
  Binding(const char* name, Function*& function) : symbol(name), pointer(&function) {
    static_assert(sizeof function == sizeof(void*));
  }

  const char* symbol;
  void* pointer;
};

/// Opens the library, as in "libzstd.so.1", and keeps it open. kUnsupported if it is not installed, or lacks a symbol.
Status bind_library(const char* name, std::initializer_list<Binding> bindings);

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
