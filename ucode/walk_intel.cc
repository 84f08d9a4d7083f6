#include <algorithm>
#include <fmt/format.h>

#include "ucode/checksum.h"
#include "ucode/intel.h"
#include "ucode/walk_stream.h"

namespace kip::ucode {
namespace {

/// Most zero bytes we step over in search of something else: a hole of gigabytes is not worth
/// reading.
constexpr std::uint64_t kZerosLimit = 64 * 1024;

/// Bytes read and summed at a time: less than a CPU's second-level cache. A multiple of 4.
constexpr std::size_t kPiece = 64 * 1024;

class IntelWalker {
 public:
  IntelWalker(Depth depth, Input& in, UpdateSink& sink, Scratch& scratch)
      : depth_(depth), in_(in), sink_(sink), scratch_(scratch) {}

  Status run() {
    for (;;) {
      const Bytes head = TRY(in_.peek(sizeof(IntelHeader)));
      if (head.empty()) return {};
      if (!TRY(step(head))) return {};
    }
  }

 private:
  // One update; false when the walk cannot go on.
  Result<bool> step(Bytes head) {
    const std::uint64_t at = in_.position();
    if (head.size() < sizeof(IntelHeader) || copy_out<le32>(head) == 0) return residue(at);
    const auto header = copy_out<IntelHeader>(head);
    const auto layout = intel_layout(header);
    // Behind an update, what the kernel would take is one however odd; the rest is judged by its looks.
    const bool loadable = layout && check_intel_kind(header);
    if (at != 0 && !loadable && !recognise(head)) {
      report(sink_, "intel-residue", at, "no update begins here, the rest is left out");
      return false;
    }
    if (!layout) {
      report(sink_, "intel-sizes", at, layout.error().what + ", the rest is left out");
      return false;
    }
    if (const Status kind = check_intel_kind(header); !kind) {
      report(sink_, header.header_version == 2 ? "intel-ifs" : "intel-kind", at, kind.error().what);
      return TRY(in_.skip(layout->total_size)) == layout->total_size;
    }
    return depth_ == Depth::kHeaders ? headers(at, header, *layout) : checked(at, header, *layout);
  }

  Result<bool> residue(std::uint64_t at) {
    const std::uint64_t zeros = TRY(skip_zeros(in_));
    const bool ended = TRY(in_.peek(1)).empty();
    if (zeros != 0 && (ended || zeros < kZerosLimit)) {
      report(sink_, "intel-residue", at,
             fmt::format("{} zero bytes that belong to no update", zeros));
      return !ended;
    }
    const std::size_t rest = TRY(in_.peek(sizeof(IntelHeader))).size();
    report(sink_, at == 0 ? "intel-truncated" : "intel-residue", at,
           rest < sizeof(IntelHeader)
               ? fmt::format("{} bytes are no whole header", rest)
               : std::string("a long run of zero bytes, the rest is left out"));
    return false;
  }

  Result<bool> truncated(std::uint64_t at, const IntelHeader& header, const IntelLayout& layout) {
    auto suspect = intel_facts(header, {});
    if (suspect) suspect->offset = at;
    report(sink_, "intel-truncated", at,
           fmt::format("update of {} bytes ends after {}", layout.total_size, in_.position() - at),
           suspect ? &*suspect : nullptr);
    return false;
  }

  Result<bool> headers(std::uint64_t at, const IntelHeader& header, const IntelLayout& layout) {
    const std::uint64_t body = sizeof(IntelHeader) + layout.data_size;
    if (TRY(in_.skip(body)) < body) return truncated(at, header, layout);
    const MutableBytes buffer = scratch_.take(layout.extended_size);
    if (!TRY(read_exactly(in_, buffer))) return truncated(at, header, layout);
    auto update = intel_facts(header, buffer);
    if (!update) {
      broken(at, header, update.error());
    } else {
      update->offset = at;
      sink_.update(*update, {});
    }
    return true;
  }

  // Reads the body in pieces, each summed while it is in the CPU's cache.
  Result<bool> checked(std::uint64_t at, const IntelHeader& header, const IntelLayout& layout) {
    const bool keep = depth_ == Depth::kWhole;
    const std::size_t body = sizeof(IntelHeader) + layout.data_size;
    const MutableBytes buffer =
        scratch_.take(keep ? layout.total_size
                           : std::max<std::size_t>(std::min(body, kPiece), layout.extended_size));
    std::uint32_t sum = 0;
    for (std::size_t done = 0; done < body;) {
      const auto piece = buffer.subspan(keep ? done : 0, std::min(kPiece, body - done));
      if (!TRY(read_exactly(in_, piece))) return truncated(at, header, layout);
      sum += sum32(piece);
      done += piece.size();
    }
    const MutableBytes extended = buffer.subspan(keep ? body : 0, layout.extended_size);
    if (!TRY(read_exactly(in_, extended))) return truncated(at, header, layout);
    auto update = check_intel(header, extended, sum);
    if (!update) {
      broken(at, header, update.error());
    } else {
      update->offset = at;
      sink_.update(*update, keep ? Bytes(buffer) : Bytes());
    }
    return true;
  }

  void broken(std::uint64_t at, const IntelHeader& header, const Error& error) {
    auto suspect = intel_facts(header, {});
    if (suspect) suspect->offset = at;
    report(sink_, "intel-checks", at, error.what, suspect ? &*suspect : nullptr);
  }

  Depth depth_;
  Input& in_;
  UpdateSink& sink_;
  Scratch& scratch_;
};

}  // namespace

Result<std::uint64_t> skip_zeros(Input& in) {
  std::uint64_t zeros = 0;
  while (zeros < kZerosLimit) {
    const Bytes ahead = TRY(in.peek(Input::kPeek));
    std::size_t run = 0;
    while (run < ahead.size() && ahead[run] == 0) ++run;
    const bool more = run == ahead.size() && run != 0;
    zeros += run;
    TRY(in.skip(run));
    if (!more) break;
  }
  return zeros;
}

Status walk_intel(Depth depth, Input& in, UpdateSink& sink, Scratch& scratch) {
  return IntelWalker(depth, in, sink, scratch).run();
}

}  // namespace kip::ucode
