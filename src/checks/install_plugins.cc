#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "src/base/text.h"
#include "src/checks/install_plugins.h"
#include "src/policy/dracut.h"

namespace kip::checks {
namespace {

constexpr const char* kAdmin = "/etc/kernel/install.d/";
constexpr const char* kPackage = "/usr/lib/kernel/install.d/";

constexpr std::string_view kMicrocode = "45-kip-microcode.install";
constexpr std::string_view kImage = "58-kip-image.install";
constexpr std::string_view kLateImage = "86-kip-image.install";
constexpr std::string_view kRecord = "95-kip-record.install";

// The first systemd whose kernel-install is the program.
constexpr unsigned kProgram = 254;

// By what stands between number and suffix. install.d/README.md has the numbers they come with.
constexpr std::array<std::string_view, 7> kStagers = {
    "booster", "copy-prebuilt", "dracut", "initrd", "mkinitcpio", "mkosi", "ugrd"};
constexpr std::array<std::string_view, 5> kReaders = {"check-diskspace", "compat", "loaderentry",
                                                      "uki-copy", "ukify"};

template <class Names>
bool is_one_of(const Names& names, std::string_view name) {
  name.remove_prefix(std::min(name.find_first_not_of("0123456789"), name.size()));
  if (name.starts_with('-')) name.remove_prefix(1);
  name = name.substr(0, name.find(".install"));
  return std::find(names.begin(), names.end(), name) != names.end();
}

enum class Fate : std::uint8_t { kAbsent, kRuns, kMasked, kNotExecutable };

struct Judged {
  Fate fate = Fate::kAbsent;
  bool by_admin = false;  // the file in /etc decides
  std::string when;       // "up to systemd 253": what is said holds only then
};

class Checker {
 public:
  explicit Checker(const InstallPlugins& plugins) : plugins_(plugins) {}

