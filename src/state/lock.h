// The lock that changes of recorded images take turns by: /var/lib/kip/lock.
//
//   const Lock lock = TRY(Lock::take([&] { messages.note("another one is at work: waiting for it"); }));
//
// flock(2), so it ends with whoever holds it, however that ends. Programs that are started while it is held hold it as well: where kip
// is killed and what it started goes on, nobody else begins.
#pragma once

#include <functional>

#include "src/base/file.h"

namespace kip::state {

class Lock {
 public:
  /// Waits, without end, until nobody else has it; `waits` is called once before that. Makes /var/lib/kip.
  static Result<Lock> take(const std::function<void()>& waits);

 private:
  explicit Lock(Fd file) : file_(std::move(file)) {}

  Fd file_;
};

}  // namespace kip::state
