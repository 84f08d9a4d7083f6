// What the verbs report, as plain values; report_text.cc and json.cc say the same thing twice.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/base/finding.h"
#include "src/host/cpus.h"
#include "ucode/update.h"

namespace kip::cli {

struct UpdateRow {
  ucode::Update update;
  std::string file;  // with the member in brackets
  std::uint64_t offset = 0;
  std::string sha256;  // hex, empty if not computed
};

struct ListReport {
  std::vector<UpdateRow> updates;
  std::vector<Finding> findings;
};

struct VerifyReport {
  std::uint64_t files = 0;
  std::uint64_t updates = 0;
  std::vector<Finding> findings;
};

struct HostReport {
  host::Machine machine;
};

/// One CPU asked for, and what it gets.
struct PackedCpu {
  std::string label;
  std::optional<std::uint32_t> running;
  std::vector<UpdateRow> updates;   // chosen, in order of writing
  std::vector<std::string> effect;  // one an update: what the kernel will do
};

struct PackReport {
  std::string output;  // empty: stdout or nothing written
  std::uint64_t bytes = 0;
  std::uint64_t updates = 0;
  std::vector<PackedCpu> cpus;
  std::vector<std::string> notes;
};

struct ExtractReport {
  std::vector<UpdateRow> updates;  // file: what was written
};

std::string to_text(const ListReport& report);
std::string to_text(const HostReport& report);

/// "06-8f-08 0x000806f8 pf 0x10", all targets of an update behind each other.
std::string targets_text(const ucode::Update& update);

/// One line for each update of a CPU, for pack's summary.
std::vector<std::string> to_lines(const PackedCpu& cpu);

}  // namespace kip::cli
