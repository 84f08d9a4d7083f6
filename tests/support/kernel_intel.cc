#include "tests/support/kernel_intel.h"

namespace kip::support {
namespace {

constexpr std::uint64_t kHeaderSize = 48;
constexpr std::uint64_t kTableHeaderSize = 20;
constexpr std::uint64_t kTableEntrySize = 12;

struct Header {
  std::uint32_t version, revision, signature, checksum, loader, flags, data_size, total_size;

  [[nodiscard]] std::uint64_t data() const { return data_size != 0 ? data_size : 2000; }
  [[nodiscard]] std::uint64_t total() const { return data_size != 0 ? total_size : 2048; }
};

Header read_header(View at) {
  return {get32(at, 0x00), get32(at, 0x04), get32(at, 0x0C), get32(at, 0x10),
          get32(at, 0x14), get32(at, 0x18), get32(at, 0x1C), get32(at, 0x20)};
}

// The sanity check, in the kernel's order. REQUIRES: update.size() == header.total().
// The kernel multiplies the table's count in 32 bits; a count above 2^28 that wraps onto the right
// size makes it read beyond the update. We refuse such a count.
IntelFault sanity(View update, const Header& header) {
  if (header.data() + kHeaderSize > update.size()) return IntelFault::kDataTooLarge;
  if (header.loader != 1 || header.version != 1) return IntelFault::kHeaderVersion;

  const View table = update.subspan(kHeaderSize + header.data());
  std::uint64_t entries = 0;
  if (!table.empty()) {
    if (table.size() < kTableHeaderSize) return IntelFault::kExtSize;
    entries = get32(table, 0);
    if (table.size() != kTableHeaderSize + entries * kTableEntrySize) return IntelFault::kExtSize;
    if (sum32(table) != 0) return IntelFault::kExtTableSum;
  }
  if (sum32(update.first(kHeaderSize + header.data())) != 0) return IntelFault::kMainSum;
  const std::uint32_t wanted = header.signature + header.flags + header.checksum;
  for (std::uint64_t i = 0; i < entries; ++i) {
    const View entry = table.subspan(kTableHeaderSize + i * kTableEntrySize, kTableEntrySize);
    if (sum32(entry) != wanted) return IntelFault::kExtEntrySum;
  }
  return IntelFault::kNone;
}

bool fits(std::uint32_t cpu_signature, std::uint32_t cpu_flags, std::uint32_t signature,
          std::uint32_t flags, const KernelRules& rules) {
  if (signature != cpu_signature) return false;
  if ((cpu_flags & flags) != 0) return true;
  return flags == 0 && (rules.pf_new || cpu_flags == 0);
}

// REQUIRES: the update passed sanity().
bool matches(View update, std::uint32_t signature, std::uint32_t flags, const KernelRules& rules) {
  const Header header = read_header(update);
  if (fits(signature, flags, header.signature, header.flags, rules)) return true;
  const View table = update.subspan(kHeaderSize + header.data());
  for (std::uint64_t at = kTableHeaderSize; at < table.size(); at += kTableEntrySize) {
    if (fits(signature, flags, get32(table, at), get32(table, at + 4), rules)) return true;
  }
  return false;
}

IntelFault next_update(View rest, View& update) {
  if (rest.size() < kHeaderSize) return IntelFault::kResidue;
  const Header header = read_header(rest);
  if (header.total() == 0) return IntelFault::kNoSize;
  if (header.total() > rest.size()) return IntelFault::kBeyondEnd;
  update = rest.first(header.total());
  return sanity(rest.first(header.total()), header);
}

}  // namespace

IntelPick kernel_intel(View member, std::uint32_t signature, std::uint32_t platform_flags,
                       std::uint32_t current_revision, const KernelRules& rules) {
  std::optional<IntelChoice> picked;
  std::size_t offset = 0;
  while (offset < member.size()) {
    View update;
    const IntelFault fault = next_update(member.subspan(offset), update);
    if (fault != IntelFault::kNone) return {std::nullopt, fault, offset};

    const Header header = read_header(update);
    const std::uint32_t best = picked ? picked->revision : current_revision;
    bool newer = matches(update, signature, platform_flags, rules) && header.revision > best;
    if (newer && picked && !rules.rework) {
      // Up to 6.6 the candidate is held against the header of the last pick, not the CPU.
      const Header last = read_header(member.subspan(picked->offset));
      newer = matches(update, last.signature, last.flags, rules);
    }
    if (newer) picked = IntelChoice{offset, update.size(), header.revision};
    offset += update.size();
  }
  return {picked, IntelFault::kNone, 0};
}

std::string_view to_string(IntelFault fault) {
  switch (fault) {
    case IntelFault::kNone:
      return "none";
    case IntelFault::kResidue:
      return "residue";
    case IntelFault::kNoSize:
      return "total size 0";
    case IntelFault::kBeyondEnd:
      return "beyond the end";
    case IntelFault::kDataTooLarge:
      return "data larger than total";
    case IntelFault::kHeaderVersion:
      return "header version or loader revision";
    case IntelFault::kExtSize:
      return "extended table size";
    case IntelFault::kExtTableSum:
      return "extended table sum";
    case IntelFault::kMainSum:
      return "main sum";
    case IntelFault::kExtEntrySum:
      return "extended entry sum";
  }
  return "?";
}

}  // namespace kip::support
