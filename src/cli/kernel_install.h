// How kernel-install calls a plugin: arguments, environment, and what differs by systemd version.
//
//   const Invocation call = read_invocation(argc, argv);
//   if (call.action == Invocation::Action::kNothing) return 0;   // and call.why says it to whoever asks
//
// Two callers are known: systemd's kernel-install from 251 on (250 has no staging area: nothing is
// done there), and Gentoo's installkernel without systemd, whose preinst.d hooks get VERSION IMAGE
// and variables of other names.
//
// Sources: systemd src/kernel-install (v250 to v261 and the 262 development branch), kernel-install(8);
// projg2/installkernel-gentoo, installkernel.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace kip::cli {

/// What a caller does with the staging area, as far as plugins must know it. One row for the
/// versions that behave alike.
struct CallerRow {
  const char* name;  // "systemd 254 to 261"
  const char* sign;  // the variable that only these and later ones set
  bool
      lists_microcode;  // 90-loaderentry takes microcode* from the staging area, in front of every initrd
};

/// Newest first: the first row whose sign is in the environment.
std::span<const CallerRow> caller_table();

struct Invocation {
  enum class Action { kAdd, kRemove, kNothing, kUsage };
  Action action = Action::kNothing;
  std::string why;  // for all but kAdd: one line

  const CallerRow* caller = nullptr;  // kAdd: never null
  std::string kernel;                 // KVER; of kRemove, too
  std::string entry_directory;       // "$BOOT/TOKEN/KVER", which may not exist; empty with Gentoo's
  std::string image;                 // the kernel's file
  std::vector<std::string> initrds;  // given on kernel-install's command line
  std::string staging;               // directory
  std::string layout;                // "bls", "uki", "other", …; may be empty
  std::string entry_token;           // of kRemove, too; empty with Gentoo's, and before 251
  std::string entry_name;            // of its files on $BOOT, without suffix and count of tries
  std::string boot_root;             // $BOOT
  std::string initrd_generator, uki_generator;  // as configured; empty: whoever is installed
  bool is_uki = false;                          // the kernel's file is one already
  bool verbose = false;
  bool last =
      false;  // behind this run none of the image plugin comes: it is called as 86, or by Gentoo's
  std::vector<std::string>
      arguments;  // the caller's own: "add", KVER, image, initrds; Gentoo's: its name, VERSION, image
  std::string root;  // KIP_ROOT, honoured only beside the caller's own CONF_ROOT; empty: '/'
};

/// Reads argv and the environment.
Invocation read_invocation(int argc, char** argv);

}  // namespace kip::cli
