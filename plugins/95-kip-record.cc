// 95-kip-record: publishes what 58 drafted, once the boot entry is there; on `remove` forgets the kernel.
//
// Behind those that write entries (90-loaderentry, 90-uki-copy, Gentoo's 90-compat): before them there would be a manifest of
// an entry that may yet fail. Whatever goes wrong here, the machine boots: warnings, and 0.
#include <algorithm>
#include <fcntl.h>

#include "src/boot/entry.h"
#include "src/cli/drafts.h"
#include "src/cli/module_step.h"
#include "src/cli/plugin.h"
#include "src/cli/staging.h"
#include "src/image/pieces.h"
#include "src/image/sums.h"
#include "src/state/installed.h"

namespace kip::plugins {
namespace {

using state::ImageFile;
using state::Manifest;

class Record {
 public:
  explicit Record(const cli::Plugin& plugin) : call_(plugin.call()), messages_(plugin.messages()) {}

  void add() {
    auto draft = cli::read_draft(call_.staging, cli::kDraft);
    if (!draft) {
      warn(call_.staging + "/" + cli::kDraft, draft.error());
    } else if (!*draft || (*draft)->token != call_.entry_token ||
               (*draft)->kernel != call_.kernel) {
      messages_.detail("nothing is recorded of this entry: the image is none of kip's");
    } else if (const Status status = publish(std::move(**draft)); !status) {
      warn("", status.error());
    } else {
      return;
    }
    if (settings_are_broken()) {
      messages_.detail("the record stays: what belongs into the image cannot be told");
      return;
    }
    forget();  // an earlier record is of an image that is not there any more
  }

  void forget() const {
    const Status gone = state::remove_manifest(call_.root, call_.entry_token, call_.kernel);
    // Of an entry whose name could be no file's there is none.
    if (!gone && gone.error().code != Errc::kInvalid) messages_.warning(gone.error().what);
  }

 private:
  void warn(const std::string& path, const Error& error) const {
    const std::string place = path.empty() ? "" : quote(path) + ": ";
    messages_.warning("this entry is not recorded: " + place + error.what);
  }

  Status publish(Manifest manifest) {
    auto entry = TRY(boot::find_entry(host_, call_.boot_root, call_.layout, call_.entry_name));
    if (entry) {
      manifest.entry = entry->file;
      manifest.options = entry->options;
    }
    if (call_.layout == "bls") {
      for (ImageFile& file : manifest.files) TRY(find(file));
    } else if (call_.layout == "uki") {
      TRY(take_unified(manifest));
    } else {
      for (ImageFile& file : manifest.files) look_for(file);
      if (is_nobodys(manifest)) return forget(), Status();
    }
    see_from_root(manifest);
    TRY(state::write_manifest(call_.root, manifest));
    messages_.detail("what the image was made of is recorded");
    return {};
  }

  // A builder's root is what the machine will call '/'.
  void see_from_root(Manifest& manifest) const {
    const auto see = [&](std::string& path) {
      if (path.starts_with(call_.root + "/")) path.erase(0, call_.root.size());
    };
    if (call_.root.empty()) return;
    see(manifest.entry);
    see(manifest.call.entry_directory);
    see(manifest.call.boot_root);
    if (manifest.call.kip_firmware) see(*manifest.call.kip_firmware);
    for (std::string& argument : manifest.call.arguments) see(argument);
    for (ImageFile& file : manifest.files) see(file.path);
    if (!manifest.inputs.microcode) return;
    for (state::UpdateInput& update : manifest.inputs.microcode->updates) see(update.file);
  }

  // Copied by 90-loaderentry under the name that it was staged by.
  Status find(ImageFile& file) const {
    const std::string path = call_.entry_directory + "/" + file.name;
    const auto opened = host_.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (!opened) return fail(opened.error().code, quote(path) + ": " + opened.error().what);
    const state::Stamp stamp = TRY(state::stamp_of(opened->get()));
    if (file.digest && stamp.size != file.stamp.size)
      return fail(Errc::kCorrupt, quote(path) + " is not what was staged");
    file.path = path;
    file.stamp = stamp;
    return {};
  }

  // No stock plugin takes what is staged for this layout, as on Debian with GRUB: a record would tell of an image that nobody boots.
  bool is_nobodys(const Manifest& manifest) const {
    const bool nobodys = call_.layout == "other" &&
                         std::all_of(manifest.files.begin(), manifest.files.end(),
                                     [](const ImageFile& file) { return file.path.empty(); });
    if (nobodys)
      messages_.detail(
          "nothing is recorded: with layout 'other' nobody is known to boot the image");
    return nobodys;
  }

  // Vendors' plugins (Gentoo's 90-compat) copy what was staged under names of their own. Its bytes tell that it is the one.
  void look_for(ImageFile& file) const {
    if (!file.digest || file.name != "initrd") return;
    const std::string& kernel = call_.kernel;
    for (const std::string& directory : {call_.boot_root, call_.root + "/boot"}) {
      for (const std::string& name :
           {"initramfs-" + kernel + ".img", "initrd.img-" + kernel, "initrd-" + kernel}) {
        ImageFile candidate = file;
        candidate.path = directory + "/" + name;
        const auto state = state::check_whole(host_, candidate, candidate.path);
        if (!state || *state != state::FileState::kThere) continue;
        const auto opened = image::open_regular(host_, candidate.path);
        if (!opened) continue;
        const auto stamp = state::stamp_of(opened->file.get());
        if (!stamp) continue;
        candidate.stamp = *stamp;
        file = std::move(candidate);
        return;
      }
    }
  }

  // One file of kernel, command line and initrds.
  Status take_unified(Manifest& manifest) const {
    if (manifest.entry.empty())
      return fail(Errc::kInvalid,
                  "there is no unified image of it in " + quote(call_.boot_root + "/EFI/Linux"));
    ImageFile unified;
    unified.name = manifest.entry.substr(manifest.entry.rfind('/') + 1);
    unified.path = manifest.entry;
    for (const ImageFile& file : manifest.files)
      unified.parts.insert(unified.parts.end(), file.parts.begin(), file.parts.end());
    const image::Opened opened = TRY(image::open_regular(host_, unified.path));
    unified.stamp = TRY(state::stamp_of(opened.file.get()));
    if (!unified.parts.empty())
      unified.digest = TRY(image::read_sums(opened.file.get(), opened.size, {})).whole;
    manifest.files = {std::move(unified)};
    return {};
  }

  // 58 has said so. The image is another one now, which is what the record will show.
  bool settings_are_broken() const {
    const auto root = call_.root.empty() ? Result<Root>(Root()) : Root::at(call_.root);
    if (!root) return false;
    const auto settings = policy::read_settings(*root);
    return !settings || settings->broken();
  }

  const cli::Invocation& call_;
  const cli::Messages& messages_;
  const Root host_;
};

int run(int argc, char** argv) {
  using Action = cli::Invocation::Action;
  const cli::Plugin plugin("95-kip-record", argc, argv);
  const cli::Invocation& call = plugin.call();
  switch (call.action) {
    case Action::kUsage:
      plugin.messages().error(call.why);
      return 1;
    case Action::kNothing:
      plugin.messages().detail(call.why);
      return 0;
    case Action::kRemove:
      Record(plugin).forget();
      return cli::forget_pending(plugin);
    case Action::kAdd:
      Record(plugin).add();
      return 0;
  }
  return 0;
}

}  // namespace
}  // namespace kip::plugins

int main(int argc, char** argv) {
  return kip::plugins::run(argc, argv);
}
