#include <fmt/format.h>

#include "ucode/remarks.h"

namespace kip::ucode {
namespace {

constexpr std::uint32_t kXenSizeMultiple = 1024;  // bytes; the SDM asks for it, too

}  // namespace

std::vector<Finding> remarks(const Update& update) {
  std::vector<Finding> notes;
  const auto note = [&](const char* rule, std::string text) {
    notes.push_back({Severity::kNote, rule, "", update.offset, std::move(text), ""});
  };
  if (update.vendor == Vendor::kIntel && update.size % kXenSizeMultiple != 0) {
    note("intel-size",
         fmt::format("update of {} bytes is no multiple of {}: Linux takes it, Xen and iucode_tool "
                     "do not",
                     update.size, kXenSizeMultiple));
  }
  if (!date_plausible(update.date))
    note("date", fmt::format("date {:08x} is no calendar date", update.date));
  return notes;
}

}  // namespace kip::ucode
