#include <fmt/format.h>

#include "ucode/amd.h"
#include "ucode/walk_stream.h"

namespace kip::ucode {
namespace {

class AmdWalker {
 public:
  AmdWalker(Depth depth, Input& in, UpdateSink& sink, Scratch& scratch)
      : depth_(depth), in_(in), sink_(sink), scratch_(scratch) {}

  Status run() {
    for (;;) {
      const Bytes head = TRY(in_.peek(sizeof(AmdContainerHeader)));
      if (head.empty()) return {};
      if (head.size() < sizeof(le32) || copy_out<le32>(head) != kAmdMagic) {
        if (!TRY(gap())) return {};
        continue;
      }
      if (!TRY(container())) return {};
    }
  }

 private:
  // Bytes that are no container: zeros are stepped over, anything else ends the walk (the kernel
  // stops at either).
  Result<bool> gap() {
    const std::uint64_t at = in_.position();
    const std::uint64_t zeros = TRY(skip_zeros(in_));
    const Bytes next = TRY(in_.peek(sizeof(le32)));
    if (zeros != 0 && (next.empty() || (next.size() == 4 && copy_out<le32>(next) == kAmdMagic))) {
      report(
          sink_, kRuleAmdGap, at,
          fmt::format("{} zero bytes that belong to no container; Linux reads nothing behind them",
                      zeros));
      return !next.empty();
    }
    report(sink_, "amd-trailing", at,
           "no section and no container begins here, the rest is left out");
    return false;
  }

  // Header, table and sections of one container; false when the walk cannot go on.
  Result<bool> container() {
    const std::uint64_t at = in_.position();
    const auto header = read_value<AmdContainerHeader>(in_);
    if (!header) return unless_truncated(header.error(), at, "container header ends early");
    if (header->type != kAmdTableSection) {
      report(sink_, "amd-table", at,
             fmt::format("container begins with section type {}, not with its table",
                         std::uint32_t{header->type}));
      return false;
    }
    if (header->length > kAmdTableLimit) {
      report(sink_, "amd-table", at,
             fmt::format("equivalence table of {} bytes is over {}", std::uint32_t{header->length},
                         kAmdTableLimit));
      return false;
    }
    const MutableBytes buffer = scratch_.take(header->length);
    if (!TRY(read_exactly(in_, buffer))) {
      report(sink_, "amd-truncated", at, "equivalence table ends early");
      return false;
    }
    table_ = AmdTable::parse(buffer);
    judge_table(at, header->length);
    const bool more = TRY(sections());
    ++container_;
    return more;
  }

  void judge_table(std::uint64_t at, std::uint32_t length) {
    const bool whole = length % sizeof(AmdTableEntry) == 0;
    if (length < sizeof(AmdTableEntry)) {
      report(sink_, whole ? "amd-table" : kRuleAmdTableSize, at,
             fmt::format("equivalence table of {} bytes; kernels before 6.12 stop here", length));
    } else if (!whole) {
      report(sink_, kRuleAmdTableSize, at,
             fmt::format("equivalence table of {} bytes is no multiple of 16", length));
    }
    for (const CpuSignature cpu : table_.ambiguous()) {
      report(sink_, "amd-table", at,
             fmt::format("equivalence table has CPU {:#010x} with different ids, the first counts",
                         cpu.value));
    }
  }

  Result<bool> sections() {
    for (;;) {
      const Bytes head = TRY(in_.peek(sizeof(AmdSectionHeader)));
      const std::uint64_t at = in_.position();
      if (head.size() < sizeof(AmdSectionHeader)) {
        if (head.empty()) return false;
        return true;  // run() says what these few bytes are
      }
      const auto section = copy_out<AmdSectionHeader>(head);
      if (section.type == kAmdMagic || section.type == 0) return true;
      if (section.type != kAmdPatchSection) {
        report(sink_, "amd-section", at,
               fmt::format("section of type {:#x}, the rest is left out",
                           std::uint32_t{section.type}));
        return false;
      }
      if (section.size < sizeof(AmdPatchHeader) || section.size > kAmdPatchLimit) {
        report(sink_, "amd-section", at,
               fmt::format("patch of {} bytes, the rest is left out", std::uint32_t{section.size}));
        return false;
      }
      TRY(in_.skip(sizeof section));
      if (!TRY(patch(section.size))) return false;
    }
  }

  Result<bool> patch(std::uint32_t size) {
    const std::uint64_t at = in_.position();
    const MutableBytes buffer =
        scratch_.take(depth_ != Depth::kHeaders ? size : sizeof(AmdPatchHeader));
    const std::size_t got = TRY(in_.read(buffer));
    if (got < sizeof(AmdPatchHeader)) {
      report(sink_, "amd-truncated", at, fmt::format("patch of {} bytes ends after {}", size, got));
      return false;
    }
    const auto header = copy_out<AmdPatchHeader>(buffer);
    Update update = amd_facts(header, size, table_);
    update.offset = at;
    update.container = container_;
    const std::uint64_t rest = size - got;
    if (got < buffer.size() || TRY(in_.skip(rest)) < rest) {
      report(sink_, "amd-truncated", at,
             fmt::format("patch of {} bytes ends after {}", size, in_.position() - at), &update);
      return false;
    }
    if (const std::string why = amd_patch_fault(header, update); !why.empty()) {
      report(sink_, kRuleAmdPatch, at, why);  // no suspect: no kernel would ever have chosen it
      return true;
    }
    if (const std::string odd = amd_patch_oddity(update); !odd.empty())
      report(sink_, kRuleAmdOddity, at, odd);
    const Bytes whole = depth_ != Depth::kHeaders ? Bytes(buffer) : Bytes();
    if (!whole.empty()) {
      if (const std::string odd = amd_data_oddity(update, whole); !odd.empty())
        report(sink_, kRuleAmdData, at, odd);
    }
    sink_.update(update, whole);
    return true;
  }

  Result<bool> unless_truncated(const Error& error, std::uint64_t at, const char* text) {
    if (error.code != Errc::kTruncated) return tl::unexpected<Error>(error);
    report(sink_, "amd-truncated", at, text);
    return false;
  }

  Depth depth_;
  Input& in_;
  UpdateSink& sink_;
  AmdTable table_;
  std::uint32_t container_ = 0;
  Scratch& scratch_;
};

}  // namespace

Status walk_amd(Depth depth, Input& in, UpdateSink& sink, Scratch& scratch) {
  return AmdWalker(depth, in, sink, scratch).run();
}

}  // namespace kip::ucode
