#include "src/image/early.h"
#include "src/image/inventory.h"
#include "src/image/taken.h"

namespace kip::image {
namespace {

Result<Taken> read_taken(const segments::Source& source, const segments::Search::Found& found,
                         ucode::Vendor vendor) {
  MicrocodeMember member;
  member.vendor = vendor;
  const auto image = TRY(source(found.data_offset));
  SliceInput data(*image, found.size);
  std::size_t total = 0;
  Scratch scratch;
  TRY(read_stream(member, data, total, scratch));
  const auto seen = seen_by_loader(member);
  Taken taken{{seen.begin(), seen.end()}, ""};
  if (!seen.empty()) return taken;
  taken.broken = member.faults.empty() || member.text ? "holds no microcode that the loader reads"
                                                      : member.faults.front().text;
  return taken;
}

}  // namespace

Result<std::array<Taken, 2>> taken_microcode(const segments::Source& source, std::uint64_t size) {
  std::array<Taken, 2> taken;
  for (const auto vendor : {ucode::Vendor::kIntel, ucode::Vendor::kAmd}) {
    const auto search = TRY(segments::find_early(source, size, member_path(vendor)));
    if (search.found)
      taken[static_cast<std::size_t>(vendor)] = TRY(read_taken(source, *search.found, vendor));
  }
  return taken;
}

}  // namespace kip::image
