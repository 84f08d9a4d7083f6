// Kernels that were not installed because a module they require was not there, in /var/lib/kip/pending/KVER.
//
//   TRY(write_pending(root, {kernel, "zfs", "Require=zfs at /etc/kip/kip.conf.d/10.conf:3", arguments, …}));
//   TRY(remove_pending(root, kernel));       // the next run had it; nothing there is no error
//
// One file a kernel, lines of text behind "kip pending 1":
//   module zfs
//   rule Require=zfs at /etc/kip/kip.conf.d/10.conf:3
//   argument add
//   argument 6.12.0-amd64
//   argument /boot/vmlinuz-6.12.0-amd64
// The arguments are those of kernel-install, for whoever completes it later. A byte that is no printable ASCII, '%' itself and
// the line end are written as %XX.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/base/file.h"

namespace kip::state {

struct PendingModule {
  std::string name;
  std::string rule;  // to_text() of it

  bool operator==(const PendingModule&) const = default;
};

struct Pending {
  std::string kernel;
  std::vector<PendingModule> modules;
  std::vector<std::string> arguments;  // "add", KVER, image, initrds

  bool operator==(const Pending&) const = default;
};

std::string to_text(const Pending& pending);
std::optional<Pending> parse_pending(std::string_view text, const std::string& kernel);

/// `root`: a directory that stands for '/', or empty. Directories are made, 0755.
Status write_pending(const std::string& root, const Pending& pending);
Status remove_pending(const std::string& root, const std::string& kernel);
Result<std::vector<Pending>> read_pending(const Root& root);

}  // namespace kip::state
