#include <algorithm>
#include <fcntl.h>
#include <tuple>

#include "src/cli/survey.h"

namespace kip::cli {
namespace {

using state::FileState;
using state::ImageFile;
using state::Manifest;
using state::Pending;

// No kernels: all of them.
bool is_asked_for(const std::vector<std::string>& kernels, const std::string& kernel) {
  return kernels.empty() || std::find(kernels.begin(), kernels.end(), kernel) != kernels.end();
}

template <class Records>
bool has_one_of(const Records& records, const std::vector<std::string>& kernels) {
  return std::any_of(records.begin(), records.end(),
                     [&](const auto& it) { return is_asked_for(kernels, it.kernel); });
}

}  // namespace

ExitCode Survey::failed(const std::string& place, const Error& error) const {
  messages_.error_at(place, error);
  return ExitCode::kFailed;
}

ExitCode Survey::read(const std::vector<std::string>& kernels) {
  if (const ExitCode code = read_records(); code != ExitCode::kDone) return code;
  if (const ExitCode code = check(kernels); code != ExitCode::kDone) return code;
  if (has_one_of(manifests_.records, kernels) || has_one_of(pending_.records, kernels)) {
    if (const ExitCode code = derived_.read(); code != ExitCode::kDone) return code;
  }
  for (const Manifest& manifest : manifests_.records) {
    if (is_asked_for(kernels, manifest.kernel)) add(manifest);
  }
  for (const Pending& pending : pending_.records) {
    if (is_asked_for(kernels, pending.kernel)) add(pending);
  }
  std::sort(entries_.begin(), entries_.end(), [](const Surveyed& a, const Surveyed& b) {
    return std::tie(a.row.kernel, a.row.token) < std::tie(b.row.kernel, b.row.token);
  });
  return ExitCode::kDone;
}

ExitCode Survey::read_records() {
  auto manifests = state::read_manifests(root_);
  if (!manifests) return failed("/var/lib/kip/manifests", manifests.error());
  auto pending = state::read_pending(root_);
  if (!pending) return failed("/var/lib/kip/pending", pending.error());
  manifests_ = std::move(*manifests);
  pending_ = std::move(*pending);
  for (const auto* const findings : {&manifests_.findings, &pending_.findings})
    findings_.insert(findings_.end(), findings->begin(), findings->end());
  for (const Finding& finding : findings_) messages_.finding(finding);
  return ExitCode::kDone;
}

ExitCode Survey::check(const std::vector<std::string>& kernels) const {
  ExitCode code = ExitCode::kDone;
  for (const std::string& kernel : kernels) {
    const std::vector<std::string> one = {kernel};
    if (has_one_of(manifests_.records, one) || has_one_of(pending_.records, one)) continue;
    messages_.error("nothing is recorded of kernel " + quote(kernel));
    code = ExitCode::kNothing;
  }
  return code;
}

void Survey::add(const Manifest& manifest) {
  Surveyed it;
  it.manifest = &manifest;
  EntryRow& row = it.row;
  row.kernel = manifest.kernel;
  row.token = manifest.token;
  row.layout = manifest.call.layout;
  row.kip_version = manifest.kip_version;
  for (const ImageFile& file : manifest.files) check(file, row);
  check_entry(manifest, row);
  it.now = derived_.inputs_for(manifest);
  if (it.now) {
    row.changes = compare(manifest, *it.now);
    if (!row.changes.empty()) row.raise(EntryState::kStale);
  } else {
    row.raise(EntryState::kUnknown);
  }
  entries_.push_back(std::move(it));
}

void Survey::check(const ImageFile& file, EntryRow& row) const {
  if (file.path.empty()) return;
  const std::string path = path_now(root_, file.path);
  const auto state = check_file(root_, file, path);
  if (!state) {
    failed(path, state.error());
    return row.raise(EntryState::kUnknown);
  }
  row.files.push_back({"image", path, *state});
  if (*state == FileState::kMissing) row.raise(EntryState::kMissing);
  if (*state == FileState::kForeign) row.raise(EntryState::kForeign);
}

// What is in it is the loader's business, and people edit it.
void Survey::check_entry(const Manifest& manifest, EntryRow& row) const {
  const bool has_one = !manifest.entry.empty() && manifest.call.layout == "bls";
  if (!has_one || root_.open(path_now(root_, manifest.entry), O_PATH)) return;
  row.files.push_back({"entry", manifest.entry, FileState::kMissing});
  row.raise(EntryState::kMissing);
}

void Survey::add(const Pending& pending) {
  bool known = false;
  for (Surveyed& it : entries_) {
    if (it.row.kernel != pending.kernel) continue;
    it.pending = &pending;
    it.row.pending = pending.modules;
    it.row.raise(EntryState::kPending);
    known = true;
  }
  if (known) return;
  Surveyed it;
  it.pending = &pending;
  it.row.kernel = pending.kernel;
  it.row.pending = pending.modules;
  it.row.state = EntryState::kPending;
  entries_.push_back(std::move(it));
}

StatusReport Survey::report() const {
  StatusReport report{{}, findings_};
  for (const Surveyed& it : entries_) report.entries.push_back(it.row);
  return report;
}

ExitCode Survey::code() const {
  ExitCode code = findings_.empty() ? ExitCode::kDone : ExitCode::kFailed;
  for (const Surveyed& it : entries_) {
    if (it.row.state == EntryState::kUnknown) code = ExitCode::kFailed;
    if (it.row.state != EntryState::kCurrent) code = worse(code, ExitCode::kNo);
  }
  return code;
}

}  // namespace kip::cli
