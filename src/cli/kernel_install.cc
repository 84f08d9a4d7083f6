#include <array>
#include <cstring>

#include "src/cli/kernel_install.h"
#include "src/cli/messages.h"

namespace kip::cli {
namespace {

// The signs are variables that kernel-install sets for plugins. Versions behind one sign cannot be
// told apart, and need not be: 254's own ukify plugin takes nothing from the staging area, which
// 255 mended; 259 moved the area to /var/tmp; 260 and 261 changed nothing here.
constexpr std::array kCallers = {
    CallerRow{"systemd 262", "KERNEL_INSTALL_ENTRY_NAME", true},
    CallerRow{"systemd 258 to 261", "KERNEL_INSTALL_BOOT_ENTRY_TYPE", true},
    CallerRow{"systemd 254 to 257", "KERNEL_INSTALL_IMAGE_TYPE", true},
    CallerRow{"systemd 251 to 253", "KERNEL_INSTALL_STAGING_AREA", false},
    CallerRow{"Gentoo's installkernel", "INSTALLKERNEL_STAGING_AREA", false},
};

std::string text_of(const char* variable) {
  return environment(variable).value_or("");
}

constexpr const CallerRow& kGentoo = kCallers.back();

// Of systemd's: without a staging area none of the other signs counts, since nobody said where to.
const CallerRow* systemd_here() {
  if (!environment("KERNEL_INSTALL_STAGING_AREA")) return nullptr;
  for (const CallerRow& row : kCallers) {
    if (environment(row.sign)) return &row;
  }
  return nullptr;
}

bool is_on(const char* variable) {
  const auto value = environment(variable);
  return value && *value != "0";
}

Invocation nothing(std::string why) {
  Invocation call;
  call.why = std::move(why);
  call.verbose = is_on("KERNEL_INSTALL_VERBOSE") || is_on("INSTALLKERNEL_VERBOSE");
  return call;
}

Invocation usage() {
  Invocation call = nothing("kernel-install runs this: add KVER ENTRY-DIRECTORY IMAGE [INITRD...]");
  call.action = Invocation::Action::kUsage;
  return call;
}

// The one program goes by two names, install.d/README.md.
bool is_called_as_86(const char* program) {
  const char* const slash = std::strrchr(program, '/');
  return std::strncmp(slash == nullptr ? program : slash + 1, "86-", 3) == 0;
}

// VERSION IMAGE, and no verb.
bool is_gentoo(int argc) {
  return argc == 3 && environment("INSTALLKERNEL_STAGING_AREA") &&
         !environment("KERNEL_INSTALL_STAGING_AREA");
}

Invocation from_gentoo(char** argv) {
  Invocation call;
  call.kernel = argv[1];
  call.image = argv[2];
  call.staging = text_of("INSTALLKERNEL_STAGING_AREA");
  call.layout = text_of("INSTALLKERNEL_LAYOUT");
  call.caller = &kGentoo;
  call.last = true;
  call.arguments = {"installkernel", call.kernel, call.image};
  call.verbose = is_on("INSTALLKERNEL_VERBOSE");
  return call;
}

Invocation from_systemd(int argc, char** argv) {
  Invocation call;
  call.kernel = argv[2];
  call.entry_directory = argv[3];
  call.image = argv[4];
  call.initrds.assign(argv + 5, argv + argc);
  call.staging = text_of("KERNEL_INSTALL_STAGING_AREA");
  call.layout = text_of("KERNEL_INSTALL_LAYOUT");
  call.entry_token = text_of("KERNEL_INSTALL_ENTRY_TOKEN");
  const std::string usual = call.entry_token + "-" + call.kernel;
  call.entry_name = environment("KERNEL_INSTALL_ENTRY_NAME").value_or(usual);
  call.boot_root = text_of("KERNEL_INSTALL_BOOT_ROOT");
  call.initrd_generator = text_of("KERNEL_INSTALL_INITRD_GENERATOR");
  call.uki_generator = text_of("KERNEL_INSTALL_UKI_GENERATOR");
  call.is_uki = text_of("KERNEL_INSTALL_IMAGE_TYPE") == "uki";
  call.caller = systemd_here();
  call.verbose = is_on("KERNEL_INSTALL_VERBOSE");
  call.last = is_called_as_86(argv[0]);
  call.arguments = {"add", call.kernel, call.image};
  call.arguments.insert(call.arguments.end(), call.initrds.begin(), call.initrds.end());
  return call;
}

Invocation removal(const char* kernel) {
  Invocation call = nothing("nothing to do for 'remove'");
  call.action = Invocation::Action::kRemove;
  call.kernel = kernel;
  call.entry_token = text_of("KERNEL_INSTALL_ENTRY_TOKEN");
  return call;
}

// Of builders of images, and only beside the caller's own.
std::string root_told() {
  const bool beside =
      environment("KERNEL_INSTALL_CONF_ROOT") || environment("INSTALLKERNEL_CONF_ROOT");
  return beside ? text_of("KIP_ROOT") : "";
}

}  // namespace

std::span<const CallerRow> caller_table() {
  return kCallers;
}

Invocation read_invocation(int argc, char** argv) {
  Invocation call;
  if (is_gentoo(argc)) {
    call = from_gentoo(argv);
  } else if (argc < 2) {
    return usage();
  } else if (argc >= 3 && std::strcmp(argv[1], "remove") == 0) {
    call = removal(argv[2]);
    call.root = root_told();
    return call;
  } else if (std::strcmp(argv[1], "add") != 0) {
    return nothing("nothing to do for " + quote(argv[1]));
  } else if (argc < 5) {
    return usage();
  } else if (call = from_systemd(argc, argv); call.caller == nullptr) {
    return nothing("no staging area: systemd before 251, whose plugins cannot add to an initrd");
  }
  if (call.layout == "ostree")
    return nothing("the initrd of an ostree deployment is not ours to change");
  call.root = root_told();
  call.action = Invocation::Action::kAdd;
  return call;
}

}  // namespace kip::cli
