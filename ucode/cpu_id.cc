#include <fmt/format.h>

#include "ucode/cpu_id.h"

namespace kip::ucode {

const char* vendor_name(Vendor vendor) {
  return vendor == Vendor::kIntel ? "intel" : "amd";
}

std::uint32_t CpuSignature::family() const {
  const std::uint32_t base = (value >> 8) & 0xf;
  return base == 0xf ? base + ((value >> 20) & 0xff) : base;
}

std::uint32_t CpuSignature::model() const {
  const std::uint32_t base = (value >> 4) & 0xf;
  return family() >= 6 ? base | ((value >> 12) & 0xf0) : base;
}

std::string CpuSignature::name() const {
  return fmt::format("{:02x}-{:02x}-{:02x}", family(), model(), stepping());
}

std::string cpu_name(Vendor vendor, CpuSignature signature) {
  return vendor == Vendor::kAmd ? fmt::format("cpu{:08X}", signature.value) : signature.name();
}

std::optional<CpuSignature> signature_of(std::uint32_t family, std::uint32_t model,
                                         std::uint32_t stepping) {
  if (family > 0xf + 0xff || model > 0xff || stepping > 0xf) return std::nullopt;
  if (family < 6 && model > 0xf) return std::nullopt;
  const std::uint32_t base_family = family < 0xf ? family : 0xf;
  const CpuSignature signature{stepping | (model & 0xf) << 4 | base_family << 8 |
                               (model >> 4) << 16 | (family - base_family) << 20};
  return signature;
}

bool has_loader(Vendor vendor, CpuSignature signature) {
  const std::uint32_t family = signature.family();
  return vendor == Vendor::kIntel ? family >= 6 : family >= 0x10 && family != 0x18;
}

}  // namespace kip::ucode
