// What `check-boot` reports: boot_text.cc, json_boot.cc and boot_metrics.cc say the same thing, and the journal's entry does too.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/cli/exit_code.h"
#include "src/cli/journal.h"
#include "ucode/cpu_id.h"

namespace kip::cli {

enum class BootVerdict : std::uint8_t {
  kTaken,      // runs what the loader takes from the image
  kNotNeeded,  // runs something as new, or newer
  kNothing,    // the image has nothing for this CPU
  kGuest,      // nobody's business here
  kNextBoot,   // the image was written after this boot, and has something newer
  kNotTaken,   // runs something older
  kLags,       // others of its kind run something newer
  kUnknown,    // the kernel shows no revision
};
const char* verdict_name(BootVerdict verdict);

/// CPUs that are alike, in their revision too.
struct BootRow {
  std::string label;   // "06-8f-08 0x000806f8,0x10"
  std::string vendor;  // "intel", "amd", or as cpuinfo has it
  ucode::CpuSignature signature;
  std::optional<std::uint32_t> platform_flags;
  unsigned count = 1;
  std::optional<std::uint32_t> running, packed;  // packed: of kNextBoot what that will bring
  BootVerdict verdict = BootVerdict::kNothing;
  std::string text;    // a clause behind "runs …: "
  std::string remedy;  // empty: none

  bool operator==(const BootRow&) const = default;
};

struct BootReport {
  std::string kernel;              // uname -r
  std::vector<std::string> files;  // of the image; in a guest none
  bool recorded = false;           // they were found by kip's record
  bool hypervisor = false;
  std::vector<BootRow> cpus;
};

/// The highest of all rows.
ExitCode code_of(const BootReport& report);

/// "06-55-04 0x00050654,0x01, 8 CPUs: runs 0x02007006: taken"
std::string to_line(const BootRow& row);

/// One line for each kind of CPU.
std::string to_text(const BootReport& report);

/// What all of our entries have in common, for `journalctl MESSAGE_ID=`: ucode-pack(1) names it.
inline constexpr const char* kBootMessageId = "6e31c838032f4cfdbf297d5226dc04a0";
std::vector<JournalField> to_journal(const BootReport& report);

/// For node_exporter's textfile collector.
std::string to_metrics(const BootReport& report);

/// The same where nothing could be checked: the figures of an earlier boot are not to stay.
std::string metrics_unchecked();

}  // namespace kip::cli
