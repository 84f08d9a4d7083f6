#include <fcntl.h>
#include <sys/stat.h>

#include "src/image/sums.h"
#include "src/state/installed.h"

namespace kip::state {

Result<Stamp> stamp_of(int descriptor) {
  struct stat status;
  if (::fstat(descriptor, &status) != 0) return fail_errno("fstat");
  if (!S_ISREG(status.st_mode)) return fail(Errc::kInvalid, "is not a regular file");
  constexpr std::int64_t kSecond = 1'000'000'000;
  return Stamp{static_cast<std::uint64_t>(status.st_size),
               status.st_mtim.tv_sec * kSecond + status.st_mtim.tv_nsec};
}

namespace {

Result<FileState> check(const Root& root, const ImageFile& file, const std::string& path,
                        bool whole) {
  const auto opened = root.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!opened && (opened.error().system_errno == ENOENT || opened.error().system_errno == ENOTDIR))
    return FileState::kMissing;
  if (!opened) return tl::unexpected<Error>(opened.error());
  const Stamp now = TRY(stamp_of(opened->get()));
  if (!file.digest || (!whole && now == file.stamp)) return FileState::kThere;
  if (now.size != file.stamp.size) return FileState::kForeign;
  // A copy, or vfat under another time zone.
  const image::Sums sums = TRY(image::read_sums(opened->get(), now.size, {}));
  return sums.whole == *file.digest ? FileState::kThere : FileState::kForeign;
}

}  // namespace

Result<FileState> check_file(const Root& root, const ImageFile& file, const std::string& path) {
  return check(root, file, path, /*whole=*/false);
}

Result<FileState> check_whole(const Root& root, const ImageFile& file, const std::string& path) {
  return check(root, file, path, /*whole=*/true);
}

}  // namespace kip::state
