// Boot entries against the files they name, and against the records.
#include <algorithm>
#include <fmt/format.h>

#include "src/base/text.h"
#include "src/boot/entry.h"
#include "src/image/front.h"
#include "src/image/pieces.h"
#include "src/kip/doctor.h"

namespace kip::program {
namespace {

using boot::BootFile;
using boot::EntryKind;
using boot::MenuEntry;

std::string called(const MenuEntry& entry) {
  if (!entry.release.empty()) return "kernel " + quote(entry.release);
  return entry.title.empty() ? quote(entry.kernel.path) : quote_start(entry.title);
}

// That a recorded image is not there was said of the record. It may be known by another path.
bool was_said(const Ward& ward, const MenuEntry& entry, const BootFile& initrd) {
  const auto name = [](const std::string& path) { return path.substr(path.rfind('/') + 1); };
  return std::any_of(ward.recorded.begin(), ward.recorded.end(), [&](const cli::Surveyed& it) {
    return it.row.kernel == entry.release &&
           std::any_of(it.row.files.begin(), it.row.files.end(), [&](const cli::FileRow& file) {
             return file.state == state::FileState::kMissing &&
                    name(file.path) == name(initrd.path);
           });
  });
}

void check_kernel(const Ward& ward, const MenuEntry& entry, Findings& findings) {
  const bool grub = entry.kind == EntryKind::kGrub;
  const bool gone =
      std::find(ward.kernels.begin(), ward.kernels.end(), entry.release) == ward.kernels.end();
  findings.add(Severity::kError, kRuleEntryFile, entry.place(),
               fmt::format("starts {}, which is not there", quote(entry.kernel.path)),
               grub   ? made_again(entry)
               : gone ? "rm " + shell_word(entry.file)
                      : install_again(ward, entry));
}

std::string initrd_again(const Ward& ward, const MenuEntry& entry, const BootFile& initrd) {
  const bool debians = !entry.release.empty() &&
                       initrd.path.ends_with("/initrd.img-" + entry.release) &&
                       ward.has("/usr/sbin/update-initramfs");
  return debians ? "update-initramfs -c -k " + shell_word(entry.release) : made_again(entry);
}

void check_files(const Ward& ward, const MenuEntry& entry, Findings& findings) {
  if (!entry.kernel.there) return check_kernel(ward, entry, findings);
  for (const BootFile& initrd : entry.initrds) {
    if (initrd.there || was_said(ward, entry, initrd)) continue;
    findings.add(
        Severity::kError, kRuleEntryFile, entry.place(),
        fmt::format("starts {} with {}, which is not there", called(entry), quote(initrd.path)),
        entry.kind == EntryKind::kGrub ? initrd_again(ward, entry, initrd)
                                       : install_again(ward, entry));
  }
}

// Files of a record that the loader hands over, where it is known where they are.
std::vector<std::string> images_of(const state::Manifest& record) {
  std::vector<std::string> paths;
  for (const state::ImageFile& file : record.files) {
    if (file.path.empty()) return {};
    paths.push_back(file.path);
  }
  return paths;
}

// The entry of a recorded kernel that does not have its image.
void check_image(const Ward& ward, const MenuEntry& entry, Findings& findings) {
  if (entry.kind == EntryKind::kUnified || !entry.kernel.there) return;
  for (const BootFile& initrd : entry.initrds) {
    if (!initrd.there || ward.record_of_image(initrd.path) != nullptr) return;  // or that was said
  }
  const auto records = ward.records_of(entry.release);
  const auto record = std::find_if(records.begin(), records.end(),
                                   [](const auto* it) { return !images_of(*it).empty(); });
  if (record == records.end() || has_own_part(ward, entry)) return;
  const std::string image = quote(images_of(**record).front());
  if (entry.initrds.empty() && !entry.more) {
    const bool grub = entry.kind == EntryKind::kGrub;
    findings.add(Severity::kError, kRuleEntryInitrd, entry.place(),
                 fmt::format("starts {} without {}", called(entry), image),
                 grub ? made_again(entry) : install_again(ward, entry));
  } else if (entry.kind == EntryKind::kType1 && !entry.initrds.empty()) {
    // With another loader's it is another matter: look_at_others().
    findings.add(Severity::kWarning, kRuleEntryImage, entry.place(),
                 fmt::format("starts {} with {}, and not with {}, which is recorded", called(entry),
                             quote(entry.initrds.back().path), image),
                 install_again(ward, entry));
  }
}

// Boot counting gives a file another name; what was written anew meanwhile has a count of its own.
void check_twice(const Ward& ward, const MenuEntry& entry, Findings& findings) {
  const std::string name = boot::without_count(entry.file);
  if (entry.kind == EntryKind::kGrub || name == entry.file) return;
  for (const MenuEntry& other : ward.entries) {
    if (&other == &entry || boot::without_count(other.file) != name) continue;
    if (other.file != name && other.file < entry.file) continue;  // of two with a count, once
    findings.add(Severity::kWarning, kRuleEntryTwice, entry.file,
                 fmt::format("is an entry of {} beside {}", called(entry), quote(other.file)),
                 "rm " + shell_word(entry.file));
  }
}

// Another line of GRUB's menu with the same files, as for recovery: the first one tells.
bool is_again(const Ward& ward, const MenuEntry& entry) {
  if (entry.kind != EntryKind::kGrub) return false;
  const auto first = std::find_if(ward.entries.begin(), ward.entries.end(), [&](const auto& it) {
    return it.file == entry.file && it.kernel == entry.kernel && it.initrds == entry.initrds;
  });
  return first->line != entry.line;
}

}  // namespace

bool has_own_part(const Ward& ward, const MenuEntry& entry) {
  return std::any_of(entry.initrds.begin(), entry.initrds.end(), [&](const BootFile& it) {
    const auto opened = it.there ? image::open_regular(ward.root, it.path)
                                 : Result<image::Opened>(fail(Errc::kInvalid, ""));
    if (!opened) return false;
    const auto front = image::read_front(opened->file.get());
    return front && !front->own.empty();
  });
}

void look_at_entries(const Ward& ward, Findings& findings) {
  for (const MenuEntry& entry : ward.entries) {
    if (is_again(ward, entry)) continue;
    check_files(ward, entry, findings);
    check_image(ward, entry, findings);
    check_twice(ward, entry, findings);
  }
}

}  // namespace kip::program
