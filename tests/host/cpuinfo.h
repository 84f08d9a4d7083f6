// Text of a /proc/cpuinfo, as arch/x86/kernel/cpu/proc.c writes it.
#pragma once

#include <fmt/format.h>
#include <string>
#include <vector>

namespace kip::host {

struct CpuinfoCpu {
  std::string vendor_id = "GenuineIntel";
  unsigned family = 6;
  unsigned model = 143;
  unsigned stepping = 8;
  std::string revision = "0x2b000639";  // empty: a kernel without loader shows no such line
  std::string flags = "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr";
  std::string more = {};  // further whole lines
};

/// `padding`: bytes of a line that makes each paragraph as long as real ones.
inline std::string cpuinfo(const std::vector<CpuinfoCpu>& cpus, std::size_t padding = 0) {
  std::string text;
  for (std::size_t i = 0; i < cpus.size(); ++i) {
    const CpuinfoCpu& cpu = cpus[i];
    text += fmt::format(
        "processor\t: {}\nvendor_id\t: {}\ncpu family\t: {}\nmodel\t\t: {}\n"
        "model name\t: A CPU @ 2.00GHz\nstepping\t: {}\n",
        i, cpu.vendor_id, cpu.family, cpu.model, cpu.stepping);
    if (!cpu.revision.empty()) text += "microcode\t: " + cpu.revision + "\n";
    text += "cpu MHz\t\t: 2000.000\nflags\t\t: " + cpu.flags + "\n" + cpu.more;
    if (padding != 0) text += "bugs\t\t: " + std::string(padding, 'b') + "\n";
    text += "power management:\n\n";
  }
  return text;
}

}  // namespace kip::host
