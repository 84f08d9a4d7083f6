#include <algorithm>
#include <cpuid.h>
#include <sched.h>
#include <sys/utsname.h>

#include "src/host/cpuinfo.h"
#include "src/host/text.h"

namespace kip::host {
namespace {

std::string small_file(const Root& root, const std::string& path) {
  const auto bytes = read_file(root, path, 4096);
  return bytes ? std::string(trim(as_text(*bytes))) : std::string();
}

// The CPU that runs us knows its signature whole; the type bits are the same all over a machine.
std::optional<std::uint32_t> own_signature() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0) return std::nullopt;
  return eax;
}

// Cpuinfo by paragraphs; `complete` may add what cpuinfo lacks, given the CPU's number.
template <class Complete>
Machine read_paragraphs(std::string_view text, Complete complete) {
  Machine machine;
  CpuinfoParagraph paragraph;
  const auto close = [&] {
    if (auto cpu = paragraph.cpu()) {
      complete(*cpu, paragraph.processor.value_or(0));
      count_cpu(machine.cpus, *cpu);
      machine.hypervisor = machine.hypervisor || paragraph.hypervisor;
    }
    paragraph = {};
  };
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    // Saved files may have lost their blank lines: a new processor begins a new paragraph as well.
    if (trim(line).empty() || (line.starts_with("processor") && paragraph.family)) close();
    paragraph.take(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  close();
  return machine;
}

}  // namespace

bool Cpu::same_kind(const Cpu& other) const {
  return vendor_id == other.vendor_id && signature == other.signature &&
         platform_flags == other.platform_flags && revision == other.revision;
}

std::optional<ucode::Vendor> vendor_of(std::string_view id) {
  for (const ucode::Vendor vendor : {ucode::Vendor::kIntel, ucode::Vendor::kAmd}) {
    if (id == vendor_id(vendor)) return vendor;
  }
  return std::nullopt;
}

const char* vendor_id(ucode::Vendor vendor) {
  return vendor == ucode::Vendor::kIntel ? "GenuineIntel" : "AuthenticAMD";
}

std::optional<std::uint32_t> parse_hex_line(std::string_view text) {
  text = trim(text);
  if (text.starts_with("0x")) text.remove_prefix(2);
  return parse_number(text, 16);
}

Result<Machine> parse_cpuinfo(std::string_view text) {
  Machine machine = read_paragraphs(text, [](Cpu&, std::uint32_t) {});
  if (machine.cpus.empty()) return fail(Errc::kInvalid, "no x86 CPU is described in it");
  return machine;
}

Result<Machine> read_machine(const Root& root) {
  const auto text = read_file(root, "/proc/cpuinfo", kCpuinfoLimit);
  if (!text) return fail(Errc::kSystem, "/proc/cpuinfo: " + text.error().what);
  const auto own = root.is_host() ? own_signature() : std::nullopt;
  Machine machine = read_paragraphs(as_text(*text), [&](Cpu& cpu, std::uint32_t processor) {
    if (own && (*own & ucode::kFamilyModelSteppingMask) == cpu.signature.value) {
      cpu.signature.value = *own;
      cpu.exact = true;
    }
    const std::string directory =
        "/sys/devices/system/cpu/cpu" + std::to_string(processor) + "/microcode/";
    if (cpu.vendor == ucode::Vendor::kIntel) {
      cpu.platform_flags = parse_hex_line(small_file(root, directory + "processor_flags"));
    }
    if (const auto revision = parse_hex_line(small_file(root, directory + "version")))
      cpu.revision = revision;
  });
  if (machine.cpus.empty()) return fail(Errc::kInvalid, "/proc/cpuinfo describes no x86 CPU");
  const Kernel kernel = read_kernel(root);
  machine.kernel_release = kernel.release;
  machine.name = kernel.host;
  return machine;
}

std::string read_command_line(const Root& root) {
  return small_file(root, kCommandLineFile);
}

// A machine of a thousand CPUs has some 400 KB of interrupts in there.
std::optional<std::int64_t> read_boot_time(const Root& root) {
  constexpr std::uint64_t kLimit = 16 * 1024 * 1024;
  constexpr std::string_view kKey = "\nbtime ";
  const auto bytes = read_file(root, "/proc/stat", kLimit);
  if (!bytes) return std::nullopt;
  const std::string_view text = as_text(*bytes);
  const std::size_t at = text.find(kKey);
  if (at == text.npos) return std::nullopt;
  const char* const begin = text.data() + at + kKey.size();
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), seconds);
  return error == std::errc() ? std::optional(seconds) : std::nullopt;
}

Kernel read_kernel(const Root& root) {
  Kernel kernel;
  utsname names;
  if (root.is_host() && ::uname(&names) == 0) {
    kernel.release = names.release;
    kernel.host = names.nodename;
  }
  kernel.firmware_path = small_file(root, "/sys/module/firmware_class/parameters/path");
  return kernel;
}

unsigned usable_cpus() {
  cpu_set_t cpus;
  if (::sched_getaffinity(0, sizeof cpus, &cpus) != 0) return 1;
  return static_cast<unsigned>(CPU_COUNT(&cpus));
}

}  // namespace kip::host
