#include <fmt/format.h>

#include "src/segments/inputs.h"
#include "src/segments/members.h"

namespace kip::segments {
namespace {

constexpr std::uint32_t kModeLink = 0120000;

// Whether the unpacker looks at the name: it steps over devices with data, over names of no length or too
// much of it, and over links that point too far.
bool is_named(const cpio::Member& member) {
  if (member.name_size == 0 || member.name_size > cpio::kNameLimit) return false;
  if ((member.mode & cpio::kModeTypeMask) == kModeLink) return member.size <= cpio::kNameLimit;
  return member.is_regular() || member.size == 0;
}

}  // namespace

Result<Members::Run> Members::run(Input& in, Segment segment, std::uint64_t base) {
  const bool raw = segment.kind == Segment::Kind::kArchive;
  bool open = raw;
  std::uint64_t data_end = UINT64_MAX;  // of the last member, in the input
  cpio::Reader reader(in);
  said_ = {};
  for (;;) {
    auto member = reader.next();
    if (!member) {
      Error error = std::move(member).error();
      if (error.code == Errc::kSystem) return tl::unexpected<Error>(std::move(error));
      // The unpacker does not miss the padding of the last member; the early search does.
      const bool no_padding = raw && in.position() >= data_end &&
                              in.position() < cpio::align_up(data_end, cpio::kPadding);
      const std::uint64_t end = base + error.offset.value_or(in.position());
      if (open && options_.beyond_faults) TRY(close(segment, end));
      if (no_padding && options_.beyond_faults) return Run{end, {}};
      return Run{end, std::move(error)};
    }
    if (!*member) break;
    data_end = (*member)->data_offset + (*member)->size;
    (*member)->offset += base;
    (*member)->data_offset += base;
    if (raw && !open) {
      segment.offset = (*member)->offset;
      open = true;
      said_ = {};
    }
    const std::uint64_t name_end = base + in.position();  // padded, unless the image ends first
    TRY(tell(in, segment, **member));
    if ((*member)->is_trailer() && raw) {
      TRY(close(segment, name_end));
      open = false;
    }
  }
  const std::uint64_t end = base + in.position();
  if (open && end > segment.offset) TRY(close(segment, end));
  return Run{end, {}};
}

Status Members::close(Segment& segment, std::uint64_t end) {
  segment.size = segment.plain_size = end - segment.offset;
  return visitor_.segment(segment);
}

Status Members::tell(Input& in, const Segment& segment, const cpio::Member& member) {
  if (options_.beyond_faults) {
    check_header(segment, member);
    if (member.summed && member.is_regular() && !member.is_trailer())
      return tell_summed(in, segment, member);
  }
  SliceInput data(in, member.size);
  return visitor_.member(segment, member, data);
}

Status Members::tell_summed(Input& in, const Segment& segment, const cpio::Member& member) {
  Summed data(in, member.size);
  TRY(visitor_.member(segment, member, data));
  TRY(data.finish());
  if (data.is_whole() && is_named(member) && data.sum() != member.check && !said_.sum) {
    said_.sum = true;
    fault(kRuleSum, segment, member,
          fmt::format(
              "the bytes of {} add up to {:#x}, not to {:#x} as its header says; kernels stop "
              "behind it",
              quote(member.name), data.sum(), member.check),
          "5.19 and later", "write the archive anew");
  }
  return {};
}

void Members::check_header(const Segment& segment, const cpio::Member& member) {
  if (member.summed && !said_.summed) {
    said_.summed = true;
    fault(kRuleSummed, segment, member,
          fmt::format("{} has a checksum (magic 070702); kernels stop here", quote(member.name)),
          "before 5.19", "write the archive with magic 070701 (cpio -H newc)");
  }
  if (!member.name_ends && is_named(member) && !said_.name_end) {
    said_.name_end = true;
    fault(kRuleNameEnd, segment, member,
          fmt::format("the name {} does not end in NUL; kernels stop here", quote(member.name)),
          "6.13 and later, and stable releases since", "write the archive anew");
  }
}

void Members::fault(const char* rule, const Segment& segment, const cpio::Member& member,
                    std::string text, const char* kernels, const char* remedy) {
  std::uint64_t at = member.offset;
  if (segment.kind == Segment::Kind::kCompressed) {
    at = segment.offset;
    text += fmt::format(", at {:#x} of the decompressed data", member.offset);
  }
  visitor_.fault(Finding{Severity::kWarning, rule, "", at, std::move(text), remedy, kernels});
}

}  // namespace kip::segments
