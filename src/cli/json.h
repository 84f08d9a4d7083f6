// JSON in and out: the one place that knows the library for it. Keys are stable; `schema` counts
// changes of meaning.
#pragma once

#include <string>
#include <vector>

#include "src/base/result.h"
#include "src/cli/boot_report.h"
#include "src/cli/coverage_report.h"
#include "src/cli/doctor_report.h"
#include "src/cli/image_report.h"
#include "src/cli/modules_report.h"
#include "src/cli/predict_report.h"
#include "src/cli/refresh_report.h"
#include "src/cli/report.h"
#include "src/cli/split.h"
#include "src/cli/status_report.h"
#include "src/host/cpus.h"
#include "src/image/listing.h"

namespace kip::cli {

std::string to_json(const ListReport& report);
std::string to_json(const VerifyReport& report);

/// The same as a bill of materials, SPDX 2.3 in JSON.
struct SbomOrigin {
  std::string tool;          // "ucode-pack-0.1"
  std::int64_t created = 0;  // seconds since 1970
};
std::string to_sbom(const ListReport& report, const SbomOrigin& origin);

std::string to_json(const HostReport& report);
std::string to_json(const PackReport& report);
std::string to_json(const SplitReport& report);
std::string to_json(const ExtractReport& report);
std::string to_json(const InspectReport& report);
std::string to_json(const PredictReport& report);
std::string to_json(const BootReport& report);
std::string to_json(const CoverageReport& report);

/// The members of an image, which are printed as they come: what stands in front of them, one of them
/// on a line without its end, what stands behind.
std::string members_json_begin(const std::string& image);
std::string member_json(const image::Row& row);
std::string members_json_end(const std::vector<Finding>& faults);

std::string to_json(const DiffReport& report);
std::string to_json(const JoinReport& report);

std::string to_json(const ModuleListReport& report);
std::string to_json(const WhyReport& report);
std::string to_json(const LintReport& report);
std::string to_json(const OverlayReport& report);
std::string to_json(const EmitReport& report);

std::string to_json(const StatusReport& report);
std::string to_json(const RefreshReport& report);
std::string to_json(const DoctorReport& report);

/// Whether a line or file looks like a JSON record.
bool looks_like_json(std::string_view text);

/// What a `host --json` record says of its machine.
Result<host::Machine> machine_from_json(std::string_view text);

}  // namespace kip::cli
