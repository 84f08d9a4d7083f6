// Boot entries as kernel-install leaves them: which file of $BOOT is a kernel's, and with which command line it starts.
//
//   const auto entry = TRY(find_entry(root, boot_root, "uki", "TOKEN-KVER"));
//   entry->file       // "$BOOT/EFI/Linux/TOKEN-KVER+3.efi"
//   entry->options
//
// Boot counting puts "+LEFT" or "+LEFT-DONE" between name and suffix, and changes it at every boot; a name means each of
// these files. Source: UAPI Boot Loader Specification, "Boot counting"; systemd 90-loaderentry.install, 90-uki-copy.install.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "src/base/file.h"

namespace kip::boot {

/// Largest entry we read, in bytes, and longest command line: a kernel takes 2 KiB on x86.
inline constexpr std::uint64_t kEntryLimit = 64 << 10;

struct Entry {
  std::string file;                    // its path
  std::optional<std::string> options;  // nullopt: it says none, or what it says cannot be read
};

/// `layout` is kernel-install's: of "bls" the file below loader/entries, of "uki" that below EFI/Linux. nullopt for others, or
/// if there is no such file. Several: without a count, else the first by name.
Result<std::optional<Entry>> find_entry(const Root& root, const std::string& boot_root,
                                        const std::string& layout, const std::string& name);

/// The file of that name and suffix in a directory, whatever its count; nullopt: none.
Result<std::optional<std::string>> find_counted(const Root& root, const std::string& directory,
                                                const std::string& name, const std::string& suffix);

/// A file's path without the count in it: what it will be called in the end.
std::string without_count(std::string_view path);

/// The `options` lines of an entry of type 1, behind each other; nullopt: none.
std::optional<std::string> options_of(std::string_view entry);

}  // namespace kip::boot
