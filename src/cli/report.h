// What the verbs report, as plain values; report_text.cc and json.cc say the same thing twice.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/base/finding.h"
#include "src/host/cpus.h"
#include "src/image/diff.h"
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

struct DiffReport {
  std::string a, b;        // images
  bool identical = false;  // byte for byte
  image::Difference difference;
  std::vector<Finding> findings;
};

/// A file, or what is taken of it, in a joined image.
struct JoinedPart {
  std::string file;
  std::uint64_t offset = 0;    // of its first byte in the image
  std::uint64_t size = 0;      // bytes taken
  std::uint64_t left_out = 0;  // bytes of it: its microcode
  std::uint64_t padding = 0;   // zero bytes in front of it
};

/// join and swap.
struct JoinReport {
  const char* verb = "join";
  std::string output;   // empty: stdout or nothing written
  bool changed = true;  // swap: false if the image was so already
  std::uint64_t bytes = 0;
  std::uint64_t early_bytes = 0;   // of the early part in front
  std::vector<UpdateRow> updates;  // in it
  std::vector<JoinedPart> parts;
};

std::string to_text(const ListReport& report);
std::string to_text(const HostReport& report);
std::string to_text(const DiffReport& report);

/// "06-8f-08 0x000806f8 pf 0x10", all targets of an update behind each other.
std::string targets_text(const ucode::Update& update);

/// One line for each update of a CPU, for pack's summary.
std::vector<std::string> to_lines(const PackedCpu& cpu);

/// One line for each part.
std::vector<std::string> to_lines(const JoinReport& report);

}  // namespace kip::cli
