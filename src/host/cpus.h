// The CPUs of a machine, as its kernel shows them. Only this room reads /proc and /sys.
//
// Text of /proc/cpuinfo gives vendor, family, model, stepping, microcode revision and the
// hypervisor flag of every CPU online; sysfs (cpuN/microcode/) gives platform flags, for root only
// before kernel 6.7 and not at all where the loader is off.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/file.h"
#include "ucode/cpu_id.h"

namespace kip::host {

/// One kind of CPU: those alike in all of this are counted together.
struct Cpu {
  std::optional<ucode::Vendor> vendor;  // nullopt: neither Intel nor AMD, no microcode loader
  std::string vendor_id;                // as cpuinfo has it
  ucode::CpuSignature signature;
  bool exact = false;  // the type bits of the signature are known, not assumed zero
  std::optional<std::uint32_t> platform_flags;  // Intel; one bit
  std::optional<std::uint32_t> revision;        // running
  std::string model_name;                       // as cpuinfo has it; tells no kinds apart
  unsigned count = 1;                           // logical CPUs

  bool same_kind(const Cpu& other) const;
};

struct Machine {
  std::vector<Cpu> cpus;       // distinct, in order of first appearance
  bool hypervisor = false;     // the CPUs say that one is there
  std::string kernel_release;  // uname -r; empty where it is not known
  std::string name;            // the host's; empty where it is not known
};

/// The text of a /proc/cpuinfo. kInvalid if no CPU is in it.
Result<Machine> parse_cpuinfo(std::string_view text);

/// Largest cpuinfo text we read, in bytes: thousands of CPUs at 2 KiB each.
inline constexpr std::uint64_t kCpuinfoLimit = 64 * 1024 * 1024;

/// This machine, or the one whose /proc and /sys lie below `root`.
Result<Machine> read_machine(const Root& root);

struct Kernel {
  std::string release;        // uname -r; empty below another root
  std::string host;           // uname -n; likewise
  std::string firmware_path;  // its firmware_class.path parameter, or empty
};

/// The running kernel, as far as it decides where firmware is searched.
Kernel read_kernel(const Root& root);

/// The running kernel's command line, as its file has it; empty where it cannot be read.
std::string read_command_line(const Root& root);
inline constexpr const char* kCommandLineFile = "/proc/cmdline";

/// When this kernel was started, in seconds since 1970 by its clock of now; nullopt where /proc/stat does not say.
std::optional<std::int64_t> read_boot_time(const Root& root);

/// "GenuineIntel" and "AuthenticAMD"; nullopt for vendors without a loader (Hygon, Zhaoxin, …): whoever becomes a vendor also
/// answers ucode::has_loader().
std::optional<ucode::Vendor> vendor_of(std::string_view id);
const char* vendor_id(ucode::Vendor vendor);

/// The platform id field of MSR 0x17 is shown as one bit; parses sysfs's "0x80".
std::optional<std::uint32_t> parse_hex_line(std::string_view text);

/// How many CPUs this process may run on: threads beyond that only wait for each other.
unsigned usable_cpus();

}  // namespace kip::host
