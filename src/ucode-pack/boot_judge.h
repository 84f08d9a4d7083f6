// What runs on each kind of CPU of this machine, held against the image that was booted, as rows of check-boot's report.
//
//   HandedOver handed;
//   add_file(TRY(cli::read_image(path)), path, handed);         // each file, in the boot loader's order
//   report.cpus = judge_boot(handed, TRY(cli::resolve_cpus({})));
#pragma once

#include <array>
#include <string>
#include <vector>

#include "src/cli/boot_report.h"
#include "src/cli/loader_source.h"

namespace kip::ucode_pack {

/// What the boot loader handed over, of all files together.
struct HandedOver {
  cli::LoaderSource source;
  std::array<std::string, 2> stream_in;  // the file of each stream, in the order of source.streams
  std::vector<std::string> unseen_in;    // the file of each update in source.unseen
  bool is_later = false;                 // a file was written after this boot
};

/// The first file with something of a vendor counts.
void add_file(cli::LoaderSource source, const std::string& path, HandedOver& handed);

/// In the order of the machine's kinds of CPUs. REQUIRES: the request is for the host.
std::vector<cli::BootRow> judge_boot(const HandedOver& handed, const cli::CpuRequest& request);

}  // namespace kip::ucode_pack
