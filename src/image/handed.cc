#include "src/image/early.h"
#include "src/image/handed.h"
#include "src/image/taken.h"
#include "src/segments/pieces.h"

namespace kip::image {

Result<Handed> read_handed(const std::vector<HandedPart>& parts) {
  Handed handed;
  std::array<bool, 2> ended = {};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const HandedPart& part = parts[i];
    const segments::Source source =
        segments::join_pieces(part.descriptor, {{part.offset, part.size}});
    auto taken = TRY(taken_microcode(source, part.size));
    for (const auto vendor : {ucode::Vendor::kIntel, ucode::Vendor::kAmd}) {
      const auto v = static_cast<std::size_t>(vendor);
      const auto search = TRY(segments::find_early(source, part.size, member_path(vendor)));
      HandedMicrocode it{i, std::move(taken[v].updates)};
      if (search.found && !ended[v])
        handed.taken[v] = std::move(it);
      else if (search.found)
        handed.behind[v].push_back(std::move(it));
      ended[v] = ended[v] || search.found || search.stop != segments::Search::Stop::kEnd;
    }
  }
  return handed;
}

}  // namespace kip::image
