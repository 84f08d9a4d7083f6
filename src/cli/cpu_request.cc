#include <algorithm>
#include <iterator>

#include "src/base/finding.h"
#include "src/base/text.h"
#include "src/cli/cpu_request.h"

namespace kip::cli {
namespace {

// An @FILE may be no list of SPECs at all.
tl::unexpected<Error> in_spec(std::string_view spec, const Error& error) {
  return fail(error.code, quote_start(spec) + ": " + error.what);
}

class Resolver {
 public:
  explicit Resolver(bool names) : fleet_(names) {}

  Result<CpuRequest> run(const std::vector<std::string>& specs) {
    if (specs.empty()) TRY(spec("host"));
    bool positive = specs.empty();
    for (const std::string& text : specs) {
      positive = positive || !text.starts_with('!');
      TRY(spec(text));
    }
    if (!positive) request_.all = true;  // only exclusions: from all
    take(std::move(fleet_));
    request_.machines += fleet_.machines;
    request_.others = std::move(fleet_.others);
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
      ++request_.machines;
      request_.cpus.push_back(cpu_of_spec(*parsed, text));
    }
    return {};
  }

  Status host() {
    auto machine = host::read_machine(Root());
    if (!machine) return in_spec("host", machine.error());
    request_.machine = std::move(*machine);
    Fleet here;
    TRY(here.machine(*request_.machine, /*counts=*/true));
    take(std::move(here));
    ++request_.machines;
    if (request_.machine->hypervisor) {
      request_.notes.push_back(
          "this machine is a guest: its hypervisor owns the microcode, no kernel loads any here");
    }
    return {};
  }

  Status file(const std::string& path) {
    request_.fleet = true;
    const std::uint64_t before = fleet_.taken;
    const Status status = fleet_.read(path);
    if (status && fleet_.taken == before && request_.empty.empty()) request_.empty = "@" + path;
    if (status) return {};
    const bool of_line = status.error().code != Errc::kSystem;
    return fail(status.error().code == Errc::kInvalid ? Errc::kCorrupt : status.error().code,
                quote("@" + path) + (of_line ? " " : ": ") + status.error().what);
  }

  void take(Fleet&& fleet) {
    const auto append = [](auto& to, auto& from) {
      to.insert(to.end(), std::make_move_iterator(from.begin()),
                std::make_move_iterator(from.end()));
    };
    for (const auto& [kinds, machines] : fleet.mixed) {
      request_.mixed.push_back({kinds.first, kinds.second, machines});
      for (std::size_t& it : request_.mixed.back().kinds) it += request_.cpus.size();
    }
    append(request_.cpus, fleet.cpus);
    append(request_.excludes, fleet.excludes);
    append(request_.notes, fleet.notes);
  }

  Fleet fleet_;  // of every @FILE
  CpuRequest request_;
};

bool is_excluded(const CpuRequest& request, const ucode::Selector& asked) {
  const auto covers = [&](const ucode::Selector& excluded) {
    return excluded.bound == ucode::Selector::Bound::kAny && !excluded.platform_flags &&
           (!asked.vendor || excluded.matches_cpu(*asked.vendor, {asked.signature})) &&
           ((asked.signature ^ excluded.signature) & excluded.signature_mask) == 0;
  };
  return std::any_of(request.excludes.begin(), request.excludes.end(), covers);
}

}  // namespace

Result<CpuRequest> resolve_cpus(const std::vector<std::string>& specs, bool names) {
  return Resolver(names).run(specs);
}

void drop_excluded(const CpuRequest& request, std::vector<RequestedCpu>& cpus) {
  std::erase_if(cpus,
                [&](const RequestedCpu& cpu) { return is_excluded(request, cpu.query.selector); });
}

std::uint64_t machines_left_out(const CpuRequest& request) {
  std::vector<bool> excluded;
  std::uint64_t machines = 0;
  for (const RequestedCpu& cpu : request.cpus) {
    excluded.push_back(is_excluded(request, cpu.query.selector));
    if (excluded.back()) machines += cpu.machines;
  }
  // Those with several kinds were counted with each; and one of them may stay.
  for (const MixedMachines& it : request.mixed) {
    const auto gone = static_cast<std::uint64_t>(
        std::count_if(it.kinds.begin(), it.kinds.end(), [&](auto kind) { return excluded[kind]; }));
    const bool whole = gone == it.kinds.size() && !it.other;
    machines -= it.machines * (whole ? gone - 1 : gone);
  }
  return machines;
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
