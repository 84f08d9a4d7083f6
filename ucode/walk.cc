#include "ucode/amd.h"
#include "ucode/intel.h"
#include "ucode/intel_text.h"
#include "ucode/walk.h"
#include "ucode/walk_stream.h"

namespace kip::ucode {
namespace {

// A header that is microcode beyond doubt or a broken one: version 1 or 2 and most of what else can
// be judged. Other firmware begins with 01 00 00 00 as well, so one field is not enough.
bool looks_like_intel(Bytes head) {
  if (head.size() < sizeof(le32)) return false;
  const std::uint32_t version = copy_out<le32>(head);
  if (version != 1 && version != 2) return false;
  if (head.size() < sizeof(IntelHeader))
    return version == 1 && head.size() % sizeof(le32) == 0 && head.size() >= 24;
  const auto header = copy_out<IntelHeader>(head);
  int signs = 0;
  if (header.loader_revision == 1) ++signs;
  if (date_plausible(header.date)) ++signs;
  if (header.platform_flags <= 0xff) ++signs;
  if (header.data_size % sizeof(le32) == 0 && header.total_size % sizeof(le32) == 0 &&
      intel_layout(header))
    ++signs;
  if (has_loader(Vendor::kIntel, CpuSignature{header.signature}) && header.signature <= 0x0fff3fff)
    ++signs;
  return signs >= 4;
}

}  // namespace

std::optional<StreamKind> recognise(Bytes head) {
  if (head.size() >= sizeof(le32) && copy_out<le32>(head) == kAmdMagic) return StreamKind::kAmd;
  if (looks_like_intel(head)) return StreamKind::kIntel;
  if (looks_like_intel_text(head)) return StreamKind::kIntelText;
  return std::nullopt;
}

Status walk(StreamKind kind, Depth depth, Input& in, UpdateSink& sink, Scratch& scratch) {
  switch (kind) {
    case StreamKind::kIntel:
      return walk_intel(depth, in, sink, scratch);
    case StreamKind::kAmd:
      return walk_amd(depth, in, sink, scratch);
    case StreamKind::kIntelText:
      break;
  }
  const auto text = TRY(read_rest(in, kTextSizeLimit));
  auto binary = intel_from_text(as_text(text));
  if (!binary) {
    Finding finding{Severity::kWarning,    "intel-text",        "",
                    binary.error().offset, binary.error().what, ""};
    sink.fault(finding, nullptr);
    return {};
  }
  MemoryInput words(*binary);
  return walk_intel(depth, words, sink, scratch);
}

}  // namespace kip::ucode
