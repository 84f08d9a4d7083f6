// Whether keys of disks are bound to what a TPM measured: where the image is part of that, another image means another key.
//
//   for (const std::string& place : sealed_by_tpm(root)) ...   // "/etc/crypttab:2"
//
// What shows in files: tpm2-… among the options of crypttab(5), and the policy of systemd-pcrlock(8). A token in a LUKS header that
// nothing names (clevis) does not.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "src/base/file.h"

namespace kip::host {

/// Places that say so. What cannot be read says nothing.
std::vector<std::string> sealed_by_tpm(const Root& root);

/// Pure: numbers of lines of a crypttab(5), from 1, whose volume is opened by a TPM.
std::vector<std::size_t> tpm_lines(std::string_view crypttab);

}  // namespace kip::host
