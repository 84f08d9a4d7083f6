#include <charconv>

#include "ucode/selector.h"

namespace kip::ucode {
namespace {

std::optional<std::uint32_t> hex(std::string_view digits) {
  std::uint32_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::optional<std::uint32_t> prefixed_hex(std::string_view text) {
  if (!text.starts_with("0x") && !text.starts_with("0X")) return std::nullopt;
  return hex(text.substr(2));
}

// Takes the part up to the next separator off the front.
std::string_view take_part(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

Result<CpuSignature> display_name(std::string_view text) {
  const auto family = hex(take_part(text, '-'));
  const auto model = hex(take_part(text, '-'));
  const auto stepping = hex(text);
  if (!family || !model || !stepping)
    return fail(Errc::kInvalid, "no CPU, which is written as 06-8f-08, 0x806f8 or cpu00A20F12");
  const auto signature = signature_of(*family, *model, *stepping);
  if (!signature) return fail(Errc::kInvalid, "no CPU has this family, model or stepping");
  return *signature;
}

Status parse_bound(std::string_view text, Selector& selector) {
  if (text.starts_with("lt:")) {
    selector.bound = Selector::Bound::kLess;
  } else if (text.starts_with("eq:")) {
    selector.bound = Selector::Bound::kEqual;
  } else if (text.starts_with("gt:")) {
    selector.bound = Selector::Bound::kGreater;
  } else {
    return fail(Errc::kInvalid, "a revision bound begins with lt:, eq: or gt:");
  }
  const auto revision = prefixed_hex(text.substr(3));
  if (!revision) return fail(Errc::kInvalid, "a revision is written as 0x2b000000");
  selector.revision = *revision;
  return {};
}

// Signature, platform flags, bound, separated by commas; later ones may be missing.
Status parse_signature_form(std::string_view text, Selector& selector) {
  const auto signature = prefixed_hex(take_part(text, ','));
  if (!signature) return fail(Errc::kInvalid, "a signature is written as 0x806f8");
  selector.signature = *signature;
  if (const std::string_view flags = take_part(text, ','); !flags.empty()) {
    selector.platform_flags = prefixed_hex(flags);
    if (!selector.platform_flags) return fail(Errc::kInvalid, "platform flags are written as 0x87");
  }
  if (!text.empty()) TRY(parse_bound(text, selector));
  return {};
}

// Families below 10h have a loader at Intel only.
std::optional<Vendor> implied_vendor(std::uint32_t signature) {
  if (CpuSignature{signature}.family() < 0x10) return Vendor::kIntel;
  return std::nullopt;
}

}  // namespace

bool Selector::takes_revision(std::uint32_t candidate) const {
  switch (bound) {
    case Bound::kAny:
      return true;
    case Bound::kLess:
      return candidate < revision;
    case Bound::kEqual:
      return candidate == revision;
    case Bound::kGreater:
      return candidate > revision;
  }
  return false;
}

bool flags_meet(const Selector& selector, Vendor vendor, const Target& target) {
  return vendor == Vendor::kAmd || !selector.platform_flags ||
         (*selector.platform_flags & target.platform_flags) != 0 ||
         *selector.platform_flags == target.platform_flags;
}

Result<Selector> parse_selector(std::string_view text) {
  Selector selector;
  if (text.starts_with('!')) {
    selector.exclude = true;
    text.remove_prefix(1);
  }
  if (text.starts_with("intel:") || text.starts_with("amd:")) {
    selector.vendor = text.front() == 'i' ? Vendor::kIntel : Vendor::kAmd;
    text.remove_prefix(text.find(':') + 1);
  }
  if (text.starts_with("cpu")) {
    const auto signature = text.size() == 11 ? hex(text.substr(3)) : std::nullopt;
    if (!signature) return fail(Errc::kInvalid, "an AMD CPUID is written as cpu00A20F12");
    selector.signature = *signature;
    if (!selector.vendor) selector.vendor = Vendor::kAmd;
  } else if (text.starts_with("0x") || text.starts_with("0X")) {
    TRY(parse_signature_form(text, selector));
  } else {
    selector.signature = TRY(display_name(text)).value;
    selector.signature_mask = kFamilyModelSteppingMask;
  }
  if (!selector.vendor) selector.vendor = implied_vendor(selector.signature);
  return selector;
}

Selector selector_for(Vendor vendor, CpuSignature cpu,
                      std::optional<std::uint32_t> platform_flags) {
  Selector selector;
  selector.vendor = vendor;
  selector.signature = cpu.value;
  selector.platform_flags = platform_flags;
  return selector;
}

}  // namespace kip::ucode
