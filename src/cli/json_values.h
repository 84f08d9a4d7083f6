// What JSON reports are made of. Behind json.h: the one file that includes the library for it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "src/base/finding.h"
#include "src/cli/report.h"

namespace kip::cli::detail {

using Json = nlohmann::ordered_json;

inline constexpr int kSchema = 1;

/// "0x000806f8".
std::string hex32(std::uint32_t value);

/// Paths are bytes; JSON is UTF-8. What is neither is replaced, as everywhere that names are shown.
std::string dump(const Json& json);

/// What every report begins with.
Json envelope(const char* what);

Json row_json(const UpdateRow& row);
Json rows_json(const std::vector<UpdateRow>& rows);
Json findings_json(const std::vector<Finding>& findings);

}  // namespace kip::cli::detail
