#include <algorithm>
#include <cctype>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "src/base/finding.h"
#include "src/base/text.h"
#include "src/cli/fleet.h"

namespace kip::cli {
namespace {

constexpr std::size_t kPiece = 64 * 1024;  // bytes read at once

// Running revisions on one side of the EntrySign fix prove the class of the BIOS. An old revision
// runs only on an old BIOS. A fixed one proves a fixed BIOS if the running kernel checks digests:
// it would not have crossed the line.
std::optional<ucode::EntrySignClass> proven_class(const host::Cpu& cpu,
                                                  const std::string& running_kernel) {
  if (cpu.vendor != ucode::Vendor::kAmd || !cpu.revision) return std::nullopt;
  const auto running = ucode::entrysign_class(*cpu.revision);
  if (running != ucode::EntrySignClass::kFixed) return running;
  const auto kernel = ucode::KernelVersion::parse(running_kernel);
  const bool checks =
      kernel && ucode::holds(ucode::KernelRule::kSha, *kernel) == ucode::Answer::kYes;
  return checks ? running : std::nullopt;
}

bool has_loader(const host::Cpu& cpu) {
  return cpu.vendor && ucode::has_loader(*cpu.vendor, cpu.signature);
}

}  // namespace

std::string label_of(ucode::CpuSignature signature) {
  return fmt::format("{} {:#010x}", signature.name(), signature.value);
}

std::optional<RequestedCpu> requested_cpu(const host::Cpu& cpu, const host::Machine& machine) {
  if (!has_loader(cpu)) return std::nullopt;
  RequestedCpu requested;
  // 0 is shown for parts without a platform id, which kernels from 7.1 on take for id 0: updates
  // for all platforms, to be safe.
  const auto platform = cpu.platform_flags == 0U ? std::nullopt : cpu.platform_flags;
  requested.query.selector = ucode::selector_for(*cpu.vendor, cpu.signature, platform);
  if (!cpu.exact) requested.query.selector.signature_mask = ucode::kFamilyModelSteppingMask;
  requested.query.proven =
      machine.hypervisor ? std::nullopt : proven_class(cpu, machine.kernel_release);
  requested.label = label_of(cpu.signature);
  if (cpu.platform_flags) requested.label += fmt::format(",{:#04x}", *cpu.platform_flags);
  requested.running = cpu.revision;
  requested.guest = machine.hypervisor;
  requested.model = cpu.model_name;
  return requested;
}

std::string OtherCpu::name() const {
  if (vendor_id == host::kNotX86) return vendor_id;
  return (vendor_id.empty() ? "unknown vendor" : quote(vendor_id)) + " " + signature.name();
}

RequestedCpu cpu_of_spec(const ucode::Selector& selector, std::string_view label) {
  RequestedCpu requested;
  requested.query.selector = selector;
  requested.label = label;
  return requested;
}

RequestedCpu unseen_cpu(const ucode::CpuQuery& query) {
  RequestedCpu requested;
  requested.query = query;
  requested.label = label_of({query.selector.signature});
  requested.machines = 0;
  return requested;
}

Status Fleet::read(const std::string& path) {
  Fd file;
  if (path != "-") {
    file = TRY(Root().open(path, O_RDONLY | O_NONBLOCK));  // nobody may ever write into a FIFO
    if (::fcntl(file.get(), F_SETFL, 0) != 0) return fail_errno();
  }
  const int descriptor = file ? file.get() : STDIN_FILENO;
  FleetReader reader(*this);
  std::vector<std::uint8_t> piece(kPiece);
  for (;;) {
    const ssize_t size = ::read(descriptor, piece.data(), piece.size());  // it may be a pipe
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return fail_errno();
    if (size == 0) return reader.finish();
    TRY(reader.feed(as_text(Bytes(piece).first(static_cast<std::size_t>(size)))));
  }
}

Status Fleet::machine(const host::Machine& machine, bool counts) {
  ++taken;
  if (counts) ++machines;
  note_mixed(machine);
  std::vector<std::size_t> kinds;
  for (const host::Cpu& cpu : machine.cpus) {
    if (has_loader(cpu)) {
      kinds.push_back(add(cpu, machine, counts));
    } else {
      add_other(cpu, counts);
    }
  }
  const bool other = kinds.size() != machine.cpus.size();
  if (counts && !kinds.empty() && (other || kinds.size() > 1)) ++mixed[{std::move(kinds), other}];
  return {};
}

Status Fleet::spec(std::string_view text) {
  const auto parsed = ucode::parse_selector(text);
  if (!parsed) return fail(parsed.error().code, quote_start(text) + ": " + parsed.error().what);
  ++taken;
  if (parsed->exclude) {
    excludes.push_back(*parsed);
    return {};
  }
  ++machines;
  std::string key(text);
  std::transform(key.begin(), key.end(), key.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  const auto [known, is_new] = specs_.try_emplace(std::move(key), cpus.size());
  if (is_new) {
    cpus.push_back(cpu_of_spec(*parsed, text));
  } else {
    ++cpus[known->second].machines;
  }
  return {};
}

std::size_t Fleet::add(const host::Cpu& cpu, const host::Machine& machine, bool counts) {
  const Kind kind{cpu.vendor,
                  cpu.signature,
                  cpu.exact,
                  machine.hypervisor,
                  cpu.platform_flags,
                  cpu.revision,
                  machine.hypervisor ? std::nullopt : proven_class(cpu, machine.kernel_release)};
  const auto [known, is_new] = kinds_.try_emplace(kind, cpus.size());
  if (is_new) {
    cpus.push_back(*requested_cpu(cpu, machine));
    cpus.back().machines = 0;
  }
  RequestedCpu& requested = cpus[known->second];
  if (counts) ++requested.machines;
  // Whatever order they come in.
  if (requested.model.empty() || (!cpu.model_name.empty() && cpu.model_name < requested.model))
    requested.model = cpu.model_name;
  if (counts && keeps_names_ && !machine.name.empty()) requested.names.push_back(machine.name);
  return known->second;
}

void Fleet::add_other(const host::Cpu& cpu, bool counts) {
  const auto [known, is_new] = others_.try_emplace({cpu.vendor_id, cpu.signature}, others.size());
  if (is_new) {
    others.push_back({cpu.vendor_id, cpu.signature, 0});
    note(others.back().name() + ": no microcode loader for this vendor or family");
  }
  if (counts) ++others[known->second].machines;
}

void Fleet::note_mixed(const host::Machine& machine) {
  const host::Cpu* first = nullptr;
  for (const host::Cpu& cpu : machine.cpus) {
    if (cpu.vendor != ucode::Vendor::kIntel) continue;
    if (first == nullptr) first = &cpu;
    if (cpu.signature == first->signature) continue;
    note(
        "these Intel CPUs differ in their signature; kernels since 6.7 load the boot CPU's "
        "update on all of them");
  }
}

void Fleet::note(const std::string& text) {
  if (noted_.insert(text).second) notes.push_back(text);
}

}  // namespace kip::cli
