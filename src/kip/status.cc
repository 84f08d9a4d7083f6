// status: each recorded entry against what would be made of this machine's files now. Reads, and writes nothing.

#include <algorithm>
#include <fcntl.h>
#include <tuple>

#include "src/boot/entry.h"
#include "src/cli/derived.h"
#include "src/cli/json.h"
#include "src/kip/verbs.h"

namespace kip::program {
namespace {

using cli::EntryRow;
using cli::EntryState;
using cli::ExitCode;
using state::FileState;
using state::ImageFile;
using state::Manifest;

class Entries {
 public:
  Entries(const Settings& settings, const cli::Messages& messages)
      : settings_(settings), messages_(messages), derived_(root_, settings.root, messages) {}

  ExitCode run() {
    if (!settings_.root.empty()) {
      auto root = Root::at(settings_.root);
      if (!root) return failed(settings_.root, root.error());
      root_ = std::move(*root);
    }
    if (const ExitCode code = read_records(); code != ExitCode::kDone) return code;
    if (const ExitCode code = check_kernels(); code != ExitCode::kDone) return code;
    const bool any = std::any_of(manifests_.records.begin(), manifests_.records.end(),
                                 [&](const Manifest& it) { return is_asked_for(it.kernel); });
    if (any) code_ = worse(code_, derived_.read());
    if (code_ == ExitCode::kFailed && any) return code_;
    for (const Manifest& manifest : manifests_.records) {
      if (is_asked_for(manifest.kernel)) add(manifest);
    }
    add_pending();
    return report();
  }

 private:
  ExitCode failed(const std::string& place, const Error& error) const {
    messages_.error_at(place, error);
    return ExitCode::kFailed;
  }

  ExitCode read_records() {
    auto manifests = state::read_manifests(root_);
    if (!manifests) return failed("/var/lib/kip/manifests", manifests.error());
    auto pending = state::read_pending(root_);
    if (!pending) return failed("/var/lib/kip/pending", pending.error());
    manifests_ = std::move(*manifests);
    pending_ = std::move(*pending);
    for (const auto* const findings : {&manifests_.findings, &pending_.findings}) {
      report_.findings.insert(report_.findings.end(), findings->begin(), findings->end());
    }
    for (const Finding& finding : report_.findings) messages_.finding(finding);
    return ExitCode::kDone;
  }

  bool is_asked_for(const std::string& kernel) const {
    const auto& asked = settings_.kernels;
    return asked.empty() || std::find(asked.begin(), asked.end(), kernel) != asked.end();
  }

  ExitCode check_kernels() const {
    ExitCode code = ExitCode::kDone;
    const auto is_of = [](const std::string& kernel) {
      return [&kernel](const auto& it) { return it.kernel == kernel; };
    };
    for (const std::string& kernel : settings_.kernels) {
      const bool known =
          std::any_of(manifests_.records.begin(), manifests_.records.end(), is_of(kernel)) ||
          std::any_of(pending_.records.begin(), pending_.records.end(), is_of(kernel));
      if (known) continue;
      messages_.error("nothing is recorded of kernel " + quote(kernel));
      code = ExitCode::kNothing;
    }
    return code;
  }

  void add(const Manifest& manifest) {
    EntryRow row;
    row.kernel = manifest.kernel;
    row.token = manifest.token;
    row.layout = manifest.call.layout;
    row.kip_version = manifest.kip_version;
    for (const ImageFile& file : manifest.files) check(file, row);
    if (const auto now = derived_.inputs_for(manifest)) {
      row.changes = compare(manifest, *now);
      if (!row.changes.empty()) row.raise(EntryState::kStale);
    } else {
      row.raise(EntryState::kUnknown);
    }
    report_.entries.push_back(std::move(row));
  }

  // Boot counting renames unified images.
  std::string path_now(const ImageFile& file) const {
    if (root_.open(file.path, O_PATH)) return file.path;
    const std::string path = boot::without_count(file.path);
    const std::size_t slash = path.rfind('/'), dot = path.rfind('.');
    if (!path.ends_with(".efi") || slash == path.npos || dot < slash) return file.path;
    const auto found = boot::find_counted(root_, path.substr(0, slash),
                                          path.substr(slash + 1, dot - slash - 1), ".efi");
    return found && *found ? **found : file.path;
  }

  void check(const ImageFile& file, EntryRow& row) const {
    if (file.path.empty()) return;
    const std::string path = path_now(file);
    const auto state = check_file(root_, file, path);
    if (!state) {
      failed(path, state.error());
      return row.raise(EntryState::kUnknown);
    }
    row.files.push_back({path, *state});
    if (*state == FileState::kMissing) row.raise(EntryState::kMissing);
    if (*state == FileState::kForeign) row.raise(EntryState::kForeign);
  }

  void add_pending() {
    for (const state::Pending& pending : pending_.records) {
      if (!is_asked_for(pending.kernel)) continue;
      bool known = false;
      for (EntryRow& row : report_.entries) {
        if (row.kernel != pending.kernel) continue;
        row.pending = pending.modules;
        row.raise(EntryState::kPending);
        known = true;
      }
      if (known) continue;
      EntryRow row;
      row.kernel = pending.kernel;
      row.pending = pending.modules;
      row.state = EntryState::kPending;
      report_.entries.push_back(std::move(row));
    }
  }

  ExitCode report() {
    std::sort(report_.entries.begin(), report_.entries.end(),
              [](const EntryRow& a, const EntryRow& b) {
                return std::tie(a.kernel, a.token) < std::tie(b.kernel, b.token);
              });
    if (!messages_.print(settings_.report.json ? to_json(report_) : to_text(report_)))
      return ExitCode::kFailed;
    if (report_.entries.empty() && report_.findings.empty())
      messages_.note("nothing is recorded: no entry was made with kip's plugins");
    if (!report_.findings.empty()) code_ = ExitCode::kFailed;
    for (const EntryRow& row : report_.entries) {
      if (row.state == EntryState::kUnknown) code_ = ExitCode::kFailed;
      if (row.state != EntryState::kCurrent) code_ = worse(code_, ExitCode::kNo);
    }
    return code_;
  }

  const Settings& settings_;
  const cli::Messages& messages_;
  Root root_;
  cli::Derived derived_;
  state::Manifests manifests_;
  state::PendingRecords pending_;
  cli::StatusReport report_;
  ExitCode code_ = ExitCode::kDone;
};

}  // namespace

ExitCode status(const Settings& settings, const cli::Messages& messages) {
  return Entries(settings, messages).run();
}

}  // namespace kip::program
