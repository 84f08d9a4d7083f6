// What `kip doctor` reports, as plain values.
#pragma once

#include <string>
#include <vector>

#include "src/base/finding.h"

namespace kip::cli {

struct DoctorReport {
  std::vector<Finding> findings;  // errors, warnings, notes
};

std::string to_text(const DoctorReport& report);

}  // namespace kip::cli
