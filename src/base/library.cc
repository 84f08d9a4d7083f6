#include <dlfcn.h>

#include "src/base/library.h"

namespace kip {

Result<void*> open_library(const char* name) {
  void* const handle = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr)
    return fail(Errc::kUnsupported, std::string("needs ") + name + ", which is not installed");
  return handle;
}

Result<void*> find_symbol(void* library, const char* name) {
  void* const address = ::dlsym(library, name);
  if (address == nullptr) return fail(Errc::kUnsupported, std::string("library lacks ") + name);
  return address;
}

}  // namespace kip
