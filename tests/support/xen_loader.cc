#include "tests/support/kernel_amd.h"
#include "tests/support/xen_loader.h"

namespace kip::support {
namespace {

constexpr std::uint32_t kLeaveAlone = 0xFFFFFFFF;

// ---- Intel

constexpr std::size_t kHeader = 48, kExtHeader = 20, kExtEntry = 12;

struct Intel {
  View all;  // header, data, extended table
  std::size_t data = 0;

  [[nodiscard]] std::uint32_t field(std::size_t at) const { return get32(all, at); }
  [[nodiscard]] View body() const { return all.first(kHeader + data); }
  [[nodiscard]] View table() const { return all.subspan(kHeader + data); }
};

bool table_is_sane(const Intel& update) {
  const View table = update.table();
  if (table.empty()) return true;
  if (table.size() < kExtHeader || (table.size() - kExtHeader) % kExtEntry != 0) return false;
  const std::size_t count = (table.size() - kExtHeader) / kExtEntry;
  if (get32(table, 0) != count || sum32(table) != 0) return false;
  const std::uint32_t wanted = update.field(0x0C) + update.field(0x18) + update.field(0x10);
  for (std::size_t i = 0; i < count; ++i) {
    if (sum32(table.subspan(kExtHeader + i * kExtEntry, kExtEntry)) != wanted) return false;
  }
  return true;
}

// The next update of the stream; none where Xen stops reading.
std::optional<Intel> next_intel(View rest) {
  if (rest.size() < kHeader) return std::nullopt;
  if (get32(rest, 0x00) != 1 || get32(rest, 0x14) != 1) return std::nullopt;
  const std::uint32_t data = get32(rest, 0x1C) != 0 ? get32(rest, 0x1C) : 2000;
  const std::uint32_t total = get32(rest, 0x20) != 0 ? get32(rest, 0x20) : 2048;
  if (total > rest.size()) return std::nullopt;
  if (total % 1024 != 0 || data % 4 != 0 || total < kHeader || data > total - kHeader)
    return std::nullopt;
  const Intel update{rest.first(total), data};
  if (sum32(update.body()) != 0 || !table_is_sane(update)) return std::nullopt;
  return update;
}

bool fits(const Intel& update, std::uint32_t signature, std::uint32_t flags) {
  if (update.field(0x0C) == signature && (update.field(0x18) & flags) != 0) return true;
  const View table = update.table();
  for (std::size_t at = kExtHeader; at < table.size(); at += kExtEntry) {
    if (get32(table, at) == signature && (get32(table, at + 4) & flags) != 0) return true;
  }
  return false;
}

// Signed, except that a negative one (before production) replaces all but itself.
bool replaces(std::uint32_t old_revision, std::uint32_t new_revision) {
  if (old_revision == new_revision) return false;
  if (new_revision >= 0x80000000U) return true;
  return old_revision >= 0x80000000U || new_revision > old_revision;
}

// ---- AMD

constexpr std::uint32_t kMagic = 0x00414D44;
constexpr std::size_t kEntry = 16, kPatchHeader = 64;

std::uint32_t family_of(std::uint32_t cpuid) {
  const std::uint32_t base = cpuid >> 8 & 0xF;
  return base == 0xF ? base + (cpuid >> 20 & 0xFF) : base;
}

std::size_t most_bytes(std::uint32_t family) {
  constexpr std::uint32_t kSizes[][2] = {{0x14, 1824}, {0x15, 4096}, {0x16, 3458},
                                         {0x17, 3200}, {0x19, 5568}, {0x1A, 15296}};
  for (const auto& [known, size] : kSizes) {
    if (known == family) return size;
  }
  return 2048;
}

class AmdReader {
 public:
  AmdReader(View member, std::uint32_t cpuid, std::uint32_t revision, const XenRules& rules,
            const XenDigestCheck& digest)
      : member_(member),
        cpuid_(cpuid),
        family_(family_of(cpuid)),
        revision_(revision),
        rules_(rules),
        digest_(digest) {}

  XenPick run() {
    while (at_ < member_.size() && container()) {
    }
    if (!saved_) return {};
    const std::uint32_t id = get32(member_, *saved_ + 4);
    if (id <= revision_) return {XenOutcome::kNotNewer, saved_};
    if (rules_.min_rev && !base_is_there(*saved_, id)) return {XenOutcome::kMinRev, saved_};
    return {XenOutcome::kLoaded, saved_};
  }

