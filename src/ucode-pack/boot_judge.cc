#include <algorithm>
#include <fmt/format.h>

#include "src/base/text.h"
#include "src/checks/booted.h"
#include "src/ucode-pack/boot_judge.h"
#include "ucode/command_line.h"

namespace kip::ucode_pack {
namespace {

using checks::Booted;
using cli::BootRow;
using cli::BootVerdict;

constexpr const char* kLog = "look into the kernel's log";

// One kind of CPU, held against the image.
class Judge {
 public:
  Judge(const HandedOver& handed, const cli::CpuRequest& request)
      : handed_(handed), request_(request) {
    question_.kernels =
        ucode::kernel_ranges(ucode::KernelVersion::parse(request.machine->kernel_release));
    question_.revision_known = true;
    question_.switches = ucode::switches_of(command_line_);
  }

  std::vector<BootRow> run() {
    std::vector<BootRow> rows;
    std::size_t next = 0;  // of the CPUs that have a loader
    for (const host::Cpu& cpu : request_.machine->cpus) {
      const bool loader = cpu.vendor && ucode::has_loader(*cpu.vendor, cpu.signature);
      BootRow row = row_of(cpu);
      if (loader) {
        const cli::RequestedCpu& asked = request_.cpus[next++];
        row.label = asked.label;
        judge(asked, row);
      } else {
        row.text = "no kernel loads microcode for this vendor or family";
      }
      compare_with_others(cpu, row);
      rows.push_back(std::move(row));
    }
    return rows;
  }

 private:
  bool is_empty() const {
    const auto nothing = [](const cli::LoaderStream& it) {
      return it.updates.empty() && it.none.empty();
    };
    const auto& all = handed_.source.streams;
    return handed_.source.unseen.empty() && std::all_of(all.begin(), all.end(), nothing);
  }

  BootRow row_of(const host::Cpu& cpu) const {
    BootRow row;
    row.vendor = cpu.vendor ? ucode::vendor_name(*cpu.vendor) : cpu.vendor_id;
    row.label = cli::label_of(cpu.signature);
    row.signature = cpu.signature;
    row.platform_flags = cpu.platform_flags;
    row.count = cpu.count;
    row.running = cpu.revision;
    row.text =
        is_empty() ? "there is no microcode in the image" : "the image has nothing for this CPU";
    return row;
  }

  // Of the platforms that it may be of, the one that explains what runs.
  void judge(const cli::RequestedCpu& asked, BootRow& row) {
    const auto& all = handed_.source.streams;
    Booted best;
    for (const cli::LoaderCases& cases :
         cli::loader_cases(asked, {all[0].updates, all[1].updates}, row.running.value_or(0))) {
      const cli::LoaderStream& stream = handed_.source.of(cases.vendor);
      question_.has_digest = [&stream](std::size_t index, std::string_view sha256) {
        return stream.rows[index].sha256 == sha256;
      };
      for (const cli::LoaderCase& it : cases.cases) {
        Booted booted = checks::check_booted(stream.updates, it.cpu, question_);
        if (booted.kind < best.kind) best = std::move(booted);
      }
      if (best.kind == Booted::Kind::kNothing) add_unseen(cases, row);
      if (best.kind == Booted::Kind::kNothing && !row.packed) add_none(cases.vendor, row);
    }
    if (best.kind != Booted::Kind::kNothing) describe(best, row);
    if (!row.packed) return;
    if (!row.running) {
      row.verdict = BootVerdict::kUnknown;
      row.text = fmt::format("{:#010x} is in the image, and the kernel does not show what runs",
                             *row.packed);
      row.remedy = "";
    } else if (row.verdict == BootVerdict::kNotTaken && handed_.is_later) {
      row.verdict = BootVerdict::kNextBoot;
      row.text = fmt::format("{:#010x} is for the next boot: the image was written after this one",
                             *row.packed);
      row.remedy = "reboot";
    }
  }

  void describe(const Booted& booted, BootRow& row) const {
    row.packed = booted.packed;
    switch (booted.kind) {
      case Booted::Kind::kTaken:
        row.verdict = BootVerdict::kTaken;
        row.text = "taken";
        return;
      case Booted::Kind::kNotNeeded:
        row.verdict = BootVerdict::kNotNeeded;
        row.text = fmt::format("the image's {:#010x} is not newer", *booted.packed);
        return;
      case Booted::Kind::kNotTaken:
        row.verdict = BootVerdict::kNotTaken;
        row.text = reasons_text(booted);
        row.remedy = remedy_for(booted);
        return;
      case Booted::Kind::kNothing:
        return;
    }
  }