  std::vector<Finding> run() {
    if (none_is_there()) {
      add(Severity::kWarning, kRulePluginMissing, "/usr/lib/kernel/install.d",
          "has none of kip's plugins: kernel-install makes images without them",
          "install kip's package");
      return std::move(findings_);
    }
    for (const std::string_view name : {kMicrocode, kImage, kLateImage, kRecord}) check_own(name);
    check_order();
    std::stable_sort(findings_.begin(), findings_.end(),
                     [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
    return std::move(findings_);
  }

 private:
  void add(Severity severity, const char* rule, std::string place, std::string text,
           std::string remedy) {
    findings_.push_back({severity, rule, std::move(place), {}, std::move(text), std::move(remedy)});
  }

  bool none_is_there() const {
    return std::none_of(plugins_.plugins.begin(), plugins_.plugins.end(), [](const Plugin& it) {
      return it.name == kMicrocode || it.name == kImage || it.name == kLateImage ||
             it.name == kRecord;
    });
  }

  Judged judge(const Plugin& plugin) const {
    const bool shell = plugins_.systemd.value_or(0) < kProgram;  // or not known
    const auto only = [&](const char* when) { return plugins_.systemd ? "" : when; };
    switch (plugin.admin) {
      case PluginFile::kNull:
      case PluginFile::kEmpty:
      case PluginFile::kEmptyExecutable:  // up to 253 it is run, and does nothing
        return {Fate::kMasked, true, ""};
      case PluginFile::kPlain:
        if (shell) return {Fate::kMasked, true, only("up to systemd 253")};
        break;
      case PluginFile::kExecutable:
        return {Fate::kRuns, true, ""};
      case PluginFile::kOther:
      case PluginFile::kAbsent:
        break;
    }
    if (plugin.package == PluginFile::kExecutable) return {Fate::kRuns, false, ""};
    if (plugin.package == PluginFile::kAbsent) return {};
    return {Fate::kNotExecutable, false, ""};
  }

  Judged judge(std::string_view name) const {
    for (const Plugin& plugin : plugins_.plugins) {
      if (plugin.name == name) return judge(plugin);
    }
    return {};
  }

  void check_own(std::string_view name) {
    const Judged it = judge(name);
    const std::string package = kPackage + std::string(name), admin = kAdmin + std::string(name);
    const bool needed = name != kLateImage || somebody_stages_late();
    const Severity severity = needed ? Severity::kWarning : Severity::kNote;
    if (it.fate == Fate::kAbsent) {
      add(severity, kRulePluginMissing, package, "is not there: " + loss(name),
          "install kip's package again");
    } else if (it.fate == Fate::kNotExecutable) {
      add(severity, kRulePluginMissing, package, "is not executable, and never run: " + loss(name),
          "chmod 755 " + package);
    } else if (it.fate == Fate::kMasked) {
      const std::string when = it.when.empty() ? "" : it.when + ", ";
      add(severity, kRulePluginMasked, admin, when + "masks the plugin of that name: " + loss(name),
          "rm " + admin);
    }
  }

  std::string loss(std::string_view name) const {
    if (name == kMicrocode) return "images get no microcode from kip";
    if (name == kRecord) return "nothing is recorded, and 'kip status' knows of no image";
    if (name == kLateImage) return "an initrd that is staged late, as on Debian 12, stays as it is";
    const bool late = judge(kLateImage).fate == Fate::kRuns;
    return std::string("images get neither microcode nor modules from kip") +
           (late ? ", or, as 86-kip-image.install still runs, too late for plugins in between"
                 : "");
  }

  // Whether `a` is run before `b`.
  bool before(std::string_view a, std::string_view b) const {
    if (plugins_.systemd.value_or(kProgram) < kProgram) return policy::version_before(a, b);
    return a < b;
  }

  bool somebody_stages_late() const {
    return std::any_of(plugins_.plugins.begin(), plugins_.plugins.end(), [&](const Plugin& it) {
      return is_one_of(kStagers, it.name) && judge(it).fate == Fate::kRuns &&
             before(kImage, it.name) && before(it.name, kLateImage);
    });
  }

  // As if kip's own were all there: that they are not was said.
  void check_order() {
    for (const Plugin& stager : plugins_.plugins) {
      if (!is_one_of(kStagers, stager.name) || judge(stager).fate != Fate::kRuns) continue;
      if (before(kLateImage, stager.name)) {
        say_order(stager,
                  "stages an initrd behind 86-kip-image.install, where nothing of kip's "
                  "gets into it any more");
        continue;
      }
      const std::string_view step = before(stager.name, kImage) ? kImage : kLateImage;
      for (const Plugin& reader : plugins_.plugins) {
        if (!is_one_of(kReaders, reader.name) || judge(reader).fate != Fate::kRuns) continue;
        if (before(stager.name, reader.name) && before(reader.name, step)) {
          say_order(reader, fmt::format("takes the initrd of {} before {} has put anything into it",
                                        stager.name, step));
        }
      }
    }
  }

  void say_order(const Plugin& plugin, std::string text) {
    const std::string place = (judge(plugin).by_admin ? kAdmin : kPackage) + plugin.name;
    if (std::any_of(findings_.begin(), findings_.end(), [&](const Finding& it) {
          return it.rule == kRulePluginOrder && it.place == place;
        }))
      return;
    std::string name = plugin.name;
    name.erase(0, std::min(name.find_first_not_of("0123456789-"), name.size()));
    const std::string number = is_one_of(kStagers, plugin.name) ? "50-"
                               : name == "ukify.install"        ? "60-"
                                                                : "90-";
    const std::string moved = shell_word(kAdmin + number + name), from = shell_word(place);
    add(Severity::kWarning, kRulePluginOrder, place, std::move(text),
        judge(plugin).by_admin ? "mv " + from + " " + moved
                               : "ln -s " + from + " " + moved + "; ln -s /dev/null " +
                                     shell_word(kAdmin + plugin.name));
  }

  const InstallPlugins& plugins_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> check_install_plugins(const InstallPlugins& plugins) {
  return Checker(plugins).run();
}

}  // namespace kip::checks
