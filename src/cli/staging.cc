#include <algorithm>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>

#include "src/base/finding.h"
#include "src/cli/staging.h"

namespace kip::cli {
namespace {

using Kind = ImageChoice::Kind;

bool is_file(const std::string& path) {
  struct stat status;
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

ImageChoice merge(std::string source, std::string target) {
  return {Kind::kMerge, std::move(source), std::move(target), ""};
}

// Images that stay as they are.
ImageChoice beside(const Invocation& call, const std::string& which) {
  if (call.caller->lists_microcode) return {Kind::kSeparate, "", "", which};
  return {Kind::kLost, "", "",
          which + ": " + call.caller->name + " puts no microcode in front of them"};
}

// Generators that know no staging area.
ImageChoice outside(const Invocation& call) {
  const std::string in_entry = call.entry_directory + "/initrd";
  if (call.layout == "bls" && !call.entry_directory.empty() && is_file(in_entry))
    return merge(in_entry, call.staging + "/initrd");
  const std::string in_boot = "/boot/initramfs-" + call.kernel + ".img";
  if (is_file(in_boot)) {
    return {Kind::kLost, "", "",
            quote(in_boot) + " is not staged, and boots as it is: see kip(7), OTHER BOOT PATHS"};
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
    if (name.starts_with("initrd")) staging.initrds.push_back(name);
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

ImageChoice choose_image(const Invocation& call, const Staging& staging) {
  if (staging.uki) {
    return {Kind::kLost, "", "",
            "the generator built 'uki.efi' by itself, and its initrd is sealed in it; "
            "with uki_generator=ukify kip takes part"};
  }
  if (!call.initrds.empty()) return beside(call, "initrds of the command line stay as they are");
  if (staging.initrds.size() > 1) return beside(call, "several initrds are staged");
  if (staging.initrds.empty()) return outside(call);
  const std::string path = call.staging + "/" + staging.initrds.front();
  return merge(path, path);
}

}  // namespace kip::cli
