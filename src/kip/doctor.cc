// doctor: whether this machine's next boot is right, from records to what boots. Reads, and writes nothing.
#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>

#include "src/base/text.h"
#include "src/cli/doctor_report.h"
#include "src/cli/json.h"
#include "src/cli/kernels.h"
#include "src/kip/doctor.h"
#include "src/kip/obstacles.h"
#include "src/kip/verbs.h"

namespace kip::program {
namespace {

using cli::ExitCode;
using cli::Surveyed;

std::vector<std::string> recorded_boot_roots(const std::vector<Surveyed>& recorded) {
  std::vector<std::string> roots;
  for (const Surveyed& it : recorded) {
    if (it.manifest != nullptr) roots.push_back(it.manifest->call.boot_root);
  }
  return roots;
}

// By the kernels that have modules, where the name tells no release but Arch's package.
void name_kernel(const Ward& ward, boot::MenuEntry& entry) {
  const auto& kernels = ward.kernels;
  if (entry.release.empty() ||
      std::find(kernels.begin(), kernels.end(), entry.release) != kernels.end())
    return;
  const auto found = std::find_if(kernels.begin(), kernels.end(), [&](const std::string& kernel) {
    return ward.package_of(kernel) == entry.release;
  });
  if (found != kernels.end()) entry.release = *found;
}

// Rescue and fallback images are to stay as they are.
void read_entries(Ward& ward, Findings& findings) {
  boot::Entries read = boot::read_entries(
      ward.root, boot::boot_roots(ward.root, recorded_boot_roots(ward.recorded)));
  std::erase_if(read.entries, [](const boot::MenuEntry& it) { return it.is_spare(); });
  for (boot::MenuEntry& it : read.entries) name_kernel(ward, it);
  ward.entries = std::move(read.entries);
  for (const Finding& it : read.findings)
    findings.failed(it.place, Error{Errc::kInvalid, it.text, it.offset, 0});
}

// The survey has read the settings already if there are records, and said what is wrong with them.
ExitCode read_settings(Ward& ward) {
  auto settings = policy::read_settings(ward.root);
  auto dracut = policy::read_dracut_files(ward.root);
  if (!settings) ward.messages.error("kip.conf.d: " + settings.error().what);
  if (!dracut) ward.messages.error("dracut.conf.d: " + dracut.error().what);
  if (!settings || !dracut) return ExitCode::kFailed;
  ward.settings = std::move(*settings);
  ward.dracut = std::move(*dracut);
  if (!ward.settings.broken()) return ExitCode::kDone;
  for (const Finding& it : ward.settings.findings) {
    if (it.severity == Severity::kError) ward.messages.finding(it);
  }
  return ExitCode::kFailed;
}

bool read_plugins(Ward& ward) {
  auto plugins = checks::read_install_plugins(ward.root);
  if (!plugins) return ward.messages.error(plugins.error().what), false;
  ward.plugins = std::move(*plugins);
  return true;
}

// A container has none, and nothing that boots.
bool has_kernels(const Ward& ward) {
  return !ward.recorded.empty() || !ward.entries.empty() || !ward.kernels.empty();
}

void look_at_all(const Ward& ward, Findings& findings) {
  look_at_records(ward, findings);
  look_at_policy(ward, findings);
  look_at_entries(ward, findings);
  look_at_order(ward, findings);
  look_at_space(ward, findings);
  look_at_microcode(ward, findings);
  look_at_plugins(ward, findings);
  look_at_others(ward, findings);
}

}  // namespace

ExitCode doctor(const Settings& settings, const cli::Messages& messages) {
  Root root;
  if (!settings.root.empty()) {
    auto below = Root::at(settings.root);
    if (!below) return messages.error_at(settings.root, below.error()), ExitCode::kFailed;
    root = std::move(*below);
  }
  cli::Survey survey(root, settings.root, messages);
  if (const ExitCode code = survey.read({}); code != ExitCode::kDone) return code;
  Findings findings(messages);
  Ward ward{root, settings.root, messages, survey.entries(), {}, {}, {}, {}, {}};
  if (const ExitCode code = read_settings(ward); code != ExitCode::kDone) return code;
  ward.kernels = cli::kernels_with_modules(root);
  if (!read_plugins(ward)) return ExitCode::kFailed;
  read_entries(ward, findings);
  const cli::StatusReport status = survey.report();
  for (const Finding& it : status.findings) findings.add(it);
  if (!status.findings.empty() || survey.code() == ExitCode::kFailed) findings.failed();
  if (has_kernels(ward))
    look_at_all(ward, findings);
  else
    messages.note("no kernel is installed here, and nothing recorded: there is nothing to look at");
  const cli::DoctorReport report{findings.sorted()};
  if (!messages.print(settings.report.json ? to_json(report) : to_text(report)))
    return ExitCode::kFailed;
  return findings.code();
}

std::vector<const state::Manifest*> Ward::records_of(const std::string& kernel) const {
  std::vector<const state::Manifest*> found;
  for (const Surveyed& it : recorded) {
    if (it.manifest != nullptr && it.manifest->kernel == kernel) found.push_back(it.manifest);
  }
  return found;
}

const state::Manifest* Ward::record_of_image(const std::string& path) const {
  for (const Surveyed& it : recorded) {
    for (const cli::FileRow& file : it.row.files) {
      if (file.path == path || is_same_file(root, file.path, path)) return it.manifest;
    }
  }
  return nullptr;
}

std::string Ward::package_of(const std::string& kernel) const {
  constexpr std::uint64_t kLimit = 256;
  const auto bytes = read_file(root, "/usr/lib/modules/" + kernel + "/pkgbase", kLimit);
  if (!bytes) return {};
  const std::string_view text = as_text(*bytes);
  return std::string(text.substr(0, text.find('\n')));
}

bool Ward::has(const std::string& path) const {
  return root.open(path, O_PATH).has_value();
}

void Findings::add(Finding finding) {
  const bool known = std::any_of(findings_.begin(), findings_.end(), [&](const Finding& it) {
    return it.rule == finding.rule && it.place == finding.place && it.text == finding.text;
  });
  if (!known) findings_.push_back(std::move(finding));
}

void Findings::add(Severity severity, const char* rule, const std::string& place, std::string text,
                   std::string remedy) {
  add({severity, rule, place, {}, std::move(text), std::move(remedy)});
}

void Findings::failed(const std::string& place, const Error& error) {
  failed_ = true;
  if (unread_.insert(place).second) messages_.error_at(place, error);
}

bool Findings::has(const char* rule, const std::string& place) const {
  return std::any_of(findings_.begin(), findings_.end(),
                     [&](const Finding& it) { return it.rule == rule && it.place == place; });
}

std::vector<Finding> Findings::sorted() const {
  std::vector<Finding> sorted = findings_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
  return sorted;
}

ExitCode Findings::code() const {
  if (failed_) return ExitCode::kFailed;
  return std::any_of(findings_.begin(), findings_.end(),
                     [](const Finding& it) { return it.severity != Severity::kNote; })
             ? ExitCode::kNo
             : ExitCode::kDone;
}

std::string refresh(const std::string& kernel) {
  return "kip refresh " + shell_word(kernel);
}

std::string made_again(const boot::MenuEntry& entry) {
  return "grub-mkconfig -o " + shell_word(entry.file);
}

std::string install_again(const Ward& ward, const boot::MenuEntry& entry) {
  const std::string& kernel = entry.release;
  if (kernel.empty()) return "kernel-install add KVER VMLINUZ";
  for (const state::Manifest* const record : ward.records_of(kernel))
    return install_command(record->call.arguments);
  std::string image = "/usr/lib/modules/" + kernel + "/vmlinuz";
  if (!ward.has(image) && ward.has("/boot/vmlinuz-" + kernel)) image = "/boot/vmlinuz-" + kernel;
  return fmt::format("kernel-install add {} {}", shell_word(kernel),
                     ward.has(image) ? shell_word(image) : "VMLINUZ");
}

}  // namespace kip::program
