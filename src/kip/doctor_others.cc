// Images that kip does not come to: whether anything is lost by that, and how it would come to them.
//
// A hook's work is not recorded. So an image counts as kip's, too, if a part of kip's is in it; or, where the hook of its generator is
// linked, if it has microcode at all, since a hook leaves what serves the machine already.
#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>

#include "src/base/text.h"
#include "src/checks/generator_microcode.h"
#include "src/cli/choice.h"
#include "src/host/cpus.h"
#include "src/host/situation.h"
#include "src/kip/doctor.h"

namespace kip::program {
namespace {

using boot::BootFile;
using boot::EntryKind;
using boot::MenuEntry;

constexpr const char* kToolsHook = "/etc/initramfs/post-update.d/kip-microcode";
constexpr const char* kMkinitcpioHook = "/etc/initcpio/post/kip-microcode";

std::string file_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

bool has_program(const Ward& ward, const std::string& name) {
  return ward.has("/usr/bin/" + name) || ward.has("/usr/sbin/" + name);
}

class Others {
 public:
  Others(const Ward& ward, Findings& findings) : ward_(ward), findings_(findings) {
    auto off = checks::read_microcode_off(ward.root, ward.dracut);
    if (off)
      off_ = std::move(*off);
    else
      findings.failed("generators", off.error());
    wants_microcode_ = wants_microcode();
    rules_select_ = rules_select();
  }

  void run() {
    for (const MenuEntry& entry : ward_.entries) look_at(entry);
    for (const std::string& kernel : ward_.kernels) {
      if (is_known(kernel)) continue;
      if (const auto entry = by_name(kernel)) look_at(*entry);
    }
  }

 private:
  // Whether there is microcode that images of this machine should have.
  bool wants_microcode() const {
    if (!host::has_early_microcode()) return false;
    const bool told = !ward_.settings.microcode.cpu.empty();
    if (ward_.root.is_host() && !told && !host::read_situation(ward_.root).owns_microcode())
      return false;
    std::vector<std::string> directories = values_of(ward_.settings.microcode.firmware);
    if (!directories.empty()) return true;
    return std::any_of(std::begin(kFirmware), std::end(kFirmware), [&](const char* directory) {
      const auto names = list_directory(ward_.root, directory);
      return names && !names->empty();
    });
  }

  bool rules_select() const {
    const policy::ModuleRules rules = policy::module_rules(ward_.settings, ward_.dracut);
    return std::any_of(rules.rules.begin(), rules.rules.end(), [](const policy::ModuleRule& it) {
      return it.effect != policy::Effect::kOmit;
    });
  }

  // In a menu, or recorded.
  bool is_known(const std::string& kernel) const {
    return !ward_.records_of(kernel).empty() ||
           std::any_of(ward_.entries.begin(), ward_.entries.end(), [&](const MenuEntry& it) {
             return it.release == kernel ||
                    std::any_of(it.initrds.begin(), it.initrds.end(),
                                [&](const BootFile& file) { return file.path == named(kernel); });
           });
  }

  // Where generators put the image of a kernel; empty: nowhere that we know.
  std::string named(const std::string& kernel) const {
    const std::string package = ward_.package_of(kernel);
    for (const std::string& name :
         {"initrd.img-" + kernel, "initramfs-" + kernel + ".img", "initrd-" + kernel,
          package.empty() ? package : "initramfs-" + package + ".img"}) {
      if (!name.empty() && ward_.has("/boot/" + name)) return "/boot/" + name;
    }
    return {};
  }

  std::optional<MenuEntry> by_name(const std::string& kernel) const {
    const std::string image = named(kernel);
    if (image.empty()) return std::nullopt;
    MenuEntry entry;
    entry.file = image;
    entry.release = kernel;
    entry.initrds.push_back({image, true});
    return entry;
  }

  bool is_reached(const MenuEntry& entry) const {
    if (entry.kind == EntryKind::kUnified) {
      return ward_.record_of_image(entry.file) != nullptr || has_unplaced_record(entry.release);
    }
    // Of a recorded kernel with another image, look_at_entries() tells.
    if (entry.kind == EntryKind::kType1 && !ward_.records_of(entry.release).empty()) return true;
    if (has_unplaced_record(entry.release)) return true;
    return std::any_of(
               entry.initrds.begin(), entry.initrds.end(),
               [&](const BootFile& it) { return ward_.record_of_image(it.path) != nullptr; }) ||
           has_own_part(ward_, entry);
  }

  // Of a kernel that is not known there is none. In layouts of which it is not known where the image is.
  bool has_unplaced_record(const std::string& kernel) const {
    for (const state::Manifest* const it : ward_.records_of(kernel)) {
      if (std::any_of(it->files.begin(), it->files.end(),
                      [](const state::ImageFile& file) { return file.path.empty(); }))
        return true;
    }
    return false;
  }

  bool is_hooked(const std::string& image) const {
    if (file_name(image).starts_with("initrd.img-")) return ward_.has(kToolsHook);
    return has_program(ward_, "mkinitcpio") && ward_.has(kMkinitcpioHook);
  }

