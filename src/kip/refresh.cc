// refresh: every recorded entry that is not current is made so, one after the other.
#include <algorithm>
#include <fmt/format.h>

#include "src/base/atomic_file.h"
#include "src/cli/json.h"
#include "src/host/cpus.h"
#include "src/host/sealed.h"
#include "src/kip/renewal.h"
#include "src/kip/verbs.h"
#include "src/state/lock.h"

namespace kip::program {
namespace {

using cli::ExitCode;
using cli::Outcome;
using cli::RefreshRow;

class Refresh {
 public:
  Refresh(const Settings& settings, const cli::Messages& messages)
      : settings_(settings), messages_(messages), survey_(root_, host_, messages) {}

  ExitCode run() {
    if (cli::environment("KIP_REFRESH")) {
      messages_.note("a kip refresh is at work, and has started this one: nothing is done");
      return ExitCode::kDone;
    }
    // Before anything is looked at: what another one is doing would be out of date.
    std::optional<state::Lock> lock;
    if (!settings_.dry_run) {
      auto taken = state::Lock::take(
          [&] { messages_.note("another kip refresh is at work: waiting until it is done"); });
      if (!taken) return messages_.error(taken.error().what), ExitCode::kFailed;
      lock = std::move(*taken);
      AtomicFile::remove_leftovers("/var/lib/kip/manifests");
    }
    if (const ExitCode code = survey_.read(settings_.kernels); code != ExitCode::kDone) return code;
    report_.dry_run = settings_.dry_run;
    report_.findings = survey_.report().findings;
    for (const cli::Surveyed* const entry : in_order()) add(*entry);
    return finish();
  }

 private:
  // The running kernel's entries are the way back, and come last.
  std::vector<const cli::Surveyed*> in_order() const {
    std::vector<const cli::Surveyed*> entries;
    for (const cli::Surveyed& it : survey_.entries()) entries.push_back(&it);
    const std::string running = host::read_kernel(root_).release;
    std::stable_partition(entries.begin(), entries.end(),
                          [&](const auto* it) { return it->row.kernel != running; });
    return entries;
  }

  void add(const cli::Surveyed& entry) {
    RefreshRow row{entry.row.kernel, entry.row.token, Outcome::kNotTried, "", "", {}, {}};
    if (!failed_) {
      Renewal renewal(root_, survey_, entry, messages_);
      row = renewal.plan();
      if (renewal.has_work()) {
        warn_of_tpm();
        if (!settings_.dry_run) renewal.carry_out(row);
      }
    }
    if (row.outcome == Outcome::kFailed) {
      failed_ = !settings_.dry_run;
      code_ = ExitCode::kFailed;
      messages_.error(fmt::format("kernel {}: {}", quote(row.kernel), row.why));
    } else if (row.outcome == Outcome::kWaiting || row.outcome == Outcome::kRefused) {
      code_ = worse(code_, ExitCode::kNo);
    }
    // At once: the next kernel may take minutes.
    const auto& all = survey_.entries();
    const auto of_kernel = std::count_if(
        all.begin(), all.end(), [&](const auto& other) { return other.row.kernel == row.kernel; });
    if (!settings_.report.json && !messages_.print(to_text(row, settings_.dry_run, of_kernel == 1)))
      code_ = ExitCode::kFailed;
    report_.entries.push_back(std::move(row));
  }

  void warn_of_tpm() {
    if (warned_) return;
    warned_ = true;
    for (const std::string& place : host::sealed_by_tpm(root_))
      messages_.warning(
          quote(place) +
          ": a disk is opened by a TPM; if the image is measured for that, the next boot "
          "needs another key, until it is enrolled anew");
  }

  ExitCode finish() {
    if (report_.entries.empty() && report_.findings.empty())
      messages_.note("nothing is recorded: no entry was made with kip's plugins");
    if (!report_.findings.empty()) code_ = ExitCode::kFailed;
    if (settings_.report.json && !messages_.print(to_json(report_))) code_ = ExitCode::kFailed;
    return code_;
  }

  const Settings& settings_;
  const cli::Messages& messages_;
  const Root root_;
  const std::string host_;
  cli::Survey survey_;
  cli::RefreshReport report_;
  ExitCode code_ = ExitCode::kDone;
  bool failed_ = false, warned_ = false;
};

}  // namespace

ExitCode refresh(const Settings& settings, const cli::Messages& messages) {
  return Refresh(settings, messages).run();
}

}  // namespace kip::program
