#include <fmt/format.h>

#include "src/segments/walk.h"

namespace kip::segments {
namespace {

/// Most zero bytes between two segments that we read through.
constexpr std::uint64_t kPaddingLimit = 1024 * 1024;

class Walker {
 public:
  Walker(const Source& source, const Options& options, Visitor& visitor)
      : source_(source), options_(options), visitor_(visitor) {}

  Status run() {
    std::uint64_t at = 0;
    bool behind_archive = false;  // with nothing but zero bytes between
    for (;;) {
      const auto in = TRY(source_(at));
      const Bytes head = TRY(in->peek(8));
      if (head.empty()) return {};
      std::uint64_t next = at;
      if (head[0] == 0) {
        next = TRY(padding(*in, at));
      } else if (cpio::is_newc(head)) {
        next = TRY(archives(*in, at));
        behind_archive = true;
      } else if (behind_archive && at % cpio::kPadding != 0) {
        fault("segment-misaligned", at,
              "what follows an archive begins at no multiple of 4; kernels stop here");
      } else if (const auto method = codec::detect(head)) {
        next = TRY(compressed(*in, at, *method));
        behind_archive = false;
      } else {
        TRY(visitor_.segment({Segment::Kind::kUnknown, at, 0, {}}));
        fault("segment-unknown", at, "neither an archive nor compressed data begins here");
      }
      if (next == at) return {};
      at = next;
    }
  }

 private:
  void fault(const char* rule, std::uint64_t at, std::string text) {
    visitor_.fault(Finding{Severity::kWarning, rule, "", at, std::move(text), ""});
  }

  Result<std::uint64_t> padding(Input& in, std::uint64_t at) {
    std::uint64_t count = 0;
    for (;;) {
      const Bytes ahead = TRY(in.peek(Input::kPeek));
      std::size_t run = 0;
      while (run < ahead.size() && ahead[run] == 0) ++run;
      count += run;
      const bool more = run == ahead.size() && run != 0;
      TRY(in.skip(run));
      if (!more) break;
      if (count > kPaddingLimit) {
        fault("segment-padding", at, "a long run of zero bytes, the rest is not looked at");
        return at;
      }
    }
    TRY(visitor_.segment({Segment::Kind::kPadding, at, count, {}}));
    return at + count;
  }

  // All members up to where no further one begins; each trailer closes a segment. Returns where
  // that is.
  Result<std::uint64_t> archives(Input& in, std::uint64_t at) {
    if (at % cpio::kPadding != 0) {
      fault("segment-misaligned", at, "an archive begins at no multiple of 4; kernels stop here");
      return at;
    }
    Segment segment{Segment::Kind::kArchive, at, 0, {}};
    bool open = true;
    const std::uint64_t end = TRY(members(in, segment, open, at));
    if (open && end > segment.offset) {
      segment.size = end - segment.offset;
      TRY(visitor_.segment(segment));
    }
    return end;
  }

  // Members of one archive after another; offsets are `base` plus the input's. What is broken in a
  // raw archive becomes a fault.
  Result<std::uint64_t> members(Input& in, Segment& segment, bool& open, std::uint64_t base) {
    cpio::Reader reader(in);
    for (;;) {
      auto member = reader.next();
      if (!member) {
        const Error& error = member.error();
        // Offsets in a compressed stream are none in the image: who knows its place reports it.
        if (error.code == Errc::kSystem || segment.kind == Segment::Kind::kCompressed)
          return tl::unexpected<Error>(error);
        fault("archive", base + error.offset.value_or(in.position()), error.what);
        open = false;
        return base;  // where the walk stands: it ends, and sees no member twice
      }
      if (!*member) return base + in.position();
      if (!open) {
        segment.offset = base + (*member)->offset;
        open = true;
      }
      (*member)->offset += base;
      (*member)->data_offset += base;
      const std::uint64_t name_end = base + in.position();  // padded, unless the image ends first
      SliceInput data(in, (*member)->size);
      TRY(visitor_.member(segment, **member, data));
      if ((*member)->is_trailer() && segment.kind == Segment::Kind::kArchive) {
        segment.size = name_end - segment.offset;
        TRY(visitor_.segment(segment));
        open = false;
      }
    }
  }

  Result<std::uint64_t> compressed(Input& in, std::uint64_t at, codec::Method method) {
    Segment segment{Segment::Kind::kCompressed, at, 0, method};
    if (!options_.decompress) {
      TRY(visitor_.segment(segment));
      return at;
    }
    auto plain = decoders_.open(method, in, codec::Extent::kOneStream);
    if (!plain) {
      TRY(visitor_.segment(segment));
      fault("segment-method", at, plain.error().what);
      return at;
    }
    if (const Status inside = inner(**plain, segment); !inside) {
      if (inside.error().code == Errc::kSystem) return tl::unexpected<Error>(inside.error());
      fault("segment-compressed", at, inside.error().what);
      return at;
    }
    segment.size = (*plain)->consumed();
    TRY(visitor_.segment(segment));
    return at + segment.size;
  }

  // The archives inside a compressed stream, with zero bytes between and behind them.
  Status inner(Input& plain, const Segment& segment) {
    Segment inside = segment;
    for (;;) {
      bool open = true;
      const std::uint64_t before = plain.position();
      TRY(members(plain, inside, open, 0));
      while (!TRY(plain.peek(1)).empty() && TRY(plain.peek(1))[0] == 0) TRY(plain.skip(1));
      if (TRY(plain.peek(1)).empty()) return {};
      if (plain.position() == before || plain.position() % cpio::kPadding != 0) {
        return fail(
            Errc::kCorrupt,
            fmt::format("no archive begins at {:#x} of the decompressed data", plain.position()));
      }
    }
  }

  const Source& source_;
  const Options& options_;
  Visitor& visitor_;
  codec::Decoders decoders_;
};

}  // namespace

Status walk(const Source& source, const Options& options, Visitor& visitor) {
  return Walker(source, options, visitor).run();
}

}  // namespace kip::segments
