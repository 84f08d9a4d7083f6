#include <cstdarg>
#include <libkmod.h>
#include <sys/mman.h>

#include "src/base/file.h"
#include "src/base/library.h"
#include "src/base/sink.h"
#include "src/modules/kmod.h"

namespace kip::modules {
namespace {

KIP_DLOPEN_NOTE(kNote, "kmod", "reads kernel modules", "libkmod.so.2");

/// Libkmod reads a byte behind a section.
constexpr std::uint64_t kPadding = 16;

struct Api {
  decltype(kmod_new)* create = nullptr;
  decltype(kmod_unref)* unref = nullptr;
  decltype(kmod_set_log_fn)* set_log = nullptr;
  decltype(kmod_module_new_from_path)* module_of = nullptr;
  decltype(kmod_module_unref)* module_unref = nullptr;
  decltype(kmod_module_get_info)* info = nullptr;
  decltype(kmod_list_next)* next = nullptr;
  decltype(kmod_module_info_get_key)* key = nullptr;
  decltype(kmod_module_info_get_value)* value = nullptr;
  decltype(kmod_module_info_free_list)* free_info = nullptr;

  Status load() {
    return bind_library("libkmod.so.2", {{"kmod_new", create},
                                         {"kmod_unref", unref},
                                         {"kmod_set_log_fn", set_log},
                                         {"kmod_module_new_from_path", module_of},
                                         {"kmod_module_unref", module_unref},
                                         {"kmod_module_get_info", info},
                                         {"kmod_list_next", next},
                                         {"kmod_module_info_get_key", key},
                                         {"kmod_module_info_get_value", value},
                                         {"kmod_module_info_free_list", free_info}});
  }
};

void say_nothing(void*, int, const char*, int, const char*, const char*, va_list) {}

std::string text_or_empty(const char* text) {
  return text == nullptr ? "" : text;
}

tl::unexpected<Error> failed(int negative_errno) {
  errno = -negative_errno;
  return fail_errno("libkmod");
}

}  // namespace

struct Kmod::State {
  Api api;
  kmod_ctx* context = nullptr;

  ~State() {
    if (context != nullptr) api.unref(context);
  }
};

Kmod::Kmod(std::unique_ptr<State> state) : state_(std::move(state)) {}
Kmod::Kmod(Kmod&&) noexcept = default;
Kmod::~Kmod() = default;

Result<Kmod> Kmod::open() {
  auto state = std::make_unique<State>();
  TRY(state->api.load());
  // A directory that cannot be: nothing is read from it, as nothing is of modprobe.d.
  const char* const no_configuration = nullptr;
  state->context = state->api.create("/dev/null", &no_configuration);
  if (state->context == nullptr) return fail(Errc::kLimit, "libkmod: out of memory");
  state->api.set_log(state->context, say_nothing, nullptr);
  return Kmod(std::move(state));
}

Result<std::vector<InfoEntry>> Kmod::info(Bytes elf) {
  const Api& api = state_->api;
  // A file of our own does not shrink while the library has it mapped.
  const Fd file(::memfd_create("module", MFD_CLOEXEC));
  if (!file) return fail_errno("memfd_create");
  DescriptorSink sink(file.get());
  TRY(sink.write(elf));
  TRY(sink.write_zeros(kPadding));

  kmod_module* opened = nullptr;
  const std::string path = "/proc/self/fd/" + std::to_string(file.get());
  if (const int result = api.module_of(state_->context, path.c_str(), &opened); result < 0)
    return failed(result);
  const std::unique_ptr<kmod_module, decltype(api.module_unref)> module(opened, api.module_unref);
  kmod_list* taken = nullptr;
  if (const int result = api.info(module.get(), &taken); result < 0) return failed(result);
  const std::unique_ptr<kmod_list, decltype(api.free_info)> list(taken, api.free_info);

  std::vector<InfoEntry> entries;
  for (const kmod_list* entry = list.get(); entry != nullptr; entry = api.next(list.get(), entry))
    entries.push_back({text_or_empty(api.key(entry)), text_or_empty(api.value(entry))});
  return entries;
}

}  // namespace kip::modules
