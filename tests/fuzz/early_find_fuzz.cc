// Whole images: archives one behind the other, zeros between them. Input: the image.
//
// Where the kernel's early search finds microcode, our walk over segments and our catalogue find
// it, at the same place; where they differ, ours has reported a fault.
#include <sys/mman.h>

#include "src/catalog/file_scan.h"
#include "src/segments/walk.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/kernel_finder.h"

namespace kip::fuzz {
namespace {

class Image : public segments::Visitor {
 public:
  Status member(const segments::Segment& archive, const cpio::Member& member, Input&) override {
    require(archive.offset <= member.offset, "a member lies in its archive");
    require(members.empty() || member.offset > members.back().offset, "each member is seen once");
    members.push_back(member);
    return {};
  }
  Status segment(const segments::Segment& segment) override {
    require(segment.offset >= end, "segments come in order, none over another");
    end = segment.offset + segment.size;
    // The early search steps over zeros by fours, the unpacker by ones: behind zeros alone, what is
    // compressed data to the one may be nothing to the other.
    const bool compressed = segment.kind == segments::Segment::Kind::kCompressed;
    if (compressed && segment.offset % cpio::kPadding != 0) ++faults;
    return {};
  }
  void fault(const Finding&) override { ++faults; }

  std::vector<cpio::Member> members;
  std::size_t faults = 0;
  std::uint64_t end = 0;
};

void require_finder_agrees(const Image& image, Bytes bytes, std::string_view path) {
  std::optional<support::Extent> ours;
  for (const cpio::Member& member : image.members) {
    if (!ours && member.is_regular() && member.name.starts_with(path))
      ours = support::Extent{static_cast<std::size_t>(member.data_offset), member.size};
  }
  const auto theirs = support::find_early(bytes, path);
  require(ours == theirs || (image.faults != 0 && (!ours || !theirs)),
          "the walk finds what the early search finds, or reports a fault");
}

// The catalogue knows the member that the kernel would take, if it begins like microcode.
void require_catalogue_agrees(Bytes bytes, std::string_view path) {
  const auto theirs = support::find_early(bytes, path);
  if (!theirs || theirs->size == 0 || !cpio::is_newc(bytes)) return;
  const Bytes data = bytes.subspan(theirs->offset, theirs->size);
  const auto kind = ucode::recognise(data.first(std::min(data.size(), Input::kPeek)));
  if (!kind) return;
  const Fd file(::memfd_create("image", MFD_CLOEXEC));
  require(file && DescriptorSink(file.get()).write(bytes).has_value(), "a memory file");
  const catalog::ScanOptions options;
  catalog::Contents contents;
  catalog::FileScan(options).scan({nullptr, "image"}, file.get(), true, contents);
  bool found = false;
  for (const catalog::Stream& stream : contents.streams) {
    found = found || (stream.member_offset == theirs->offset &&
                      stream.member_size == theirs->size && stream.kind == *kind);
  }
  require(found || !contents.findings.empty(), "the catalogue has it, or says why not");
}

void run(Bytes bytes) {
  Image image;
  const segments::Source source = [&](std::uint64_t offset) -> Result<std::unique_ptr<Input>> {
    require(offset <= bytes.size(), "no segment begins behind the end");
    return std::unique_ptr<Input>(std::make_unique<MemoryInput>(bytes.subspan(offset)));
  };
  require(segments::walk(source, {.decompress = false}, image).has_value(),
          "a walk over memory has no error");
  require(image.end <= bytes.size(), "segments lie in the image");
  require(image.faults <= 1, "the walk ends at the first fault");
  for (const std::string_view path : {support::kIntelPath, support::kAmdPath}) {
    require_finder_agrees(image, bytes, path);
    require_catalogue_agrees(bytes, path);
  }
}

}  // namespace
}  // namespace kip::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kip::fuzz::run({data, size});
  return 0;
}
