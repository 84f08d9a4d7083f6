#include <fmt/format.h>

#include "ucode/checksum.h"
#include "ucode/intel.h"

namespace kip::ucode {
namespace {

constexpr std::uint64_t kHeaderSize = sizeof(IntelHeader);

Result<std::vector<IntelExtendedEntry>> extended_entries(Bytes table) {
  if (table.empty()) return std::vector<IntelExtendedEntry>{};
  if (table.size() < sizeof(IntelExtendedHeader)) {
    return fail(Errc::kCorrupt,
                fmt::format("extended signature table of {} bytes is shorter than its header",
                            table.size()));
  }
  const std::uint64_t room = table.size() - sizeof(IntelExtendedHeader);
  const std::uint32_t count = copy_out<IntelExtendedHeader>(table).count;
  if (room % sizeof(IntelExtendedEntry) != 0 || count != room / sizeof(IntelExtendedEntry)) {
    return fail(Errc::kCorrupt,
                fmt::format("extended signature table of {} bytes does not hold {} entries",
                            table.size(), count));
  }
  std::vector<IntelExtendedEntry> entries;
  entries.reserve(count);
  Reader in(table.subspan(sizeof(IntelExtendedHeader)));
  for (std::uint32_t i = 0; i < count; ++i) entries.push_back(TRY(in.take<IntelExtendedEntry>()));
  return entries;
}

}  // namespace

Result<IntelLayout> intel_layout(const IntelHeader& header) {
  if (header.data_size == 0) return IntelLayout{kIntelOldDataSize, 0, kIntelOldTotalSize};
  const std::uint64_t body = kHeaderSize + header.data_size;
  if (header.total_size < body) {
    return fail(Errc::kCorrupt,
                fmt::format("data size {} does not fit total size {}",
                            std::uint32_t{header.data_size}, std::uint32_t{header.total_size}));
  }
  if (header.total_size > kIntelSizeLimit) {
    return fail(Errc::kLimit, fmt::format("total size {} is over {}",
                                          std::uint32_t{header.total_size}, kIntelSizeLimit));
  }
  return IntelLayout{header.data_size, static_cast<std::uint32_t>(header.total_size - body),
                     header.total_size};
}

Status check_intel_kind(const IntelHeader& header) {
  if (header.header_version == 2)
    return fail(Errc::kUnsupported, "In-Field Scan image, not microcode");
  if (header.header_version != 1) {
    return fail(Errc::kUnsupported,
                fmt::format("header version {}", std::uint32_t{header.header_version}));
  }
  if (header.loader_revision != 1) {
    return fail(Errc::kUnsupported,
                fmt::format("loader revision {}", std::uint32_t{header.loader_revision}));
  }
  return {};
}

Result<Update> intel_facts(const IntelHeader& header, Bytes extended) {
  const IntelLayout layout = TRY(intel_layout(header));
  Update update;
  update.vendor = Vendor::kIntel;
  update.size = layout.total_size;
  update.data_size = layout.data_size;
  update.revision = header.revision;
  update.date = header.date;
  update.minimum_revision = header.minimum_revision;
  update.checksum = header.checksum;
  update.targets.push_back({CpuSignature{header.signature}, header.platform_flags});
  for (const IntelExtendedEntry& entry : TRY(extended_entries(extended))) {
    update.targets.push_back({CpuSignature{entry.signature}, entry.platform_flags});
  }
  return update;
}

Result<Update> check_intel(const IntelHeader& header, Bytes extended, std::uint32_t body_sum) {
  TRY(check_intel_kind(header));
  Update update = TRY(intel_facts(header, extended));
  if (sum32(extended) != 0)
    return fail(Errc::kCorrupt, "extended signature table checksum is wrong");
  if (body_sum != 0) return fail(Errc::kCorrupt, "checksum is wrong");
  const std::uint32_t expected = header.signature + header.platform_flags + header.checksum;
  for (const IntelExtendedEntry& entry : TRY(extended_entries(extended))) {
    if (entry.signature + entry.platform_flags + entry.checksum != expected) {
      return fail(Errc::kCorrupt, fmt::format("checksum of extended signature {:#010x} is wrong",
                                              std::uint32_t{entry.signature}));
    }
  }
  return update;
}

Result<Update> parse_intel(Bytes bytes) {
  Reader in(bytes);
  const auto header = TRY(in.take<IntelHeader>());
  const IntelLayout layout = TRY(intel_layout(header));
  TRY(check_intel_kind(header));
  TRY(in.take(layout.data_size));
  const std::uint64_t body = in.offset();
  const Bytes extended = TRY(in.take(layout.extended_size));
  if (!in.rest().empty()) return fail(Errc::kInvalid, "more bytes than one update");
  return check_intel(header, extended, sum32(bytes.first(body)));
}

}  // namespace kip::ucode
