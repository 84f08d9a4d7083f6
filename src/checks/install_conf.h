// Settings of kernel-install, and of ukify, by which an image is sealed before kip's plugins come to it, or gets microcode in front
// of theirs.
#pragma once

#include "src/checks/key_lines.h"

namespace kip::checks {

/// The layout is one in which nobody's plugin may change the image.
inline constexpr const char* kRuleLayout = "doctor-layout";
/// The unified image is made by its generator, and finished when 58 comes to it.
inline constexpr const char* kRuleSealed = "doctor-uki-sealed";
/// Microcode comes into an image twice: by its generator or builder, and by kip.
inline constexpr const char* kRuleDoubles = "doctor-generator-doubles";

/// install.conf, and behind it its drop-ins where kernel-install reads them (systemd 256 on, or not known).
Result<std::vector<KeyLine>> read_install_conf(const Root& root, std::optional<unsigned> systemd);

/// The first uki.conf that there is.
Result<std::vector<KeyLine>> read_uki_conf(const Root& root);

/// Pure.
std::vector<Finding> check_install_conf(const std::vector<KeyLine>& install,
                                        const std::vector<KeyLine>& uki);

}  // namespace kip::checks
