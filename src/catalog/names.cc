#include <charconv>

#include "src/catalog/names.h"
#include "src/codec/codec.h"

namespace kip::catalog {
namespace {

/// Families up to here share microcode_amd.bin; from the next on, each has a file of its own.
constexpr std::uint32_t kLastSharedFamily = 0x14;

std::optional<std::uint32_t> hex_pair(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size() || text.size() != 2)
    return std::nullopt;
  for (const char c : text) {
    if (c >= 'A' && c <= 'F') return std::nullopt;
  }
  return value;
}

std::optional<Claim> intel_claim(std::string_view name) {
  for (const std::string_view suffix : {".early", ".initramfs"}) {
    if (name.ends_with(suffix)) name.remove_suffix(suffix.size());
  }
  if (name.size() != 8 || name[2] != '-' || name[5] != '-') return std::nullopt;
  const auto family = hex_pair(name.substr(0, 2));
  const auto model = hex_pair(name.substr(3, 2));
  const auto stepping = hex_pair(name.substr(6, 2));
  if (!family || !model || !stepping) return std::nullopt;
  Claim claim;
  claim.by_name = true;
  claim.vendor = ucode::Vendor::kIntel;
  claim.signature = ucode::signature_of(*family, *model, *stepping);
  return claim;
}

std::optional<Claim> amd_claim(std::string_view name) {
  constexpr std::string_view kBegin = "microcode_amd";
  constexpr std::string_view kEnd = ".bin";
  if (!name.starts_with(kBegin) || !name.ends_with(kEnd) ||
      name.size() < kBegin.size() + kEnd.size())
    return std::nullopt;
  name = name.substr(kBegin.size(), name.size() - kBegin.size() - kEnd.size());
  Claim claim;
  claim.by_name = true;
  claim.vendor = ucode::Vendor::kAmd;
  if (name.empty()) claim.last_family = kLastSharedFamily;
  if (name.starts_with("_fam") && name.ends_with('h')) {
    if (const auto family = hex_pair(name.substr(4, name.size() - 5)))
      claim.first_family = claim.last_family = *family;
  }
  return claim;
}

}  // namespace

bool Claim::may_serve(const ucode::Selector& cpu) const {
  if (vendor && cpu.vendor && *vendor != *cpu.vendor) return false;
  const ucode::CpuSignature asked{cpu.signature};
  if (signature && ((signature->value ^ asked.value) & ucode::kFamilyModelSteppingMask) != 0)
    return false;
  return asked.family() >= first_family && asked.family() <= last_family;
}

std::optional<Claim> claim_of(std::string_view path) {
  const std::string_view name = without_suffix(path.substr(path.rfind('/') + 1));
  if (auto claim = amd_claim(name)) return claim;
  return intel_claim(name);
}

std::string_view without_suffix(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return codec::method_of_suffix(name) ? name.substr(0, dot) : name;
}

}  // namespace kip::catalog
