// The command line that kernel-install would give an entry now, and whether that is the one it has.
//
//   const CommandLine now = command_line_now(root, conf_root);
//   if (entry.options && !same_options(*entry.options, now.text, token)) ...   // it would become another one
//
// Sources: systemd 90-loaderentry.install and 60-ukify.install (252 to 262), kernel-install(8): the first of /etc/kernel/cmdline and
// /usr/lib/kernel/cmdline, or $KERNEL_INSTALL_CONF_ROOT/cmdline alone; without one, that of the running kernel but for
// BOOT_IMAGE= and initrd=. Words are separated by blanks and line ends; systemd.machine_id= is added where the entry is named
// by the machine's ID.
#pragma once

#include <string>
#include <string_view>

#include "src/base/file.h"

namespace kip::boot {

struct CommandLine {
  std::string text;  // words with one blank between them
  std::string from;  // file; empty: CONF_ROOT has none, and there are no options
  bool of_running_kernel = false;
};

/// `conf_root`: KERNEL_INSTALL_CONF_ROOT, or empty. The error is for a file that is there and cannot be read.
Result<CommandLine> command_line_now(const Root& root, const std::string& conf_root);

/// The same words in the same order; systemd.machine_id=TOKEN is no difference.
bool same_options(std::string_view a, std::string_view b, const std::string& token);

}  // namespace kip::boot
