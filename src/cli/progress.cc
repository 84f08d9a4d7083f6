#include <chrono>
#include <fmt/format.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/sink.h"
#include "src/cli/messages.h"
#include "src/cli/progress.h"

namespace kip::cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kFirst = std::chrono::seconds(1);
constexpr auto kBetween = std::chrono::milliseconds(100);

Clock::time_point next_line;
bool shown = false;

void show(std::uint64_t files) {
  const auto now = Clock::now();
  if (now < next_line) return;
  next_line = now + kBetween;
  shown = true;
  DescriptorSink sink(STDERR_FILENO);
  (void)sink.write(as_bytes(fmt::format("\r{} files read", files)));
}

}  // namespace

ProgressFunction progress_function(bool quiet) {
  if (quiet || !stderr_is_terminal()) return nullptr;
  next_line = Clock::now() + kFirst;
  return show;
}

void end_progress() {
  if (!shown) return;
  shown = false;
  DescriptorSink sink(STDERR_FILENO);
  (void)sink.write(as_bytes("\r\033[K"));
}

}  // namespace kip::cli
