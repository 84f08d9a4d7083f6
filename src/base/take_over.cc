#include <cstring>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <vector>

#include "src/base/atomic_file.h"

namespace kip {
namespace {

constexpr const char* kLabels[] = {"security.selinux", "security.SMACK64",
                                   "system.posix_acl_access"};

constexpr mode_t kPermissions = 07777;

// Nothing where the file system knows no such attribute, or has none here.
std::vector<std::uint8_t> label(int file, const char* name) {
  const ssize_t size = ::fgetxattr(file, name, nullptr, 0);
  std::vector<std::uint8_t> value(size > 0 ? static_cast<std::size_t>(size) : 0);
  if (value.empty()) return value;
  const ssize_t got = ::fgetxattr(file, name, value.data(), value.size());
  value.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return value;
}

}  // namespace

Status AtomicFile::take_over(int original) {
  struct stat wanted, is;
  if (::fstat(original, &wanted) != 0 || ::fstat(file_.get(), &is) != 0)
    return fail_errno("cannot be looked at");
  if (wanted.st_uid != is.st_uid || wanted.st_gid != is.st_gid) {
    if (::fchown(file_.get(), wanted.st_uid, wanted.st_gid) != 0) {
      return fail_errno("its owner (" + std::to_string(wanted.st_uid) + ":" +
                        std::to_string(wanted.st_gid) + ") cannot be given to the new file");
    }
  }
  for (const char* const name : kLabels) {
    const auto value = label(original, name);
    if (value.empty() || value == label(file_.get(), name)) continue;
    if (::fsetxattr(file_.get(), name, value.data(), value.size(), 0) != 0)
      return fail_errno(std::string("its ") + name + " cannot be given to the new file");
  }
  // Last: a change of owner takes bits away, and so may an ACL.
  if (::fstat(file_.get(), &is) != 0) return fail_errno("cannot be looked at");
  if ((is.st_mode & kPermissions) == (wanted.st_mode & kPermissions)) return {};
  if (::fchmod(file_.get(), wanted.st_mode & kPermissions) != 0)
    return fail_errno("its mode cannot be given to the new file");
  return {};
}

}  // namespace kip
