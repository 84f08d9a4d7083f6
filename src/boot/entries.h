// Every boot entry of a machine, whoever wrote it: entries of type 1 below loader/entries, unified images below EFI/Linux, and the
// menu entries of GRUB's configuration.
//
//   const Entries found = read_entries(root, boot_roots(root, {"/boot"}));
//   for (const MenuEntry& it : found.entries) ... it.kernel, it.initrds, in the order in which the loader hands them over
//
// Paths are the loader's own: of the file system that it reads them from. Here each is one below the root, found by trying
// where that file system may be mounted. GRUB's configuration is a program; what is read of it are the commands `linux` and
// `initrd` within `menuentry`, with the words that say a path. Entries that os-prober made are other systems', and left out.
//
// Sources: UAPI Boot Loader Specification, "Type #1", "Type #2"; GNU GRUB manual, "linux", "initrd", "menuentry"; Fedora's blscfg,
// by which GRUB reads entries of type 1, with several files and variables in a line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/file.h"
#include "src/base/finding.h"

namespace kip::boot {

/// Largest configuration of GRUB that we read, in bytes: a hundred kernels take 300 KB. Most entries of one.
inline constexpr std::uint64_t kGrubLimit = 4 << 20;
inline constexpr std::size_t kGrubEntryLimit = 4096;

/// The rule of findings about what cannot be read.
inline constexpr const char* kRuleEntryUnread = "entry-unread";

enum class EntryKind : std::uint8_t { kType1, kUnified, kGrub };

/// What a text says, as it is written.
struct EntryText {
  std::uint32_t line = 0;  // GRUB: of its `menuentry`
  std::string title;
  std::string version;               // type 1: the kernel's release, if it says so
  std::string kernel;                // empty: starts no kernel
  std::vector<std::string> initrds;  // in order
  bool more = false;                 // there is a word for an initrd that only the loader knows
  bool foreign = false;              // GRUB: written by hand, or for another system
};

/// Pure. Never fails: what is no line of an entry is passed over.
EntryText parse_type1(std::string_view text);
std::vector<EntryText> parse_grub(std::string_view text);

struct BootFile {
  std::string path;  // below the root; of one that is not there, where it should be
  bool there = true;

  bool operator==(const BootFile&) const = default;
};

struct MenuEntry {
  EntryKind kind = EntryKind::kType1;
  std::string file;        // that says it
  std::uint32_t line = 0;  // in it; 0: the whole file
  std::string title;
  std::string release;            // of the kernel, as far as names tell; empty: not known
  BootFile kernel;                // unified: the image itself
  std::vector<BootFile> initrds;  // unified: none, they are in it
  bool more = false;              // and initrds that only the loader knows

  /// "/boot/grub/grub.cfg:12", or the file alone.
  std::string place() const;

  /// A rescue or fallback image, by its name or the entry's: it is to stay as it is.
  bool is_spare() const;
};

struct Entries {
  std::vector<MenuEntry> entries;  // by loader and directory, then by file name (bytes), then line
  std::vector<Finding> findings;   // kRuleEntryUnread
};

/// Where $BOOT may be: `known`, then /boot, /efi and /boot/efi; those that are there, each once.
std::vector<std::string> boot_roots(const Root& root, const std::vector<std::string>& known);

Entries read_entries(const Root& root, const std::vector<std::string>& boot_roots);

/// "vmlinuz-6.12.0" and ".../6.12.0/linux" are of 6.12.0; empty: the name does not tell.
std::string release_in(std::string_view kernel);

/// Whether names call an image a spare one: "rescue", "fallback".
bool names_a_spare(std::string_view name);

}  // namespace kip::boot
