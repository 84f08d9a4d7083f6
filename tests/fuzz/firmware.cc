#include <algorithm>

#include "tests/fuzz/firmware.h"
#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"
#include "tests/support/kernel_amd.h"

namespace kip::fuzz {
namespace {

constexpr std::uint32_t kIntelSignatures[] = {0x000B06F2, 0x000806F8, 0x000306C3, 0x00000632};
constexpr std::uint32_t kFlags[] = {0x00, 0x01, 0x02, 0x03, 0x10, 0x87};
constexpr std::uint32_t kBits[] = {0x00, 0x01, 0x02, 0x10, 0x80};
constexpr std::uint32_t kDebug = 0x80000000;

constexpr std::uint32_t kOldCpus[][2] = {{0x00100F22, 0x00100F43}, {0x00600F12, 0x00610F01}};
// All but the last have an EntrySign cutoff.
constexpr std::uint32_t kZenCpus[] = {0x00870F10, 0x00800F12, 0x00A00F11,
                                      0x00A20F12, 0x00B00F21, 0x00BF0F0F};

}  // namespace

Firmware::Firmware(Choices& choices) {
  choose_cpus(choices);
  files_.push_back(intel_file(choices));
  support::Blob containers;
  for (std::uint32_t i = choices.below(4); i > 0; --i) {
    const bool zen = choices.flip();
    support::append(containers, zen ? zen_container(choices) : old_container(choices));
  }
  files_.push_back(std::move(containers));
}

void Firmware::choose_cpus(Choices& choices) {
  for (std::uint32_t i = 1 + choices.below(4); i > 0; --i) {
    Cpu cpu;
    switch (choices.below(3)) {
      case 0:
        cpu = {ucode::Vendor::kIntel, choices.one_of(kIntelSignatures), choices.one_of(kBits)};
        break;
      case 1:
        cpu = {ucode::Vendor::kAmd, choices.one_of(kZenCpus), 0};
        break;
      default:
        cpu = {ucode::Vendor::kAmd, choices.one_of(choices.one_of(kOldCpus)), 0};
    }
    if (std::find(cpus_.begin(), cpus_.end(), cpu) == cpus_.end()) cpus_.push_back(cpu);
  }
}

support::Blob Firmware::intel_file(Choices& choices) {
  support::Blob stream;
  for (std::uint32_t i = choices.below(9); i > 0; --i) {
    support::IntelBlob update;
    const Sound header{choices.one_of(kIntelSignatures), choices.one_of(kFlags),
                       choices.below(16) | (choices.below(8) == 7 ? kDebug : 0)};
    update.signature(header.signature).platform_flags(header.platform_flags);
    update.revision(header.revision).body_size(4 + 4 * choices.below(32)).seed(choices.byte());
    std::vector<Sound> all = {header};
    if (choices.flip()) {
      std::vector<support::IntelTarget> extended(choices.below(3));
      for (support::IntelTarget& target : extended) {
        target = {choices.one_of(kIntelSignatures), choices.one_of(kFlags)};
        all.push_back({target.signature, target.platform_flags, header.revision});
      }
      update.extended(extended);
    }
    const bool broken = choices.below(8) == 7;
    if (broken) update.break_main_sum();
    any_broken_ = any_broken_ || broken;
    if (!broken) intel_.insert(intel_.end(), all.begin(), all.end());
    support::append(stream, update.bytes());
  }
  return stream;
}

// Zen ids hold the CPU, and a container may hold several families.
support::Blob Firmware::zen_container(Choices& choices) {
  support::AmdBlob blob;
  blob.terminator(choices.flip());
  for (std::uint32_t i = choices.below(5); i > 0; --i) {
    const std::uint32_t cpuid = choices.one_of(kZenCpus);
    const std::uint32_t id = support::zen_lowest_revision(cpuid) | choices.byte();
    blob.zen(support::AmdPatch(id).size(64 + choices.byte()).seed(choices.byte()));
    amd_.push_back({cpuid, 0, id});
  }
  return blob.bytes();
}

// In older ids the CPU is a number like any other: the table alone says whose a patch is, and two
// containers may give the same equivalence id to different CPUs of a family.
support::Blob Firmware::old_container(Choices& choices) {
  const auto& family = choices.one_of(kOldCpus);
  const auto equivalence = [&] { return support::zen_equivalence(choices.one_of(family)); };
  support::AmdBlob blob;
  std::uint16_t row[2];
  for (std::size_t i = 0; i < 2; ++i) {
    row[i] = equivalence();
    blob.entry(family[i], row[i]);
  }
  for (std::uint32_t i = choices.below(4); i > 0; --i) {
    const std::uint32_t id = 0x01000000 + choices.byte();
    const std::uint16_t its = equivalence();
    blob.patch(support::AmdPatch(id).equivalence(its).size(64 + choices.byte()));
    for (std::size_t cpu = 0; cpu < 2; ++cpu) {
      if (row[cpu] == its) amd_.push_back({family[cpu], 0, id});
    }
  }
  return blob.bytes();
}

std::optional<std::uint32_t> Firmware::best_intel(const Cpu& cpu) const {
  std::uint32_t best = 0;
  for (const Sound& it : intel_) {
    const bool fits = (it.platform_flags & cpu.platform_flags) != 0 ||
                      (it.platform_flags == 0 && cpu.platform_flags == 0);
    if (it.signature == cpu.signature && fits && it.revision < kDebug)
      best = std::max(best, it.revision);
  }
  return best != 0 ? std::optional(best) : std::nullopt;
}

std::optional<std::uint32_t> Firmware::best_amd(const Cpu& cpu, AmdClass of) const {
  std::optional<std::uint32_t> best;
  for (const Sound& it : amd_) {
    if (it.signature != cpu.signature) continue;
    if (of != AmdClass::kAny) {
      const auto cutoff = support::kernel_amd_cutoff(it.revision);
      if ((it.revision <= cutoff.value_or(0)) != (of == AmdClass::kOld)) continue;
    }
    best = std::max(best.value_or(0), it.revision);
  }
  return best;
}

std::optional<std::uint32_t> Firmware::best(const Cpu& cpu) const {
  return cpu.vendor == ucode::Vendor::kIntel ? best_intel(cpu) : best_amd(cpu, AmdClass::kAny);
}

}  // namespace kip::fuzz
