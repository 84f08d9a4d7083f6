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
    report.kernel = settings_.kernel;
    report.budget = budget_;
    const bool some = !choice_.selection().choices.empty();
    if (some) {
      const auto bytes = weigh(messages_);
      if (!bytes) return ExitCode::kFailed;
      report.bytes = *bytes;
    }
    if (report.over_budget() && !look_for_room(report)) return ExitCode::kFailed;
    if (!messages_.print(settings_.report.json ? to_json(report) : to_text(report)))
      return ExitCode::kFailed;
    if (!some) {
      messages_.error("no microcode for these CPUs" + cli::where(settings_.firmware));
      return ExitCode::kNothing;
    }
    const ExitCode code = write_page(report);
    if (code != ExitCode::kDone) return code;
    return faults_of(report).empty() ? ExitCode::kDone : ExitCode::kNo;
  }

  // In bytes; nullopt: an error was said.
  std::optional<std::uint64_t> weigh(const cli::Messages& messages) const {
    NullSink sink;
    cli::Packing packing(choice_, messages, "");
    if (packing.write(sink)) return std::nullopt;
    return sink.written();
  }

  // The fewest of the dearest CPUs without which the rest fits: without one more, the archive is no larger.
  bool look_for_room(cli::CoverageReport& report) {
    const auto has_bytes = [](const cli::CoverageCost& it) { return it.bytes != 0; };
    const auto served = static_cast<std::size_t>(
        std::count_if(report.costs.begin(), report.costs.end(), has_bytes));
    cli::Messages quiet = messages_;  // what is to be said has been, of the whole
    quiet.set_level(cli::Messages::Level::kQuiet);
    std::size_t over = 0, fits = served;
    while (fits - over > 1) {
      const std::size_t tried = over + (fits - over) / 2;
      std::vector<cli::RequestedCpu> rest;
      for (std::size_t i = tried; i < served; ++i)
        rest.insert(rest.end(), report.costs[i].kinds.begin(), report.costs[i].kinds.end());
      choice_.choose_for(std::move(rest));
      const auto bytes = weigh(quiet);
      if (!bytes) return false;
      (*bytes > *report.budget ? over : fits) = tried;
    }
    if (fits < served) report.fits_without = fits;
    return true;
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
