#include "src/cli/blocks.h"
#include "src/cli/messages.h"

namespace kip::cli {
namespace {

constexpr std::size_t kBlock = 64 * 1024;

Status print_all(std::string_view text) {
  Status status = cli::print(text);
  if (!status) status.error().what = "stdout: " + status.error().what;
  return status;
}

}  // namespace

Status Blocks::flush() {
  const Status status = waiting_.empty() ? Status() : print_all(waiting_);
  waiting_.clear();
  return status;
}

Status Blocks::do_write(Bytes bytes) {
  if (waiting_.size() + bytes.size() > kBlock) TRY(flush());
  if (bytes.size() >= kBlock) return print_all(as_text(bytes));
  waiting_ += as_text(bytes);
  return {};
}

}  // namespace kip::cli
