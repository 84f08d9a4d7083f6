#include <algorithm>

#include "src/base/sink.h"
#include "src/image/listing.h"
#include "src/image/wanted.h"
#include "src/segments/inputs.h"

namespace kip::image {
namespace {

constexpr std::size_t kBlock = 128 * 1024;

Status copy_rest(Input& in, Sink& sink) {
  std::vector<std::uint8_t> block(kBlock);
  for (;;) {
    const std::size_t count = TRY(in.read(block));
    TRY(sink.write(Bytes(block).first(count)));
    if (count < block.size()) return {};
  }
}

class Copier : public segments::Visitor {
 public:
  Copier(std::vector<std::uint64_t> members, Sink& sink)
      : members_(std::move(members)), sink_(sink) {}

  bool done() const { return next_ == members_.size(); }

  Status member(const segments::Segment&, const cpio::Member&, Input& data) override {
    if (ordinal_++ != members_[next_]) return {};
    TRY(copy_rest(data, sink_));
    ++next_;
    // The one kind of error that ends a walk whatever it was reading.
    return done() ? Status(fail(Errc::kSystem, "nothing more is wanted")) : Status();
  }
  Status segment(const segments::Segment&) override { return {}; }
  void fault(const Finding&) override {}

 private:
  std::vector<std::uint64_t> members_;  // ascending
  Sink& sink_;
  std::size_t next_ = 0;
  std::uint64_t ordinal_ = 0;
};

}  // namespace

void FileIndex::note(const segments::Segment& segment) {
  if (segment.kind == segments::Segment::Kind::kPadding) return;
  const std::uint32_t number = numbers_.of(segment);
  if (segments_.empty() || segments_.back().number != number)
    segments_.push_back({number, segment});
  else
    segments_.back().segment = segment;
}

Status FileIndex::member(const segments::Segment& archive, const cpio::Member& member,
                         Input& data) {
  note(archive);
  const std::uint32_t number = segments_.back().number;
  const std::uint64_t ordinal = ordinal_++;
  if (only_ != 0 && number != only_) return {};
  RootFs& files = archive.reached || only_ != 0 ? files_ : unreached_;
  files.add(member, number, ordinal, TRY(read_target(member, data)));
  return check_size(files);
}

Status FileIndex::segment(const segments::Segment& segment) {
  note(segment);
  return {};
}

Status copy_contents(const segments::Source& source, const std::vector<std::uint64_t>& members,
                     Sink& sink) {
  for (auto begin = members.begin(); begin != members.end();) {
    auto end = begin + 1;
    while (end != members.end() && *(end - 1) < *end) ++end;
    Copier copier({begin, end}, sink);
    const Status status = segments::walk(source, {.beyond_faults = true}, copier);
    if (!copier.done() && !status) return status;
    if (!copier.done()) return fail(Errc::kCorrupt, "changed while it was being read");
    begin = end;
  }
  return {};
}

Status copy_segment(const segments::Source& source, const segments::Segment& segment, Sink& sink) {
  const auto in = TRY(source(segment.offset));
  if (segment.kind == segments::Segment::Kind::kArchive) {
    SliceInput archive(*in, segment.size);
    return copy_rest(archive, sink);
  }
  if (segment.kind != segments::Segment::Kind::kCompressed || !segment.method)
    return fail(Errc::kUnsupported, "is neither an archive nor compressed", segment.offset);
  codec::Decoders decoders;
  const auto decoder = TRY(decoders.open(*segment.method, *in, codec::Extent::kOneStream));
  segments::Plain plain(*decoder);  // of damaged data, what is in front
  TRY(copy_rest(plain, sink));
  if (plain.error() && !decoder->failed_behind()) return tl::unexpected<Error>(*plain.error());
  return {};
}

}  // namespace kip::image
