#include <fcntl.h>
#include <fmt/format.h>
#include <limits>
#include <sys/statvfs.h>

#include "src/base/text.h"
#include "src/checks/boot_space.h"

namespace kip::checks {
namespace {

std::string mebibytes(std::uint64_t bytes) {
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1 << 20));
}

}  // namespace

std::optional<Finding> check_boot_space(const std::string& directory, std::uint64_t free,
                                        const LargestImage& largest) {
  if (free >= largest.size) return std::nullopt;
  return Finding{
      Severity::kWarning,
      kRuleSpace,
      directory,
      {},
      fmt::format("has {} left, and a new image beside {} needs {}", mebibytes(free),
                  quote(largest.path), mebibytes(largest.size)),
      "remove a kernel that is not used: kernel-install remove KVER, or its package; see "
      "'du -a " +
          shell_word(directory) + "'"};
}

Result<std::uint64_t> free_bytes(const Root& root, const std::string& directory) {
  const Fd opened = TRY(root.open(directory, O_RDONLY | O_DIRECTORY));
  struct statvfs status;
  if (::fstatvfs(opened.get(), &status) != 0) return fail_errno();
  const std::uint64_t block = status.f_frsize, blocks = status.f_bfree;
  if (block != 0 && blocks > std::numeric_limits<std::uint64_t>::max() / block)
    return std::numeric_limits<std::uint64_t>::max();
  return block * blocks;
}

}  // namespace kip::checks
