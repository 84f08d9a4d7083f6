#include <cerrno>
#include <cstring>
#include <sys/stat.h>

#include "src/ucode-pack/directory.h"

namespace kip::ucode_pack {

bool make_directory(const std::string& path, const cli::Messages& messages) {
  if (::mkdir(path.c_str(), 0777) == 0) return true;
  struct stat status;
  const int number = errno;
  const bool there = number == EEXIST && ::stat(path.c_str(), &status) == 0;
  if (there && S_ISDIR(status.st_mode)) return true;
  const int reason = there ? ENOTDIR : number;
  messages.error_at(path, Error{Errc::kSystem, std::strerror(reason), {}, reason});
  return false;
}

}  // namespace kip::ucode_pack