  static std::string reasons_text(const Booted& booted) {
    if (booted.reasons.empty())
      return fmt::format("{:#010x} is in the image, and the kernel should have loaded it",
                         *booted.packed);
    std::string text;
    for (const checks::Outcome& reason : booted.reasons) {
      if (!text.empty()) text += "; ";
      if (!reason.kernels.empty()) text += "if the kernel behaves as " + reason.kernels + ": ";
      text += reason.text;
    }
    return text;
  }

  std::string remedy_for(const Booted& booted) const {
    const bool told = question_.switches.off || question_.switches.off_by_option;
    const bool off = std::any_of(
        booted.reasons.begin(), booted.reasons.end(),
        [](const checks::Outcome& it) { return it.kind == checks::Outcome::Kind::kOff; });
    if (told && off) return "take it off the kernel's command line";
    if (!booted.remedy.empty()) return booted.remedy;
    if (!booted.reasons.empty()) return "";
    return std::string(kLog) + ", and whether this image was booted";
  }

  // What is in the image where no loader finds it was meant for it all the same.
  void add_unseen(const cli::LoaderCases& cases, BootRow& row) const {
    for (std::size_t i = 0; i < handed_.source.unseen.size(); ++i) {
      const cli::UnseenRow& it = handed_.source.unseen[i];
      const ucode::Update& update = it.row.update;
      if (update.vendor != cases.vendor || !ucode::is_for(update, cases.signature) ||
          !fits(update, cases.signature, row.platform_flags))
        continue;
      if (row.packed && *row.packed >= update.revision) continue;
      if (update.revision > row.running.value_or(0)) {
        row.verdict = BootVerdict::kNotTaken;
        row.text = fmt::format("{:#010x} {}", update.revision, it.text);
        row.remedy = inspect(handed_.unseen_in[i]);
      } else {
        describe({Booted::Kind::kNotNeeded, update.revision, {}, ""}, row);
      }
      row.packed = update.revision;
    }
  }

  // Of what is void nobody knows what it was for.
  void add_none(ucode::Vendor vendor, BootRow& row) const {
    const std::string& none = handed_.source.of(vendor).none;
    if (none.empty()) return;
    row.verdict = BootVerdict::kNotTaken;
    row.text = "nothing is loaded: " + none;
    row.remedy = inspect(handed_.stream_in[static_cast<std::size_t>(vendor)]);
  }

  static std::string inspect(const std::string& file) {
    return "initrd-pack inspect " + shell_word(file);
  }

  static bool fits(const ucode::Update& update, ucode::CpuSignature cpu,
                   std::optional<std::uint32_t> platform) {
    if (update.vendor == ucode::Vendor::kAmd || !platform) return true;
    return std::any_of(update.targets.begin(), update.targets.end(), [&](const auto& target) {
      return target.signature == cpu && (target.platform_flags & *platform) != 0;
    });
  }

  // Each CPU loads for itself, so one may have been left behind.
  void compare_with_others(const host::Cpu& cpu, BootRow& row) const {
    std::uint32_t newest = 0;
    for (const host::Cpu& other : request_.machine->cpus) {
      host::Cpu alike = other;
      alike.revision = cpu.revision;
      if (alike.same_kind(cpu)) newest = std::max(newest, other.revision.value_or(0));
    }
    if (!cpu.revision || newest <= *cpu.revision) return;
    row.verdict = BootVerdict::kLags;
    row.text = fmt::format("{:#010x} runs on others of its kind", newest);
    row.remedy = kLog;
  }

  const HandedOver& handed_;
  const cli::CpuRequest& request_;
  const std::string command_line_ = host::read_command_line(Root());
  checks::Question question_;
};

}  // namespace

void add_file(cli::LoaderSource source, const std::string& path, HandedOver& handed) {
  for (std::size_t i = 0; i < source.streams.size(); ++i) {
    cli::LoaderStream& stream = handed.source.streams[i];
    if (stream.updates.empty() && stream.none.empty()) {
      stream = std::move(source.streams[i]);
      handed.stream_in[i] = path;
      continue;
    }
    for (cli::UpdateRow& row : source.streams[i].rows) {
      handed.source.unseen.push_back({std::move(row), "is not looked at: an earlier file counts"});
      handed.unseen_in.push_back(path);
    }
  }
  for (cli::UnseenRow& row : source.unseen) {
    handed.source.unseen.push_back(std::move(row));
    handed.unseen_in.push_back(path);
  }
}

std::vector<BootRow> judge_boot(const HandedOver& handed, const cli::CpuRequest& request) {
  return Judge(handed, request).run();
}

}  // namespace kip::ucode_pack
