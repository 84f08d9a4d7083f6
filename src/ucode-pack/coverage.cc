// coverage: which machines of a fleet a release serves, what changes for them, and what that costs.
#include <algorithm>
#include <charconv>

#include "src/base/atomic_file.h"
#include "src/cli/coverage.h"
#include "src/cli/json.h"
#include "src/cli/packing.h"
#include "src/ucode-pack/verbs.h"

namespace kip::ucode_pack {
namespace {

using checks::Outcome;
using cli::ExitCode;

// "2000000", "512K", "8M"
std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  std::uint64_t unit = 1;
  if (text.ends_with('K')) unit = 1024;
  if (text.ends_with('M')) unit = 1024 * 1024;
  if (unit != 1) text.remove_suffix(1);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > UINT64_MAX / unit)
    return std::nullopt;
  return value * unit;
}

class Coverage {
 public:
  Coverage(const Settings& settings, const cli::Messages& messages)
      : settings_(settings), messages_(messages), choice_(settings, messages) {}

  ExitCode run() {
    if (!options_are_sound()) return ExitCode::kUsage;
    if (!settings_.html.empty()) {
      const Status allowed = AtomicFile::check(settings_.html, settings_.output.existing());
      if (!allowed) return failed(allowed.error());
    }
    ExitCode code = choice_.prepare();
    if (code == ExitCode::kDone) code = read(choice_);
    if (code == ExitCode::kDone && compares()) code = read_old();
    if (code != ExitCode::kDone) return code;
    if (choice_.request().all && old_) ask_for_both();
    code = choice_.judge_damage();
    if (code != ExitCode::kDone) return code;
    return report();
  }

 private:
  bool compares() const { return !settings_.firmware_old.empty(); }

  bool options_are_sound() {
    if (settings_.max_size.empty()) return true;
    budget_ = parse_bytes(settings_.max_size);
    if (budget_) return true;
    messages_.error("--max-size: " + quote(settings_.max_size) +
                    " is no number of bytes, as 500000, 512K or 8M");
    return false;
  }

  ExitCode read(cli::Choice& choice) const {
    const ExitCode code = choice.read_and_choose({.depth = ucode::Depth::kWhole,
                                                  .digests = true,
                                                  .threads = host::usable_cpus(),
                                                  .progress = nullptr});
    say_findings(choice.catalog(), messages_);
    return code;
  }

  ExitCode read_old() {
    old_settings_ = settings_;
    old_settings_.firmware = settings_.firmware_old;
    old_settings_.known = choice_.request();
    old_.emplace(old_settings_, messages_);
    const ExitCode code = old_->prepare();
    return code == ExitCode::kDone ? read(*old_) : code;
  }

  // With `all`, every CPU that either release has something for.
  void ask_for_both() {
    std::vector<cli::RequestedCpu> cpus = choice_.cpus();
    for (const cli::RequestedCpu& cpu : old_->cpus()) {
      const auto same = [&](const auto& other) { return other.label == cpu.label; };
      if (std::none_of(cpus.begin(), cpus.end(), same)) cpus.push_back(cpu);
    }
    choice_.choose_for(cpus);
    old_->choose_for(cpus);
  }

  ExitCode report() {
    cli::CoverageReport report = cli::cover(choice_, old_ ? &*old_ : nullptr);
    report.firmware = settings_.firmware;
    report.firmware_old = settings_.firmware_old;
    report.budget = budget_;
    const bool some = !choice_.selection().choices.empty();
    if (some) {
      NullSink sink;
      cli::Packing packing(choice_, messages_, "");
      if (packing.write(sink)) return ExitCode::kFailed;
      report.bytes = sink.written();
    }
    if (!messages_.print(settings_.report.json ? to_json(report) : to_text(report)))
      return ExitCode::kFailed;
    if (!some) {
      messages_.error("no microcode for these CPUs" + cli::where(settings_.firmware));
      return ExitCode::kNothing;
    }
    const ExitCode code = write_page(report);
    return code == ExitCode::kDone ? judge(report) : code;
  }

  ExitCode write_page(const cli::CoverageReport& report) {
    if (settings_.html.empty() || settings_.output.dry_run) return ExitCode::kDone;
    const std::string page = to_html(report, cli::source_date_epoch(messages_));
    auto file = AtomicFile::create(settings_.html, settings_.output.existing());
    if (!file) return failed(file.error());
    if (const Status status = file->write(as_bytes(page)); !status) return failed(status.error());
    if (const Status status = file->commit(); !status) return failed(status.error());
    return ExitCode::kDone;
  }

  // A CPU that nothing is there for is no fault, nor is one that is to be booted first.
  static ExitCode judge(const cli::CoverageReport& report) {
    if (report.over_budget()) return ExitCode::kNo;
    const auto is_fault = [](const cli::CoveredCpu& row) {
      if (row.change == cli::Change::kGone || row.change == cli::Change::kOlder) return true;
      return std::any_of(row.answers.begin(), row.answers.end(), [&](const auto& answer) {
        const Outcome::Kind kind = answer.outcome.kind;
        return kind == Outcome::Kind::kRefused || (kind == Outcome::Kind::kOff && !row.cpu.guest);
      });
    };
    const bool any = std::any_of(report.cpus.begin(), report.cpus.end(), is_fault);
    return any ? ExitCode::kNo : ExitCode::kDone;
  }

  ExitCode failed(const Error& error) const {
    messages_.error_at(settings_.html, error);
    return ExitCode::kFailed;
  }

  const Settings& settings_;
  const cli::Messages& messages_;
  std::optional<std::uint64_t> budget_;
  cli::Choice choice_;
  Settings old_settings_;
  std::optional<cli::Choice> old_;
};

}  // namespace

ExitCode coverage(const Settings& settings, const cli::Messages& messages) {
  return Coverage(settings, messages).run();
}

}  // namespace kip::ucode_pack
