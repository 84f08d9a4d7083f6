// 58-kip-image: puts the early part in front of the staged initrd, as one file.
//
// Behind the generators (50, 52, Debian 13's 55) and before those who read the result (ukify 60,
// Gentoo's disk check 85, the loader entry 90). Debian 12's initrd is staged at 85 only: there the
// same program runs once more, as 86. Running twice is running once.
#include <fcntl.h>
#include <fmt/format.h>

#include "src/cli/packing.h"
#include "src/cli/plugin.h"
#include "src/cli/staging.h"
#include "src/image/join.h"

namespace kip::plugins {
namespace {

using ucode::Vendor;
using Vendors = std::set<Vendor>;

class Image {
 public:
  explicit Image(const cli::Plugin& plugin) : plugin_(plugin), call_(plugin.call()) {}

  int run() {
    auto staging = cli::read_staging(call_.staging);
    if (!staging) return plugin_.give_up(call_.staging, staging.error());
    staging_ = std::move(*staging);
    if (const auto code = options()) return *code;
    Vendors vendors;
    if (const auto code = look_at_early_part(vendors)) {
      const cli::ImageChoice choice = choose_image(call_, staging_);
      if (choice.kind == cli::ImageChoice::Kind::kMerge)
        say_forbidden(choice.source, ", and stays: no microcode of ours takes its place");
      return *code;
    }
    say_foreign_microcode();
    for (const Vendor vendor : {Vendor::kIntel, Vendor::kAmd}) {
      const std::string name = microcode_name(vendor);
      if (!vendors.contains(vendor) || !stands_in_front(name)) continue;
      if (!replace(call_.staging + "/" + name, call_.staging + "/" + name, {vendor})) return 0;
      vendors.erase(vendor);
    }
    return vendors.empty() ? 0 : add(vendors);
  }

 private:
  static std::string microcode_name(Vendor vendor) {
    return std::string("microcode-") + ucode::vendor_name(vendor);
  }

  // Files that the loader entry lists before every initrd.
  bool stands_in_front(const std::string& name) const {
    return call_.caller->lists_microcode && staging_.has(staging_.microcode, name);
  }

  std::string early() const { return call_.staging + "/" + cli::kEarlyPart; }

  int nothing_chosen() const {
    plugin_.messages().detail("no microcode was chosen");
    return 0;
  }

