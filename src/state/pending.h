// Kernels whose image lacks a module that it requires, in /var/lib/kip/pending/KVER: what was asked for, so that it can be
// completed once the module is there.
//
//   TRY(write_pending(root, {kernel, {{"zfs", "Require=zfs at /etc/kip/kip.conf.d/10.conf:3"}}, arguments}));
//   TRY(remove_pending(root, kernel));       // the next run had it; nothing there is no error
//
// One file a kernel, lines of text behind "kip pending 1":
//   module zfs
//   rule Require=zfs at /etc/kip/kip.conf.d/10.conf:3
//   argument add
//   argument 6.12.0-amd64
//   argument /boot/vmlinuz-6.12.0-amd64
// The arguments are kernel-install's own, for whoever runs it again. A byte that is no printable ASCII, '%' itself and
// the line end are written as %XX. Only what to_text() writes is read: a record of another version is not guessed at.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/file.h"
#include "src/base/finding.h"

namespace kip::state {

/// Largest record we read, in bytes: arguments of a command are fewer on any system.
inline constexpr std::uint64_t kPendingLimit = 4 << 20;

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

/// nullopt for anything but what to_text() writes.
std::optional<Pending> parse_pending(std::string_view text, const std::string& kernel);

/// `root`: a directory that stands for '/', or empty. Directories that are missing are made, 0755; the record is 0644, for
/// all to see, whatever the umask. kInvalid for a kernel that is no file name, or a hidden one; and where a link leads
/// out of the root.
Status write_pending(const std::string& root, const Pending& pending);

/// Nothing there is no error, on a file system that is read-only either.
Status remove_pending(const std::string& root, const std::string& kernel);

struct PendingRecords {
  std::vector<Pending> records;   // by kernel (bytes)
  std::vector<Finding> findings;  // rule "pending-unread": a file that is none of ours to read
};

Result<PendingRecords> read_pending(const Root& root);

}  // namespace kip::state