  void look_at(const MenuEntry& entry) {
    const bool any = entry.kind == EntryKind::kUnified ||
                     std::any_of(entry.initrds.begin(), entry.initrds.end(),
                                 [](const BootFile& it) { return it.there; });
    if (!any || !entry.kernel.there || is_reached(entry)) return;
    const auto parts = read_parts(ward_, entry, findings_);
    if (!parts) return;
    const bool lacks = wants_microcode_ && !parts->handed.taken[0] && !parts->handed.taken[1] &&
                       parts->handed.behind[0].empty() && parts->handed.behind[1].empty();
    // What a hook left as it was serves the machine; what it never saw may lack everything.
    if (is_hooked(image_of(entry)) && !(lacks && there_is_some(entry))) return;
    if (lacks && !rules_select_ && say_dropped(entry)) return;
    say(entry, lacks);
  }

  // Microcode for CPUs of this machine.
  bool there_is_some(const MenuEntry& entry) const {
    cli::SourceOptions options = cli::source_options(ward_.settings.microcode, entry.release);
    options.root = ward_.root_path;
    options.allow_none = true;
    cli::Messages errors = ward_.messages;
    errors.set_level(cli::Messages::Level::kQuiet);
    cli::Choice choice(options, errors);
    return choice.decide() == cli::ExitCode::kDone && !choice.selection().choices.empty();
  }

  static std::string image_of(const MenuEntry& entry) {
    return entry.initrds.empty() ? entry.file : entry.initrds.back().path;
  }

  static std::string kernel_of(const MenuEntry& entry) {
    return entry.release.empty() ? quote(entry.kernel.path) : quote(entry.release);
  }

  // Where a setting is the reason, it is the place.
  bool say_dropped(const MenuEntry& entry) {
    for (const checks::MicrocodeOff& it : off_) {
      findings_.add(
          Severity::kWarning, checks::kRuleDrops, it.place,
          fmt::format("{}: {} leaves microcode out, and kip does not come to the image of "
                      "kernel {}, {}",
                      it.setting, it.generator, kernel_of(entry), quote(image_of(entry))),
          "write " + it.wanted + " there and make the image again; or " + remedy(entry));
    }
    return !off_.empty();
  }

  void say(const MenuEntry& entry, bool lacks) {
    const std::string loss = lacks && rules_select_
                                 ? ", and it lacks microcode and the modules that rules ask for"
                             : lacks         ? ", and no microcode is in it"
                             : rules_select_ ? ", and it lacks the modules that rules ask for"
                                             : "";
    findings_.add(
        loss.empty() ? Severity::kNote : Severity::kWarning, kRuleUnreached, image_of(entry),
        fmt::format("kernel {} boots it, and kip did not make it{}", kernel_of(entry), loss),
        remedy(entry));
  }

  std::string remedy(const MenuEntry& entry) const {
    const std::string image = file_name(image_of(entry));
    const bool unified = entry.kind == EntryKind::kUnified;
    if (!unified && image.starts_with("initrd.img-") && has_program(ward_, "update-initramfs")) {
      return std::string(ward_.has(kToolsHook)
                             ? ""
                             : "ln -s /usr/lib/kip/hooks/initramfs-tools/kip-microcode "
                               "/etc/initramfs/post-update.d/; ") +
             "update-initramfs -u -k " +
             (entry.release.empty() ? "all" : shell_word(entry.release));
    }
    if (!unified && has_program(ward_, "mkinitcpio") && ward_.has("/etc/mkinitcpio.d")) {
      return std::string(
                 ward_.has(kMkinitcpioHook)
                     ? ""
                     : "ln -s /usr/lib/kip/hooks/mkinitcpio/kip-microcode /etc/initcpio/post/; ") +
             "mkinitcpio -P";
    }
    if (goes_around()) {
      const std::string kernel = entry.release.empty() ? "KVER" : shell_word(entry.release);
      return "kmod-pack emit dracut --kernel " + kernel +
             " > /etc/dracut.conf.d/90-kip-modules.conf; dracut --force --kver " + kernel;
    }
    return install_again(ward_, entry);
  }

  // Fedora's and openSUSE's own plugins do not take what is staged: what can be done is to tell dracut.
  bool goes_around() const {
    return std::any_of(ward_.plugins.plugins.begin(), ward_.plugins.plugins.end(),
                       [](const checks::Plugin& it) {
                         return it.name == "20-grub.install" || it.name == "50-sdbootutil.install";
                       });
  }

  static constexpr const char* kFirmware[] = {
      "/usr/lib/firmware/intel-ucode", "/lib/firmware/intel-ucode", "/usr/lib/firmware/amd-ucode",
      "/lib/firmware/amd-ucode"};

  const Ward& ward_;
  Findings& findings_;
  std::vector<checks::MicrocodeOff> off_;
  bool wants_microcode_ = false, rules_select_ = false;
};

}  // namespace

void look_at_others(const Ward& ward, Findings& findings) {
  if (ward.settings.image.enabled.value) Others(ward, findings).run();
}

}  // namespace kip::program
