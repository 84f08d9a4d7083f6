#include <algorithm>
#include <fmt/format.h>

#include "src/codec/kernel_fit.h"
#include "src/segments/inputs.h"
#include "src/segments/members.h"
#include "src/segments/walk.h"

namespace kip::segments {
namespace {

/// Most zero bytes between two segments that are read through, unless beyond_faults.
constexpr std::uint64_t kPaddingLimit = 1024 * 1024;

class Walker {
 public:
  Walker(const Source& source, const Options& options, Visitor& visitor)
      : source_(source), options_(options), visitor_(visitor), members_(options, visitor) {}

  Status run() {
    std::uint64_t at = 0;
    for (;;) {
      const auto in = TRY(source_(at));
      const Bytes head = TRY(in->peek(Input::kPeek));
      if (head.empty()) return {};
      const std::uint64_t next = TRY(head[0] == 0 ? padding(*in, at) : part(*in, head, at));
      if (next == at) return {};
      at = next;
    }
  }

 private:
  // A fault ends what kernels unpack, whether or not the walk goes on.
  void fault(const char* rule, std::uint64_t at, std::string text, std::string remedy = "") {
    visitor_.fault(Finding{Severity::kWarning, rule, "", at, std::move(text), std::move(remedy)});
    lost_ = true;
  }

  static std::string more_zeros(std::uint64_t count) {
    return fmt::format("put {} more zero byte{} in front of it", count, count == 1 ? "" : "s");
  }

  Segment begin(Segment::Kind kind, std::uint64_t at,
                std::optional<codec::Method> method = std::nullopt) const {
    return {kind, at, 0, method, 0, !lost_};
  }

  Result<std::uint64_t> padding(Input& in, std::uint64_t at) {
    split_.reset();
    std::vector<std::uint8_t> block(Input::kPeek);
    std::uint64_t count = 0;
    for (;;) {
      const std::size_t got = TRY(in.read(block));
      const std::size_t run = zero_run(Bytes(block).first(got));
      count += run;
      if (count > kPaddingLimit && !options_.beyond_faults) {
        fault(kRulePadding, at, "a long run of zero bytes, the rest is not looked at");
        return at;
      }
      if (run < block.size()) break;
      block.resize(std::min<std::size_t>(block.size() * 2, kMostAtOnce));
    }
    Segment segment = begin(Segment::Kind::kPadding, at);
    segment.size = count;
    TRY(visitor_.segment(segment));
    return at + count;
  }

  // What is no padding. Returns where it ends; `at`, if the walk ends here.
  Result<std::uint64_t> part(Input& in, Bytes head, std::uint64_t at) {
    const bool archive = cpio::is_newc(head);
    if ((archive || behind_archive_) && (at - shift_) % cpio::kPadding != 0) {
      fault(kRuleMisaligned, at,
            archive ? "an archive begins at no multiple of 4; kernels stop here"
                    : "what follows an archive begins at no multiple of 4; kernels stop here",
            more_zeros(cpio::align_up(at - shift_, cpio::kPadding) - (at - shift_)));
      if (!options_.beyond_faults) return at;
      shift_ = at % cpio::kPadding;
    }
    if (archive) return archives(in, at);
    if (const auto method = codec::detect(head)) return compressed(in, head, at, *method);
    const char* const known = codec::known_but_unread(head);
    Segment segment = begin(Segment::Kind::kUnknown, at);
    segment.reached = false;
    TRY(visitor_.segment(segment));
    fault(kRuleUnknown, at,
          known != nullptr ? known : "neither an archive nor compressed data begins here");
    return at;
  }

  Result<std::uint64_t> archives(Input& in, std::uint64_t at) {
    split_.reset();
    const Members::Run run = TRY(members_.run(in, begin(Segment::Kind::kArchive, at), at));
    behind_archive_ = begun_ = true;
    if (!run.broken) return run.end;
    fault(kRuleArchive, run.end, run.broken->what);
    return at;
  }

  Result<std::uint64_t> compressed(Input& in, Bytes head, std::uint64_t at, codec::Method method) {
    const auto unfit = options_.decompress ? codec::unfit_for_kernel(method, head) : std::nullopt;
    Segment segment = begin(Segment::Kind::kCompressed, at, method);
    segment.reached = segment.reached && !unfit;
    if (unfit && options_.beyond_faults) refuse(at, method, *unfit);
    if (!options_.decompress || (unfit && !options_.beyond_faults)) {
      TRY(visitor_.segment(segment));
      if (unfit) refuse(at, method, *unfit);
      return at;
    }
    const auto decoder = decoders_.open(method, in, codec::Extent::kOneStream);
    if (!decoder) {
      TRY(visitor_.segment(segment));
      fault(kRuleMethod, at, decoder.error().what);
      return at;
    }
    return decoded(**decoder, segment);
  }

  void refuse(std::uint64_t at, codec::Method method, const std::string& why) {
    fault(kRuleNotForKernels, at,
          fmt::format("{} data that kernels do not read: {}", codec::method_name(method), why),
          "compress it as kernels read it: xz --check=crc32, gzip -n, zstd without --long");
  }

