#include <algorithm>

#include "ucode/entrysign.h"

namespace kip::ucode {
namespace {

// Source: Linux arch/x86/kernel/cpu/microcode/amd.c, get_cutoff_revision() as of 6.19: the rows of
// 6.14, of 6.15 (Zen 5), the corrected row 0x80012 (6.18) and the rows 0xb0081, 0xb4041 and 0xb6080
// (November 2025).
constexpr EntrySignCutoff kCutoffs[] = {
    {0x80012, 0x08001277}, {0x80082, 0x0800820f}, {0x83010, 0x0830107c}, {0x86001, 0x0860010e},
    {0x86081, 0x08608108}, {0x87010, 0x08701034}, {0x8a000, 0x08a0000a}, {0xa0010, 0x0a00107a},
    {0xa0011, 0x0a0011da}, {0xa0012, 0x0a001243}, {0xa0082, 0x0a00820e}, {0xa1011, 0x0a101153},
    {0xa1012, 0x0a10124e}, {0xa1081, 0x0a108109}, {0xa2010, 0x0a20102f}, {0xa2012, 0x0a201212},
    {0xa4041, 0x0a404109}, {0xa5000, 0x0a500013}, {0xa6012, 0x0a60120a}, {0xa7041, 0x0a704109},
    {0xa7052, 0x0a705208}, {0xa7080, 0x0a708009}, {0xa70c0, 0x0a70c009}, {0xaa001, 0x0aa00116},
    {0xaa002, 0x0aa00218}, {0xb0021, 0x0b002146}, {0xb0081, 0x0b008111}, {0xb1010, 0x0b101046},
    {0xb2040, 0x0b204031}, {0xb4040, 0x0b404031}, {0xb4041, 0x0b404101}, {0xb6000, 0x0b600031},
    {0xb6080, 0x0b608031}, {0xb7000, 0x0b700031},
};

}  // namespace

std::optional<std::uint32_t> entrysign_cutoff(std::uint32_t revision) {
  const std::uint32_t key = revision >> 8;
  const auto row =
      std::lower_bound(std::begin(kCutoffs), std::end(kCutoffs), key,
                       [](const EntrySignCutoff& r, std::uint32_t k) { return r.key < k; });
  if (row == std::end(kCutoffs) || row->key != key) return std::nullopt;
  return row->cutoff;
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