 private:
  [[nodiscard]] std::size_t left() const { return member_.size() - at_; }
  [[nodiscard]] bool at_magic() const { return left() >= 4 && get32(member_, at_) == kMagic; }

  // One container; false where nothing behind it is read.
  bool container() {
    if (!at_magic()) return false;
    at_ += 4;
    if (left() < 8 || get32(member_, at_) != 0) return false;
    const std::uint32_t length = get32(member_, at_ + 4);
    if (length > left() - 8 || length % kEntry != 0) return false;
    const View table = member_.subspan(at_ + 8, length);
    at_ += 8 + length;
    const auto id = id_of(table);
    if (id) {
      if (cached_ && *cached_ != *id) return false;
      cached_ = id;
    }
    while (at_ < member_.size()) {
      if (!section(id.has_value())) return false;
      if (at_magic()) break;
    }
    return true;
  }

  [[nodiscard]] std::optional<std::uint16_t> id_of(View table) const {
    for (std::size_t at = 0; at < table.size() && get32(table, at) != 0; at += kEntry) {
      if (get32(table, at) == cpuid_) return get16(table, at + 12);
    }
    return std::nullopt;
  }

  bool section(bool wanted) {
    if (left() < 8 || get32(member_, at_) != 1) return false;
    const std::uint32_t size = get32(member_, at_ + 4);
    if (size > left() - 8 || size < kPatchHeader) return false;
    const std::size_t patch = at_ + 8;
    at_ = patch + size;
    if (wanted && size <= most_bytes(family_) && get16(member_, patch + 0x18) == *cached_)
      consider(patch, size);
    return true;
  }

  void consider(std::size_t patch, std::size_t size) {
    const std::uint32_t id = get32(member_, patch + 4);
    if (saved_ && id <= get32(member_, *saved_ + 4)) return;
    if (digest_passes(id, member_.subspan(patch, size))) saved_ = patch;
  }

  [[nodiscard]] bool digest_passes(std::uint32_t id, View patch) const {
    if (!rules_.digest_check || family_ < 0x17 || family_ > rules_.digest_families) return true;
    const KernelRules table = KernelRules::linux_6_19();
    const auto last_vulnerable = kernel_amd_cutoff(revision_, table);
    if (rules_.mitigated && last_vulnerable && revision_ > *last_vulnerable) return true;
    KernelRules list = table;
    list.sha_tsa = rules_.long_list;
    if (!kernel_amd_listed(id, list)) return false;
    return !digest_ || digest_(id, patch);
  }

  [[nodiscard]] bool base_is_there(std::size_t patch, std::uint32_t id) const {
    const std::uint32_t base = get32(member_, patch + 0x0C);
    if (get16(member_, patch + 0x18) < 0xA000 || base == 0) return true;
    if ((id & 0xFFFFFF00) != (base & 0xFFFFFF00)) return true;
    return revision_ >= base;
  }

  View member_;
  std::uint32_t cpuid_, family_, revision_;
  const XenRules& rules_;
  const XenDigestCheck& digest_;
  std::size_t at_ = 0;
  std::optional<std::uint16_t> cached_;
  std::optional<std::size_t> saved_;
};

}  // namespace

XenPick xen_intel(View member, std::uint32_t signature, std::uint32_t platform_flags,
                  std::uint32_t current_revision) {
  if (current_revision == kLeaveAlone) return {XenOutcome::kOff, {}};
  std::optional<std::size_t> saved;
  for (std::size_t at = 0; at < member.size();) {
    const auto update = next_intel(member.subspan(at));
    if (!update) break;
    const bool better = !saved || replaces(get32(member, *saved + 4), update->field(4));
    if (fits(*update, signature, platform_flags) && better) saved = at;
    at += update->all.size();
  }
  if (!saved) return {};
  const bool newer = replaces(current_revision, get32(member, *saved + 4));
  return {newer ? XenOutcome::kLoaded : XenOutcome::kNotNewer, saved};
}

XenPick xen_amd(View member, std::uint32_t cpuid, std::uint32_t current_revision,
                const XenRules& rules, const XenDigestCheck& digest) {
  const std::uint32_t family = family_of(cpuid);
  if (current_revision == kLeaveAlone || family < 0x10) return {XenOutcome::kOff, {}};
  for (const std::uint32_t last : {0x01000098U, 0x0100009FU, 0x010000AFU}) {
    if (family == 0x10 && current_revision == last) return {XenOutcome::kOff, {}};
  }
  return AmdReader(member, cpuid, current_revision, rules, digest).run();
}

}  // namespace kip::support
