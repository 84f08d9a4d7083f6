// Whole images: archives one behind the other, zeros between them. Input: the image.
//
// Our early search and the kernel's find the same, whatever the image. Where they find microcode, our
// walk over segments and our catalogue find it, at the same place; where these differ, they have reported
// a fault. A walk that goes on behind faults ends as well.
#include <algorithm>
#include <sys/mman.h>

#include "src/base/sink.h"
#include "src/catalog/file_scan.h"
#include "src/segments/finder.h"
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
    require(reached || !segment.reached, "behind what is lost, all is");
    reached = segment.reached;
    end = segment.offset + segment.size;
    // The early search steps over zeros by fours, the unpacker by ones: behind zeros alone, what is
    // compressed data to the one may be nothing to the other.
    const bool compressed = segment.kind == segments::Segment::Kind::kCompressed;
    if (compressed && segment.offset % cpio::kPadding != 0) ++faults;
    return {};
  }
  void fault(const Finding& finding) override {
    require(finding.offset.has_value(), "a walk says where a fault is");
    ++faults;
  }

  std::vector<cpio::Member> members;
  std::size_t faults = 0;
  bool reached = true;
  std::uint64_t end = 0;
};

class Beyond : public Image {
 public:
  // Of compressed data, offsets begin anew.
  Status member(const segments::Segment&, const cpio::Member&, Input&) override { return {}; }
};

void require_search_is_the_kernels(const segments::Source& source, Bytes bytes,
                                   std::string_view path) {
  const auto search = segments::find_early(source, bytes.size(), path);
  require(search.has_value(), "a search in memory has no error");
  require(search->end <= bytes.size(), "it ends in the image");
  std::optional<support::Extent> ours;
  if (search->found)
    ours = support::Extent{static_cast<std::size_t>(search->found->data_offset),
                           static_cast<std::size_t>(search->found->size)};
  require(ours == support::find_early(bytes, path), "both searches find the same");
}

// A name that is too long for the unpacker is none to the walk; the search compares it.
bool has_endless_name(const Image& image) {
  return std::any_of(image.members.begin(), image.members.end(), [](const cpio::Member& member) {
    return member.name_size > cpio::kNameLimit;
  });
}

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
    require_search_is_the_kernels(source, bytes, path);
    if (has_endless_name(image)) continue;
    require_finder_agrees(image, bytes, path);
    require_catalogue_agrees(bytes, path);
  }
  Beyond beyond;
  require(segments::walk(source, {.beyond_faults = true}, beyond).has_value(),
          "nor has one that goes on");
  require(beyond.end <= bytes.size(), "and its segments lie in the image");
}

}  // namespace
}  // namespace kip::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kip::fuzz::run({data, size});
  return 0;
}
