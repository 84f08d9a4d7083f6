// The kernels that predict is asked about.
//
//   parse_kernels("6.12.60,6.18.2")  ->  two;  parse_kernels("all")  ->  one, without a version
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/result.h"
#include "ucode/kernel_rules.h"

namespace kip::ucode_pack {

struct AskedKernel {
  std::string name;                             // empty: every kernel
  std::optional<ucode::KernelVersion> version;  // nullopt: the same
};

/// Releases as uname -r prints them, and "all", separated by commas. kInvalid: something else.
Result<std::vector<AskedKernel>> parse_kernels(std::string_view list);

}  // namespace kip::ucode_pack
