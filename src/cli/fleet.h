// The distinct CPUs of a fleet, and how many machines have each. What is kept grows with the kinds of CPU, not with machines.
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "src/cli/fleet_reader.h"
#include "ucode/select.h"

namespace kip::cli {

struct RequestedCpu {
  ucode::CpuQuery query;
  std::string label;                     // how messages name it
  std::optional<std::uint32_t> running;  // revision, where it is known
  bool guest = false;                    // a hypervisor is there: no kernel loads microcode
  std::uint64_t machines = 1;            // that have it; 0: nobody said so
  std::string model;                     // what they call it: the first by bytes; or empty
  std::vector<std::string> names;        // of the machines, where they have any and were asked for
};

/// A kind of CPU that nobody loads microcode into.
struct OtherCpu {
  std::string vendor_id;  // as cpuinfo has it, or "not x86"
  ucode::CpuSignature signature;
  std::uint64_t machines = 0;

  /// For people: "'HygonGenuine' 18-01-01", "not x86".
  std::string name() const;
};

/// Machines that have several kinds of CPU.
struct MixedMachines {
  std::vector<std::size_t> kinds;  // places among the CPUs
  bool other = false;              // and one without a loader
  std::uint64_t machines = 0;
};

/// "06-8f-08 0x000806f8"
std::string label_of(ucode::CpuSignature signature);

/// A selector for a machine's CPU, and what else is known of it. nullopt: no loader for it.
std::optional<RequestedCpu> requested_cpu(const host::Cpu& cpu, const host::Machine& machine);

/// One that was not seen, but named: whatever runs on it.
RequestedCpu cpu_of_spec(const ucode::Selector& selector, std::string_view label);

/// One that an update is for: nobody said that a machine has it.
RequestedCpu unseen_cpu(const ucode::CpuQuery& query);

class Fleet : public FleetVisitor {
 public:
  /// With names, what is kept grows with machines, too.
  explicit Fleet(bool keeps_names = false) : keeps_names_(keeps_names) {}

  /// "-": standard input. kInvalid, or kLimit, with the line in front; kSystem if the file cannot be read.
  Status read(const std::string& path);

  Status machine(const host::Machine& machine, bool counts) override;
  Status spec(std::string_view text) override;

  std::uint64_t machines = 0;      // a SPEC stands for one
  std::uint64_t taken = 0;         // of whatever says something of a CPU; 0: nothing was there
  std::vector<RequestedCpu> cpus;  // in the order of their first appearance
  std::vector<OtherCpu> others;
  std::vector<ucode::Selector> excludes;
  std::vector<std::string> notes;                                            // each once
  std::map<std::pair<std::vector<std::size_t>, bool>, std::uint64_t> mixed;  // as in MixedMachines

 private:
  // What tells kinds of CPU apart.
  struct Kind {
    std::optional<ucode::Vendor> vendor;
    ucode::CpuSignature signature;
    bool exact = false, guest = false;
    std::optional<std::uint32_t> platform_flags, revision;
    std::optional<ucode::EntrySignClass> proven;

    auto operator<=>(const Kind&) const = default;
  };

  std::size_t add(const host::Cpu& cpu, const host::Machine& machine, bool counts);
  void add_other(const host::Cpu& cpu, bool counts);
  void note_mixed(const host::Machine& machine);
  void note(const std::string& text);

  const bool keeps_names_;
  std::map<Kind, std::size_t> kinds_;
  std::map<std::string, std::size_t, std::less<>> specs_;
  std::map<std::pair<std::string, ucode::CpuSignature>, std::size_t> others_;
  std::set<std::string> noted_;
};

}  // namespace kip::cli
