// CPUs as microcode sees them: vendor, signature, platform flags.
//
// A signature is CPUID leaf 1 EAX: stepping 3:0, base model 7:4, base family 11:8, type 13:12,
// extended model 19:16, extended family 27:20. Source: Intel SDM vol. 2A, "CPUID"; AMD APM vol. 3,
// "CPUID Fn0000_0001_EAX".
//
//   CpuSignature{0x000b06f6}.name()  ->  "06-bf-06"
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace kip::ucode {

enum class Vendor : std::uint8_t { kIntel, kAmd };

const char* vendor_name(Vendor vendor);  // "intel", "amd"

struct CpuSignature {
  std::uint32_t value = 0;

  /// Display family: the base family, plus the extended one when the base is 0xf.
  std::uint32_t family() const;
  /// Display model: the extended model counts from family 6 on.
  std::uint32_t model() const;
  std::uint32_t stepping() const { return value & 0xf; }

  /// "family-model-stepping" in lower-case hex, two digits each: the name of Intel's files.
  std::string name() const;

  auto operator<=>(const CpuSignature&) const = default;
};

/// As people of the vendor write it: "06-bf-06"; of AMD "cpu00A20F12".
std::string cpu_name(Vendor vendor, CpuSignature signature);

/// The bits of a signature that family, model and stepping determine: all but type (13:12) and the
/// reserved ones.
inline constexpr std::uint32_t kFamilyModelSteppingMask = 0x0fff0fff;

/// The signature with type 0 for display numbers; nullopt if they do not fit (family > 0x10e, model
/// > 0xff …).
std::optional<CpuSignature> signature_of(std::uint32_t family, std::uint32_t model,
                                         std::uint32_t stepping);

/// Whether Linux has a microcode loader for the family: Intel from 6, AMD from 0x10 (Hygon's 0x18
/// is not AMD's).
bool has_loader(Vendor vendor, CpuSignature signature);

}  // namespace kip::ucode