  // 0 if there is none.
  std::optional<int> look_at_early_part(Vendors& vendors) {
    const auto directory = cli::open_own_directory(call_.staging);
    if (!directory && directory.error().system_errno == ENOENT) return nothing_chosen();
    if (!directory)
      return plugin_.give_up(call_.staging + "/" + cli::kOwnDirectory, directory.error());
    const auto file = root_.open(early(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (!file && file.error().system_errno == ENOENT) return nothing_chosen();
    if (!file) return plugin_.give_up(early(), file.error());
    const auto front = image::read_front(file->get());
    if (!front) return plugin_.give_up(early(), front.error());
    if (front->own.empty())
      return plugin_.give_up(early(), {Errc::kCorrupt, "is no early part of kip", {}, 0});
    for (const image::EarlyManifest& own : front->own) {
      for (const image::ManifestCpu& cpu : own.cpus) vendors.insert(cpu.vendor);
    }
    return std::nullopt;
  }

  std::optional<int> options() {
    const policy::MicrocodeSettings& settings = plugin_.settings().microcode;
    auto holds = cli::parse_selectors(values_of(settings.hold));
    auto pins = cli::parse_pins(values_of(settings.pin));
    if (!holds) return plugin_.give_up("Hold=", holds.error());
    if (!pins) return plugin_.give_up("Pin=", pins.error());
    options_.select.holds = std::move(*holds);
    options_.select.pins = std::move(*pins);
    options_.select.kernel = ucode::KernelVersion::parse(call_.kernel);
    options_.strip = settings.conflict.value == policy::Conflict::kStrip;
    options_.time = cli::source_date_epoch(plugin_.messages());
    return std::nullopt;
  }

  void say_foreign_microcode() const {
    for (const std::string& name : staging_.microcode) {
      const bool ours =
          name == microcode_name(Vendor::kIntel) || name == microcode_name(Vendor::kAmd);
      if (ours || !stands_in_front(name)) continue;
      plugin_.messages().warning(
          quote(name) + " was staged by another plugin, and stands in front of what kip adds");
    }
  }

  // An earlier run, before a generator staged one more.
  bool is_done() const {
    if (staging_.initrds.size() < 2) return false;
    const auto file = root_.open(call_.staging + "/" + staging_.initrds.front(), O_RDONLY);
    if (!file) return false;
    const auto front = image::read_front(file->get());
    return front && !front->own.empty();
  }

  // As 58; as 86 the mark is there. It goes with the staging area.
  bool is_first_run() const {
    const std::string mark = call_.staging + "/" + cli::kOwnDirectory + "/image-seen";
    const Fd made(::open(mark.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    return made || errno != EEXIST;
  }

  int add(const Vendors& vendors) {
    if (is_done()) {
      plugin_.messages().detail("the first of several initrds has the microcode already");
      return 0;
    }
    const cli::ImageChoice choice = choose_image(call_, staging_);
    if (!is_first_run() && staging_.uki) {
      plugin_.messages().detail("'uki.efi' was made of what the first run left");
      return 0;
    }
    switch (choice.kind) {
      case cli::ImageChoice::Kind::kMerge:
        replace(choice.source, choice.target, vendors);
        break;
      case cli::ImageChoice::Kind::kSeparate:
        plugin_.messages().detail(choice.why);
        separate(vendors);
        break;
      case cli::ImageChoice::Kind::kLost:
        plugin_.messages().warning("no microcode is added: " + choice.why);
        break;
      case cli::ImageChoice::Kind::kNothing:
        plugin_.messages().detail("nothing to do: " + choice.why);
        break;
    }
    return 0;
  }

  // One file a vendor, under the names that other plugins know.
  void separate(const Vendors& vendors) {
    for (const Vendor vendor : vendors) {
      if (!replace("", call_.staging + "/" + microcode_name(vendor), {vendor})) return;
    }
  }

  // What the generator packed in spite of Hold= or Pin=; `fate` begins with a comma.
  void say_forbidden(const std::string& source, const char* fate) const {
    if (options_.select.holds.empty() && options_.select.pins.empty()) return;
    const auto updates = image::forbidden(root_, source, options_.select);
    if (!updates) return;  // whoever reads it next says why
    for (const ucode::Update& update : *updates) {
      plugin_.messages().warning(fmt::format(
          "{}: revision {:#010x} for {} came with the initrd, against Hold= or Pin={}",
          quote(source), update.revision, update.targets.front().signature.name(), fate));
    }
  }

  // False after an error was said; what was there is there still.
  bool replace(const std::string& source, const std::string& target, const Vendors& vendors) {
    image::JoinOptions options = options_;
    options.vendors = vendors;
    const auto join = image::plan_join(root_, early(), source, options);
    if (!join) return plugin_.give_up(source.empty() ? early() : source, join.error()), false;
    if (!join->needed()) {
      plugin_.messages().note(quote(source) + " serves these CPUs as it is");
      say_forbidden(source, ", and stays: the image serves these CPUs as it is");
      return true;
    }
    if (!source.empty()) say_forbidden(source, ", and is left out");
    auto file = AtomicFile::create(target, AtomicFile::Existing::kReplaceLink, 0600);
    if (!file) return plugin_.give_up(target, file.error()), false;
    const auto early_size = image::write_join(root_, *join, options, *file);
    if (!early_size) return plugin_.give_up(target, early_size.error()), false;
    if (const Status status = file->commit(AtomicFile::Sync::kNone); !status)
      return plugin_.give_up(target, status.error()), false;
    plugin_.messages().note(fmt::format("{}: {} of microcode, {} bytes, in front of {} bytes",
                                        quote(target),
                                        cli::counted(join->selection.choices.size(), "update"),
                                        *early_size, file->written() - *early_size));
    return true;
  }

  const cli::Plugin& plugin_;
  const cli::Invocation& call_;
  Root root_;
  cli::Staging staging_;
  image::JoinOptions options_;
};

int run(int argc, char** argv) {
  cli::Plugin plugin("58-kip-image", argc, argv);
  if (const auto code = plugin.begin()) return *code;
  return Image(plugin).run();
}

}  // namespace
}  // namespace kip::plugins

int main(int argc, char** argv) {
  return kip::plugins::run(argc, argv);
}
