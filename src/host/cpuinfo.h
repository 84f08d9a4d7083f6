// The text of /proc/cpuinfo, a line at a time: this machine's, a saved one, or those of many machines behind each other.
//
//   CpuinfoReader reader;
//   for (line : text) if (auto machine = TRY(reader.take(line))) use(*machine);
//   if (auto machine = TRY(reader.finish())) use(*machine);
//
// x86 kernels (arch/x86/kernel/cpu/proc.c) write a paragraph a CPU, with its number first; numbers ascend, so one that does
// not begins another machine. Source of the other architectures' first line: their own show_cpuinfo().
#pragma once

#include <string>
#include <string_view>

#include "src/host/cpus.h"

namespace kip::host {

/// One CPU's paragraph while it is being read.
struct CpuinfoParagraph {
  std::optional<std::uint32_t> processor, family, model, stepping, revision;
  std::string vendor_id, model_name;
  bool hypervisor = false;

  void take(std::string_view line);

  /// nullopt if it says too little, or describes no x86 CPU.
  std::optional<Cpu> cpu() const;
};

/// Counts a CPU among those of its kind.
void count_cpu(std::vector<Cpu>& cpus, const Cpu& cpu);

class CpuinfoReader {
 public:
  /// Kinds of CPU in one machine; more is no machine.
  static constexpr std::size_t kKindLimit = 1024;

  /// Whether the line is cpuinfo's: a key that a text begins with or, behind such a line, any key with a colon and a blank
  /// behind it: ARM's and POWER's end with paragraphs about the board. `intel:0x120f00` is none.
  bool is_line(std::string_view line) const;

  /// A machine, if the line shows that it is complete. An empty line ends a paragraph. kInvalid: a CPU that lacks its family
  /// or model, or that has impossible ones.
  Result<std::optional<Machine>> take(std::string_view line);

  /// The machine that is not complete before its text ends.
  Result<std::optional<Machine>> finish();

 private:
  Status close();

  CpuinfoParagraph paragraph_;
  bool open_ = false;                  // lines were read since the last paragraph ended
  std::optional<std::uint32_t> last_;  // number of the CPU that was read last
  Machine machine_;
};

/// What a machine says that is of another architecture: its CPU has no vendor, and no loader either.
inline constexpr const char* kNotX86 = "not x86";

}  // namespace kip::host
