// What the parts of `kip doctor` share: what they look at, and where they put what they find. Each part is a file, doctor_*.cc, and
// asks one question.
#pragma once

#include <set>

#include "src/boot/entries.h"
#include "src/checks/install_plugins.h"
#include "src/cli/survey.h"
#include "src/image/handed.h"
#include "src/policy/dracut.h"
#include "src/policy/settings.h"

namespace kip::program {

/// A recorded image is not what would be made now; is another one than was installed; is not there; lacks a module.
inline constexpr const char* kRuleStale = "doctor-stale";
inline constexpr const char* kRuleForeign = "doctor-foreign";
inline constexpr const char* kRuleMissing = "doctor-missing";
inline constexpr const char* kRulePending = "doctor-pending";
/// The file system with the boot entries is not mounted.
inline constexpr const char* kRuleUnmounted = "doctor-boot-unmounted";
/// A boot entry names a file that is not there.
inline constexpr const char* kRuleEntryFile = "doctor-entry-file";
/// A boot entry starts a recorded kernel without an initrd, or with another one than is recorded.
inline constexpr const char* kRuleEntryInitrd = "doctor-entry-initrd";
inline constexpr const char* kRuleEntryImage = "doctor-entry-image";
/// One boot entry under two names.
inline constexpr const char* kRuleEntryTwice = "doctor-entry-twice";
/// Microcode stands where the kernel does not look for it.
inline constexpr const char* kRuleInitrdOrder = "doctor-initrd-order";
/// Microcode in front of newer one: the first counts.
inline constexpr const char* kRuleShadowed = "doctor-microcode-shadowed";
/// A CPU runs an older revision than its image holds; and what it runs, as a note.
inline constexpr const char* kRuleMicrocodeOld = "doctor-microcode-old";
inline constexpr const char* kRuleMicrocode = "doctor-microcode";
/// A kernel boots an image that kip did not make.
inline constexpr const char* kRuleUnreached = "doctor-unreached";
/// kip is turned off.
inline constexpr const char* kRuleDisabled = "doctor-disabled";

/// The machine, read once.
struct Ward {
  const Root& root;
  const std::string& root_path;  // as it was given; empty: '/'
  const cli::Messages& messages;
  const std::vector<cli::Surveyed>& recorded;
  std::vector<boot::MenuEntry> entries;  // without those for spare images
  std::vector<std::string> kernels;      // that have modules
  checks::InstallPlugins plugins;
  policy::Settings settings;
  policy::DracutFiles dracut;

  /// The records of a kernel.
  std::vector<const state::Manifest*> records_of(const std::string& kernel) const;

  /// The record of an image, by its path; nullptr: none.
  const state::Manifest* record_of_image(const std::string& path) const;

  bool has(const std::string& path) const;

  /// What Arch's packages call a kernel, "linux-lts": images and kernels there have that name; or empty.
  std::string package_of(const std::string& kernel) const;
};

class Findings {
 public:
  explicit Findings(const cli::Messages& messages) : messages_(messages) {}

  /// One that is there already, of the same rule, place and text, counts once.
  void add(Finding finding);
  void add(Severity severity, const char* rule, const std::string& place, std::string text,
           std::string remedy);

  /// What could not be read: says so, once a place.
  void failed(const std::string& place, const Error& error);
  void failed() { failed_ = true; }

  bool has(const char* rule, const std::string& place) const;

  /// Errors, warnings, notes; in each as they were found.
  std::vector<Finding> sorted() const;
  cli::ExitCode code() const;

 private:
  const cli::Messages& messages_;
  std::vector<Finding> findings_;
  std::set<std::string> unread_;
  bool failed_ = false;
};

/// Commands. `kip refresh` sees to images that are not what they should be; an entry whose image is current has to be installed
/// again, as it was recorded; GRUB's menu has to be made again.
std::string refresh(const std::string& kernel);
std::string install_again(const Ward& ward, const boot::MenuEntry& entry);
std::string made_again(const boot::MenuEntry& entry);

/// Microcode of the parts that an entry hands over, in order; the files of it that are there, or the sections of a unified image.
struct EntryParts {
  std::vector<std::string> names;  // of each part
  image::Handed handed;
};
std::optional<EntryParts> read_parts(const Ward& ward, const boot::MenuEntry& entry,
                                     Findings& findings);

/// Whether an early part of kip's is in one of its files: a hook's work is not recorded.
bool has_own_part(const Ward& ward, const boot::MenuEntry& entry);

void look_at_records(const Ward& ward, Findings& findings);
void look_at_policy(const Ward& ward, Findings& findings);
void look_at_entries(const Ward& ward, Findings& findings);
void look_at_order(const Ward& ward, Findings& findings);
void look_at_space(const Ward& ward, Findings& findings);
void look_at_microcode(const Ward& ward, Findings& findings);
void look_at_plugins(const Ward& ward, Findings& findings);
void look_at_others(const Ward& ward, Findings& findings);

}  // namespace kip::program
