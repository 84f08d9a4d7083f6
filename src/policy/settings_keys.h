// The keys of kip.conf.d and what their values may be. Internal to settings.
#pragma once

#include "src/policy/settings.h"

namespace kip::policy {

/// What stands between blanks and line ends.
std::vector<std::string_view> words_of(std::string_view text);

Status check_cpu(std::string_view value);
Status check_path(std::string_view value);  // absolute

/// One line into the settings, or a finding.
void take_line(Settings& settings, const ConfLine& line);

/// A finding of kError.
Finding setting_fault(const char* rule, const Origin& origin, std::string text);

}  // namespace kip::policy
