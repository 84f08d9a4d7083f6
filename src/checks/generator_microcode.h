// Settings by which a generator leaves microcode out of its initrds. Harmless where kip puts it in, and a loss where kip does not come to
// the image.
#pragma once

#include "src/base/file.h"
#include "src/policy/dracut.h"
#include "ucode/cpu_id.h"

namespace kip::checks {

/// A generator is told to leave microcode out, and nobody else puts it in.
inline constexpr const char* kRuleDrops = "doctor-generator-drops";

struct MicrocodeOff {
  std::string generator;                // "dracut"
  std::string place;                    // file:line, or the file
  std::string setting;                  // "early_microcode=no"
  std::string wanted;                   // what to write instead
  std::optional<ucode::Vendor> vendor;  // nullopt: of either
};

/// Of generators that are installed.
Result<std::vector<MicrocodeOff>> read_microcode_off(const Root& root,
                                                     const policy::DracutFiles& dracut);

/// Pure: whether the HOOKS of mkinitcpio, as the text leaves them, lack `microcode`; false where it sets none.
bool hooks_lack_microcode(std::string_view text);

}  // namespace kip::checks
