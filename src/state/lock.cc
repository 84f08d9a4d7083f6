#include <fcntl.h>
#include <sys/file.h>

#include "src/state/lock.h"
#include "src/state/store.h"

namespace kip::state {

Result<Lock> Lock::take(const std::function<void()>& waits) {
  const std::string path = TRY(make_home("")) + "/lock";
  // Not closed in programs that are started.
  Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0600));
  if (!file) return fail_errno(quote(path));
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return Lock(std::move(file));
  if (errno != EWOULDBLOCK) return fail_errno(quote(path));
  waits();
  while (::flock(file.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return fail_errno(quote(path));
  }
  return Lock(std::move(file));
}

}  // namespace kip::state
