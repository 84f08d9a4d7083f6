#include <algorithm>

#include "ucode/entrysign.h"

namespace kip::ucode {
namespace {

// Source: Linux arch/x86/kernel/cpu/microcode/amd.c, get_cutoff_revision() as of 6.19: the rows of
// 6.14, of 6.15 (Zen 5), the corrected row 0x80012 (6.18) and the rows 0xb0081, 0xb4041 and 0xb6080
// (November 2025).
constexpr std::uint32_t kNaples = 0x80012;
constexpr std::uint32_t kNaplesAtFirst = 0x0800126f;

constexpr EntrySignCutoff kCutoffs[] = {
    {0x80012, 0x08001277},
    {0x80082, 0x0800820f},
    {0x83010, 0x0830107c},
    {0x86001, 0x0860010e},
    {0x86081, 0x08608108},
    {0x87010, 0x08701034},
    {0x8a000, 0x08a0000a},
    {0xa0010, 0x0a00107a},
    {0xa0011, 0x0a0011da},
    {0xa0012, 0x0a001243},
    {0xa0082, 0x0a00820e},
    {0xa1011, 0x0a101153},
    {0xa1012, 0x0a10124e},
    {0xa1081, 0x0a108109},
    {0xa2010, 0x0a20102f},
    {0xa2012, 0x0a201212},
    {0xa4041, 0x0a404109},
    {0xa5000, 0x0a500013},
    {0xa6012, 0x0a60120a},
    {0xa7041, 0x0a704109},
    {0xa7052, 0x0a705208},
    {0xa7080, 0x0a708009},
    {0xa70c0, 0x0a70c009},
    {0xaa001, 0x0aa00116},
    {0xaa002, 0x0aa00218},
    {0xb0021, 0x0b002146, KernelRule::kShaZen5},
    {0xb0081, 0x0b008111, KernelRule::kMoreModels},
    {0xb1010, 0x0b101046, KernelRule::kShaZen5},
    {0xb2040, 0x0b204031, KernelRule::kShaZen5},
    {0xb4040, 0x0b404031, KernelRule::kShaZen5},
    {0xb4041, 0x0b404101, KernelRule::kShimada},
    {0xb6000, 0x0b600031, KernelRule::kShaZen5},
    {0xb6080, 0x0b608031, KernelRule::kMoreModels},
    {0xb7000, 0x0b700031, KernelRule::kShaZen5},
};

}  // namespace

std::optional<std::uint32_t> entrysign_cutoff(std::uint32_t revision) {
  return entrysign_cutoff(revision, LoaderRules::newest());
}

std::optional<std::uint32_t> entrysign_cutoff(std::uint32_t revision, const LoaderRules& rules) {
  const std::uint32_t key = revision >> 8;
  const auto row =
      std::lower_bound(std::begin(kCutoffs), std::end(kCutoffs), key,
                       [](const EntrySignCutoff& r, std::uint32_t k) { return r.key < k; });
  if (row == std::end(kCutoffs) || row->key != key) return std::nullopt;
  // Whoever asks has a kernel with the first rows.
  if (row->since != KernelRule::kSha && !rules.has(row->since)) return std::nullopt;
  if (key == kNaples && !rules.has(KernelRule::kNaples)) return kNaplesAtFirst;
  return row->cutoff;
}

bool digests_concern(CpuSignature cpu, const LoaderRules& rules) {
  if (!rules.has(KernelRule::kKnownModels))
    return cpu.family() <= 0x19 || rules.has(KernelRule::kShaZen5);
  if (cpu.family() != 0x1a) return cpu.family() == 0x17 || cpu.family() == 0x19;
  const std::uint32_t last = rules.has(KernelRule::kStrixHalo) ? 0x7f : 0x6f;
  const std::uint32_t model = cpu.model();
  return model <= 0x2f || (model >= 0x40 && model <= 0x4f) || (model >= 0x60 && model <= last);
}

std::optional<EntrySignClass> entrysign_class(std::uint32_t revision) {
  const auto cutoff = entrysign_cutoff(revision);
  if (!cutoff) return std::nullopt;
  return revision <= *cutoff ? EntrySignClass::kOld : EntrySignClass::kFixed;
}

std::span<const EntrySignCutoff> entrysign_cutoffs() {
  return kCutoffs;
}

}  // namespace kip::ucode
