#include <cstring>
#include <dlfcn.h>
#include <string>

#include "src/base/library.h"

namespace kip {

Status bind_library(const char* name, std::initializer_list<Binding> bindings) {
  void* const handle = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr)
    return fail(Errc::kUnsupported, std::string("needs ") + name + ", which is not installed");
  for (const Binding& binding : bindings) {
    void* const address = ::dlsym(handle, binding.symbol);
    if (address == nullptr)
      return fail(Errc::kUnsupported, std::string(name) + " lacks " + binding.symbol);
    std::memcpy(binding.pointer, &address, sizeof address);
  }
  return {};
}

}  // namespace kip
