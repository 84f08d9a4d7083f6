#include <algorithm>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <sys/stat.h>

#include "src/base/atomic_file.h"
#include "src/base/finding.h"
#include "src/cli/staging.h"

namespace kip::cli {
namespace {

using Kind = ImageChoice::Kind;

bool is_later(const timespec& a, const timespec& b) {
  return std::pair(a.tv_sec, a.tv_nsec) > std::pair(b.tv_sec, b.tv_nsec);
}

// The staged initrds: names and sizes, and when the last of them was written or put there.
struct Description {
  std::string text;
  timespec changed = {};
};

Description description(const std::string& directory, const Staging& staging) {
  Description found;
  const auto add = [&](const std::string& name) {
    struct stat status;
    if (::lstat((directory + "/" + name).c_str(), &status) != 0) return;
    found.text += fmt::format("{} {}\n", quote(name), status.st_size);
    if (is_later(status.st_ctim, found.changed)) found.changed = status.st_ctim;
  };
  for (const std::string& name : staging.initrds) add(name);
  add(kOverlayFile);
  return found;
}

bool is_file(const std::string& path) {
  struct stat status;
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

ImageChoice merge(const std::string& source, const std::string& target) {
  return {Kind::kMerge, source, target, "", {source}};
}

// Whether a staged initrd besides those that there are is taken, and as the last: by the loader entry always, by ukify
// from 255 on; 254 cannot be told from it.
bool takes_overlay(const Invocation& call, const Staging& staging) {
  const bool reads_all =
      call.layout == "bls" || (call.layout == "uki" && call.caller->lists_microcode);
  return reads_all && (staging.initrds.empty() || staging.initrds.back() < kOverlayFile);
}

// Images that stay as they are.
ImageChoice beside(const Invocation& call, const Staging& staging, const std::string& which) {
  ImageChoice choice{Kind::kSeparate, "", "", which, call.initrds};
  for (const std::string& name : staging.initrds) choice.bases.push_back(call.staging + "/" + name);
  choice.takes_overlay = takes_overlay(call, staging);
  if (call.caller->lists_microcode) return choice;
  choice.kind = Kind::kLost;
  choice.why += std::string(": ") + call.caller->name + " puts no microcode in front of them";
  return choice;
}

// Generators that know no staging area.
ImageChoice outside(const Invocation& call) {
  const std::string in_entry = call.entry_directory + "/initrd";
  if (call.layout == "bls" && !call.entry_directory.empty() && is_file(in_entry))
    return merge(in_entry, call.staging + "/initrd");
  const std::string in_boot = "/boot/initramfs-" + call.kernel + ".img";
  if (is_file(in_boot)) {
    return {Kind::kElsewhere,
            "",
            "",
            quote(in_boot) + " is not staged, and boots as it is: see kip(7), OTHER BOOT PATHS",
            {in_boot}};
  }
  return {Kind::kNothing, "", "", "no initrd is staged"};
}

}  // namespace

bool Staging::has(const std::vector<std::string>& names, const std::string& name) const {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Result<Staging> read_staging(const std::string& directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> list(::opendir(directory.c_str()), &::closedir);
  if (!list) return fail_errno("cannot be listed");
  Staging staging;
  const auto next = [&] {
    errno = 0;  // the only sign of a failure; looking at a dangling link sets it as well
    return ::readdir(list.get());
  };
  while (const dirent* const entry = next()) {
    const std::string name = entry->d_name;
    if (!is_file(directory + "/" + name)) continue;
    if (name.starts_with("initrd") && name != kOverlayFile) staging.initrds.push_back(name);
    if (name.starts_with("microcode")) staging.microcode.push_back(name);
    if (name == "uki.efi") staging.uki = true;
  }
  if (errno != 0) return fail_errno("cannot be listed");
  std::sort(staging.initrds.begin(), staging.initrds.end());
  std::sort(staging.microcode.begin(), staging.microcode.end());
  return staging;
}

Result<Fd> open_own_directory(const std::string& staging) {
  const std::string path = staging + "/" + kOwnDirectory;
  Fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory) return fail_errno("is no directory of ours");
  return directory;
}

Status make_own_directory(const std::string& staging) {
  const std::string path = staging + "/" + kOwnDirectory;
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno("cannot be made");
  TRY(open_own_directory(staging));
  return {};
}

Status note_left(const std::string& directory) {
  if (!open_own_directory(directory)) return {};
  const Staging staging = TRY(read_staging(directory));
  const std::string path = directory + "/" + kLeftNote;
  auto file = TRY(AtomicFile::create_staged(path));
  TRY(file.write(as_bytes(description(directory, staging).text)));
  return file.commit();
}

bool has_note(const std::string& directory) {
  return is_file(directory + "/" + kLeftNote);
}

bool is_as_left(const std::string& directory, const Staging& staging) {
  const std::string path = directory + "/" + kLeftNote;
  struct stat note;
  if (staging.initrds.empty() || !open_own_directory(directory) ||
      ::lstat(path.c_str(), &note) != 0 || !S_ISREG(note.st_mode))
    return false;
  constexpr std::uint64_t kLimit = 1 << 20;
  const auto text = read_file(Root(), path, kLimit);
  const Description now = description(directory, staging);
  return text && as_text(*text) == now.text && !is_later(now.changed, note.st_mtim);
}

ImageChoice choose_image(const Invocation& call, const Staging& staging) {
  if (call.is_uki) {
    return {Kind::kLost, "", "",
            "the kernel is a unified image already, and its initrd is sealed in it"};
  }
  if (staging.uki) {
    return {Kind::kLost, "", "",
            "the generator built 'uki.efi' by itself, and its initrd is sealed in it; "
            "with uki_generator=ukify kip takes part"};
  }
  if (!call.initrds.empty())
    return beside(call, staging, "initrds of the command line stay as they are");
  if (staging.initrds.size() > 1) return beside(call, staging, "several initrds are staged");
  if (staging.initrds.empty()) return outside(call);
  const std::string path = call.staging + "/" + staging.initrds.front();
  return merge(path, path);
}

}  // namespace kip::cli
