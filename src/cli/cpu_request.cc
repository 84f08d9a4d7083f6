#include <fcntl.h>
#include <fmt/format.h>
#include <set>

#include "src/base/text.h"
#include "src/cli/cpu_request.h"
#include "src/cli/json.h"

namespace kip::cli {
namespace {

/// Largest @FILE, in bytes: the cpuinfo of 4,000 CPUs, or half a million SPECs.
constexpr std::uint64_t kFileLimit = 8 * 1024 * 1024;

// An @FILE may be no list of SPECs at all.
tl::unexpected<Error> in_spec(std::string_view spec, const Error& error) {
  return fail(error.code, quote_start(spec) + ": " + error.what);
}

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

class Resolver {
 public:
  Result<CpuRequest> run(const std::vector<std::string>& specs) {
    if (specs.empty()) TRY(spec("host"));
    bool positive = specs.empty();
    for (const std::string& text : specs) {
      positive = positive || !text.starts_with('!');
      TRY(spec(text));
    }
    if (!positive) request_.all = true;  // only exclusions: from all
    return std::move(request_);
  }

 private:
  Status spec(std::string_view text) {
    if (text == "host") return host();
    if (text == "all") {
      request_.all = true;
      return {};
    }
    if (text.starts_with('@')) return file(std::string(text.substr(1)));
    return selector(text);
  }

  Status selector(std::string_view text) {
    const auto parsed = ucode::parse_selector(text);
    if (!parsed) return in_spec(text, parsed.error());
    if (parsed->exclude) {
      request_.excludes.push_back(*parsed);
    } else {
      request_.cpus.push_back({{*parsed, std::nullopt}, std::string(text), std::nullopt, false});
    }
    return {};
  }

  Status host() {
    auto machine = host::read_machine(Root());
    if (!machine) return in_spec("host", machine.error());
    request_.machine = std::move(*machine);
    add_machine(*request_.machine);
    if (request_.machine->hypervisor) {
      request_.notes.push_back(
          "this machine is a guest: its hypervisor owns the microcode, no kernel loads any here");
    }
    return {};
  }

  void add_machine(const host::Machine& machine) {
    std::set<ucode::CpuSignature> intel;
    for (const host::Cpu& cpu : machine.cpus) {
      if (cpu.vendor == ucode::Vendor::kIntel) intel.insert(cpu.signature);
      add(cpu, machine);
    }
    if (intel.size() > 1) {
      request_.notes.push_back(
          "these Intel CPUs differ in their signature; kernels since 6.7 load the boot CPU's "
          "update on all of them");
    }
  }

  void add(const host::Cpu& cpu, const host::Machine& machine) {
    const bool loader = cpu.vendor && ucode::has_loader(*cpu.vendor, cpu.signature);
    if (!loader) {
      request_.notes.push_back(fmt::format(
          "{} {}: no microcode loader for this vendor or family",
          cpu.vendor_id.empty() ? "unknown vendor" : quote(cpu.vendor_id), cpu.signature.name()));
      return;
    }
    RequestedCpu requested;
    // 0 is shown for parts without a platform id, which kernels from 7.1 on take for id 0: updates
    // for all platforms, to be safe.
    const auto platform = cpu.platform_flags == 0U ? std::nullopt : cpu.platform_flags;
    requested.query.selector = ucode::selector_for(*cpu.vendor, cpu.signature, platform);
    if (!cpu.exact) requested.query.selector.signature_mask = ucode::kFamilyModelSteppingMask;
    requested.query.proven =
        machine.hypervisor ? std::nullopt : proven_class(cpu, machine.kernel_release);
    requested.label = fmt::format("{} {:#010x}", cpu.signature.name(), cpu.signature.value);
    if (cpu.platform_flags) requested.label += fmt::format(",{:#04x}", *cpu.platform_flags);
    requested.running = cpu.revision;
    requested.guest = machine.hypervisor;
    request_.cpus.push_back(std::move(requested));
  }

  Status file(const std::string& path) {
    request_.fleet = true;
    const auto bytes = read_file(Root(), path, kFileLimit);
    if (!bytes) return fail(bytes.error().code, quote("@" + path) + ": " + bytes.error().what);
    const std::string_view text = as_text(*bytes);
    if (const auto machine = host::parse_cpuinfo(text)) {
      add_machine(*machine);
      return {};
    }
    if (looks_like_json(text)) {
      if (const auto record = machine_from_json(text)) {
        add_machine(*record);
        return {};
      }
    }
    return lines(path, text);
  }

  // One SPEC or one record a line; '#' begins a comment.
  Status lines(const std::string& path, std::string_view text) {
    std::size_t number = 0;
    while (!text.empty()) {
      ++number;
      const std::size_t end = std::min(text.find('\n'), text.size());
      std::string_view line = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      line = line.substr(0, line.find('#'));
      const std::size_t first = line.find_first_not_of(" \t\r");
      if (first == line.npos) continue;
      line = line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
      const Status status = record_or_spec(line);
      if (!status)
        return fail(status.error().code,
                    fmt::format("{} line {}: {}", quote("@" + path), number, status.error().what));
    }
    return {};
  }

  Status record_or_spec(std::string_view line) {
    if (looks_like_json(line)) {
      add_machine(TRY(machine_from_json(line)));
      return {};
    }
    if (line == "host" || line == "all" || line.starts_with('@'))
      return fail(Errc::kInvalid, "a list of CPUs names each of them: no host, all or @FILE in it");
    return selector(line);
  }

  CpuRequest request_;
};

}  // namespace

Result<CpuRequest> resolve_cpus(const std::vector<std::string>& specs) {
  return Resolver().run(specs);
}

void drop_excluded(const CpuRequest& request, std::vector<RequestedCpu>& cpus) {
  const auto covers = [](const ucode::Selector& excluded, const ucode::Selector& asked) {
    return excluded.bound == ucode::Selector::Bound::kAny && !excluded.platform_flags &&
           (!asked.vendor || excluded.matches_cpu(*asked.vendor, {asked.signature})) &&
           ((asked.signature ^ excluded.signature) & excluded.signature_mask) == 0;
  };
  std::erase_if(cpus, [&](const RequestedCpu& cpu) {
    return std::any_of(request.excludes.begin(), request.excludes.end(),
                       [&](const auto& it) { return covers(it, cpu.query.selector); });
  });
}

Result<std::vector<ucode::Selector>> parse_pins(const std::vector<std::string>& specs) {
  auto pins = TRY(parse_selectors(specs));
  for (std::size_t i = 0; i < pins.size(); ++i) {
    if (pins[i].bound == ucode::Selector::Bound::kAny) {
      return fail(Errc::kInvalid, quote(specs[i]) +
                                      ": a pin needs a revision, as in "
                                      "0x806f8,,eq:0x2b000650");
    }
  }
  return pins;
}

Result<std::vector<ucode::Selector>> parse_selectors(const std::vector<std::string>& specs) {
  std::vector<ucode::Selector> selectors;
  for (const std::string& text : specs) {
    const auto selector = ucode::parse_selector(text);
    if (!selector) return in_spec(text, selector.error());
    if (selector->exclude)
      return fail(Errc::kInvalid, quote(text) + ": '!' deselects CPUs, and has no meaning here");
    selectors.push_back(*selector);
  }
  return selectors;
}

}  // namespace kip::cli
