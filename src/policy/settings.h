// The settings of kip.conf.d, typed, each with where it comes from.
//
//   [Microcode]
//   Cpu=host | all | SPEC     CPUs to serve; a list, one SPEC a line. Set to anything means "told":
//                             guests, containers and chroots are then served, too
//   Firmware=PATH             where microcode is taken from instead of the search path; a list
//   Hold=SELECTOR             updates never to take; a list
//   Pin=SELECTOR              for CPUs that match, only these revisions; a list
//   OnNone=warn | fail        no microcode for a CPU that is to be served
//   Conflict=union | strip    microcode in the generator's initrd that ours would hide: kept beside
//                             ours, or left out unless it is newer for a CPU served
//   [Modules]
//   Include=NAME…             out-of-tree modules that belong into the image, as names, globs of names, or aliases
//   Omit=NAME…                that do not
//   Require=NAME…             that do, and without which the image is not to be installed
//   Unsigned=warn | skip | fail   a selected module without a signature, where the target kernel takes none such
//   OnRequire=fail | warn     a required module is in neither the generator's initrd nor the archive of modules
//   FirmwareLimit=SIZE        most firmware that comes along with modules, in bytes or with K, M, G behind
//   [Image]
//   Compression=auto | none | zstd | xz | gzip    of the archive of modules
//   Enabled=yes | no          no: the plugins leave every image alone
//
// Lists append; an empty value empties them. Include=, Omit= and Require= take several words a line, all or none of
// them, and an empty one takes away the words of that key alone. Of single values the last one counts, and an empty one does not parse.
//
// A value that does not parse is a finding of kError at its line, and the setting keeps the value it had: callers that
// find an error must not go on as if nothing had been asked for (a hold that is misspelt is no
// permission). So is a section or key that we do not know.
#pragma once

#include <optional>

#include "src/policy/conf.h"

namespace kip::policy {

template <class T>
struct Setting {
  T value;
  std::optional<Origin> origin;  // nullopt: the default
};

using ListSetting = std::vector<Setting<std::string>>;

enum class OnNone : std::uint8_t { kWarn, kFail };
enum class Conflict : std::uint8_t { kUnion, kStrip };

struct MicrocodeSettings {
  ListSetting cpu, firmware, hold, pin;
  Setting<OnNone> on_none{OnNone::kWarn, {}};
  Setting<Conflict> conflict{Conflict::kUnion, {}};
};

enum class Effect : std::uint8_t { kOmit, kInclude, kRequire };
enum class Unsigned : std::uint8_t { kWarn, kSkip, kFail };
enum class OnRequire : std::uint8_t { kFail, kWarn };
enum class Compression : std::uint8_t { kAuto, kNone, kZstd, kXz, kGzip };

inline constexpr std::uint64_t kFirmwareLimit = 64
                                                << 20;  // bytes; firmware of one GPU can be 100 MiB

/// A word of Include=, Omit= or Require=.
struct ModuleWord {
  Effect effect = Effect::kOmit;
  std::string pattern;
  Origin origin;

  bool operator==(const ModuleWord&) const = default;
};

/// An empty Include=, Omit= or Require=, and the words that it took away.
struct ModuleReset {
  Effect effect = Effect::kOmit;
  Origin origin;
  std::vector<ModuleWord> words;
};

struct ModuleSettings {
  std::vector<ModuleWord> words;    // in the order of files and lines
  std::vector<ModuleReset> resets;  // those that took something away
  Setting<Unsigned> unsigned_modules{Unsigned::kWarn, {}};
  Setting<OnRequire> on_require{OnRequire::kFail, {}};
  Setting<std::uint64_t> firmware_limit{kFirmwareLimit, {}};
};

struct ImageSettings {
  Setting<Compression> compression{Compression::kAuto, {}};

  Setting<bool> enabled{true, {}};
};

struct Settings {
  MicrocodeSettings microcode;
  ModuleSettings modules;
  ImageSettings image;
  std::vector<Finding> findings;  // those of the files, and rules "conf-key", "conf-value"

  /// Whether a finding is an error.
  bool broken() const;
};

/// Pure: files in the order in which they count. `Cpu=`, `Hold=`, `Pin=` values are checked to be what ucode/selector.h
/// knows, with a bound in `Pin=`, and `!` (or `host`, `all`, `@/FILE`) in `Cpu=` only; `Firmware=` and `@FILE` to be
/// absolute paths.
Settings settings_from(const std::vector<ConfFile>& files);

/// read_conf_files() and settings_from().
Result<Settings> read_settings(const Root& root);

/// KIP_CPU and KIP_FIRMWARE (words separated by blanks or newlines) stand for Cpu= and Firmware=: they replace
/// what the files say. nullopt or without a word: not set. A word that does not parse is a finding of kError at the
/// variable, which then replaces nothing.
void apply_environment(Settings& settings, const std::optional<std::string>& cpu,
                       const std::optional<std::string>& firmware);

std::vector<std::string> values_of(const ListSetting& list);

}  // namespace kip::policy