  Result<std::uint64_t> decoded(codec::Decoder& decoder, Segment& segment) {
    Plain plain(decoder);
    const auto inside = content(plain, segment);
    behind_archive_ = false;
    begun_ = true;
    const bool failed = plain.error().has_value();
    if (!inside && (!failed || inside.error().code == Errc::kSystem))
      return tl::unexpected<Error>(inside.error());
    if (!failed && *inside) static_cast<void>(plain.skip(UINT64_MAX));  // to the stream's end
    segment.plain_size = plain.position();
    if (plain.error()) {
      if (plain.error()->code == Errc::kSystem) return tl::unexpected<Error>(*plain.error());
      return damaged(decoder, segment, failed ? *plain.error() : **inside, failed);
    }
    segment.size = decoder.consumed();
    const std::uint64_t end = segment.offset + segment.size;
    if (!*inside || options_.beyond_faults) TRY(visitor_.segment(segment));
    if (!*inside) return end;
    if ((*inside)->code == Errc::kTruncated && TRY(goes_on(*segment.method, end))) {
      fault(kRuleSplit, segment.offset,
            fmt::format("one archive over several {} streams; kernels stop at the end of the first",
                        codec::method_name(*segment.method)),
            "compress it as one stream");
      split_ = segment.method;
    } else {
      fault(kRuleCompressed, segment.offset, (*inside)->what);
    }
    return options_.beyond_faults ? end : segment.offset;
  }

  // The archives inside a compressed stream, with zero bytes between and behind them, counted from
  // the stream's start. What is wrong with them; an error is the decoder's or the visitor's.
  Result<std::optional<Error>> content(Plain& plain, const Segment& segment) {
    if (split_ == segment.method && !cpio::is_newc(TRY(plain.peek(cpio::kMagic.size())))) {
      TRY(plain.skip(UINT64_MAX));
      return std::optional<Error>();
    }
    split_.reset();
    // At the start of an image, the unpacker takes the first byte for that of a header.
    bool at_header = !begun_;
    for (;;) {
      if (!at_header) {
        TRY(skip_zeros(plain));
        if (TRY(plain.peek(1)).empty()) return std::optional<Error>();
      }
      at_header = false;
      const std::uint64_t at = plain.position();
      const Bytes head = TRY(plain.peek(cpio::kMagic.size()));
      if (at % cpio::kPadding != 0 || !cpio::is_newc(head)) return no_archive(head, at);
      Members::Run run = TRY(members_.run(plain, segment, 0));
      if (run.broken) return std::move(run.broken);
    }
  }

  static std::optional<Error> no_archive(Bytes head, std::uint64_t at) {
    const bool cut = !head.empty() && head.size() < cpio::kMagic.size() &&
                     cpio::kMagic.starts_with(as_text(head));
    return Error{cut ? Errc::kTruncated : Errc::kCorrupt,
                 fmt::format("no archive begins at {:#x} of the decompressed data", at), at};
  }

  static Status skip_zeros(Input& in) {
    for (;;) {
      auto ahead = in.peek(Input::kPeek);
      if (!ahead) ahead = TRY(in.peek(1));  // close to damage
      const std::size_t size = ahead->size(), run = zero_run(*ahead);
      TRY(in.skip(run));
      if (run == 0 || run < size) return {};
    }
  }

  // Whether what begins there continues a stream that ended too early.
  Result<bool> goes_on(codec::Method method, std::uint64_t at) {
    const auto in = TRY(source_(at));
    if (codec::detect(TRY(in->peek(Input::kPeek))) != method) return false;
    const auto next = decoders_.open(method, *in, codec::Extent::kOneStream);
    if (!next) return false;
    const auto head = (*next)->peek(cpio::kMagic.size());
    return head && !cpio::is_newc(*head);
  }

  // Where the data ends is known only of legacy lz4, if what stands behind it is at fault. `first`:
  // the decoder's error was the first.
  Result<std::uint64_t> damaged(const codec::Decoder& decoder, Segment& segment, const Error& error,
                                bool first) {
    const std::uint64_t tail = segment.offset + decoder.consumed();
    if (!first || !decoder.failed_behind() || !TRY(is_tail(tail, error))) {
      if (options_.beyond_faults) TRY(visitor_.segment(segment));
      fault(kRuleCompressed, segment.offset,
            decoder.failed_behind() ? "lz4 (legacy) data is cut off, or corrupt" : error.what);
      return segment.offset;
    }
    segment.size = decoder.consumed();
    TRY(visitor_.segment(segment));
    fault(kRuleLz4Tail, tail,
          "kernels take these bytes for the length of one more chunk of the legacy lz4 data in "
          "front; "
          "what stands here is lost",
          "at least four zero bytes must stand behind legacy lz4 data");
    return options_.beyond_faults ? tail : segment.offset;
  }

  // A last chunk that is cut off looks much like a tail, unless something begins there.
  Result<bool> is_tail(std::uint64_t at, const Error& error) {
    if (error.code == Errc::kCorrupt) return true;
    const auto in = TRY(source_(at));
    Bytes head = TRY(in->peek(Input::kPeek));
    head = head.subspan(zero_run(head));
    return cpio::is_newc(head) || codec::detect(head).has_value();
  }

  static constexpr std::size_t kMostAtOnce = 64 * 1024;

  const Source& source_;
  const Options& options_;
  Visitor& visitor_;
  Members members_;
  codec::Decoders decoders_;
  bool begun_ = false;                  // something other than zero bytes was in front
  bool behind_archive_ = false;         // a raw one, with nothing but zero bytes between
  bool lost_ = false;                   // kernels have stopped
  std::uint64_t shift_ = 0;             // what is misaligned is read as if it began where it should
  std::optional<codec::Method> split_;  // of the stream that ended too early right in front
};

}  // namespace

Status walk(const Source& source, const Options& options, Visitor& visitor) {
  return Walker(source, options, visitor).run();
}

}  // namespace kip::segments
