#include "src/image/early.h"
#include "src/image/taken.h"
#include "ucode/amd.h"
#include "ucode/walk.h"

namespace kip::image {
namespace {

class Collect : public ucode::UpdateSink {
 public:
  explicit Collect(Taken& taken) : taken_(taken) {}

  void update(const ucode::Update& update, Bytes) override { taken_.updates.push_back(update); }

  void fault(const Finding& finding, const ucode::Update*) override {
    // AMD's loader takes odd patches and other patches of a container.
    if (finding.rule == ucode::kRuleAmdOddity || finding.rule == ucode::kRuleAmdData) return;
    if (taken_.broken.empty()) taken_.broken = finding.text;
  }

 private:
  Taken& taken_;
};

Result<Taken> read_taken(const segments::Source& source, const segments::Search::Found& found,
                         ucode::Vendor vendor, Scratch& scratch) {
  Taken taken;
  const auto image = TRY(source(found.data_offset));
  SliceInput data(*image, found.size);
  const bool intel = vendor == ucode::Vendor::kIntel;
  const auto kind = intel ? ucode::StreamKind::kIntel : ucode::StreamKind::kAmd;
  if (ucode::recognise(TRY(data.peek(Input::kPeek))) != kind) {
    taken.broken = "holds no microcode that the loader reads";
    return taken;
  }
  Collect sink(taken);
  TRY(ucode::walk(kind, ucode::Depth::kChecked, data, sink, scratch));
  if (!taken.broken.empty()) taken.updates.clear();
  return taken;
}

}  // namespace

Result<std::array<Taken, 2>> taken_microcode(const segments::Source& source, std::uint64_t size) {
  std::array<Taken, 2> taken;
  Scratch scratch;
  for (const auto vendor : {ucode::Vendor::kIntel, ucode::Vendor::kAmd}) {
    const auto search = TRY(segments::find_early(source, size, member_path(vendor)));
    if (search.found)
      taken[static_cast<std::size_t>(vendor)] =
          TRY(read_taken(source, *search.found, vendor, scratch));
  }
  return taken;
}

}  // namespace kip::image
