// node_exporter's metric node_cpu_info, in the text that Prometheus' exporters are read by and that federation answers with.
//
//   node_cpu_info{cachesize="61440 KB",core="0",cpu="0",family="6",microcode="0x2b000639",model="143",
//       model_name="…",package="0",stepping="8",vendor="GenuineIntel",instance="rack1:9100"} 1          (one line)
//
// One line a logical CPU, in no order that means anything: exporters sort by the values of labels, federation mixes machines.
// So a machine is counted with its CPU 0, which x86 kernels keep online; nobody has to remember whose lines were seen.
// Family, model and stepping are decimal, as in cpuinfo. Platform flags and hypervisor are not told, but the
// revisions that KVM and Hyper-V show are no CPU's. The instance is a label of
// Prometheus' own: federation has it, the exporter does not.
// Source: node_exporter, collector/cpu_linux.go, updateInfo() (1.0 to 1.8; needs --collector.cpu.info); Prometheus, "Text-based
// format".
#pragma once

#include <string_view>

#include "src/host/cpus.h"

namespace kip::host {

inline constexpr std::string_view kNodeCpuInfo = "node_cpu_info";

struct NodeCpu {
  Cpu cpu;                // no vendor, and kNotX86 for its id, where family and model are empty
  bool is_first = false;  // its number is 0
  std::string instance;   // the machine, as Prometheus calls it; or empty
  bool guest = false;     // the revision is one that hypervisors make up
};

/// A line of that metric. kInvalid with what is wrong.
Result<NodeCpu> parse_node_cpu_info(std::string_view line);

/// Whether a line is a sample of another metric: `name{label="value",…} number`, or without labels.
bool is_sample(std::string_view line);

}  // namespace kip::host
