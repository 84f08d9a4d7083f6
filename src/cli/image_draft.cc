#include <algorithm>
#include <fcntl.h>

#include "src/cli/drafts.h"
#include "src/cli/image_draft.h"
#include "src/cli/image_file.h"
#include "src/cli/microcode_inputs.h"
#include "src/cli/microcode_step.h"
#include "src/cli/module_inputs.h"
#include "src/codec/encode.h"
#include "src/image/sums.h"
#include "src/state/installed.h"

namespace kip::cli {
namespace {

using image::Range;
using state::Part;

std::string name_of(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

// Parts of ours in an image, in order.
std::vector<Range> own_ranges(const image::Front& front, const image::Tail* tail) {
  std::vector<Range> own = front.own_ranges;
  if (tail == nullptr) return own;
  for (const image::OwnOverlay& overlay : tail->overlays) own.push_back(overlay.range);
  return own;
}

state::Call call_of(const Invocation& call) {
  state::Call it;
  it.caller = call.caller->name;
  it.arguments = call.arguments;
  it.layout = call.layout;
  it.initrd_generator = call.initrd_generator;
  it.uki_generator = call.uki_generator;
  it.entry_directory = call.entry_directory;
  it.boot_root = call.boot_root;
  it.kip_cpu = environment("KIP_CPU");
  it.kip_firmware = environment("KIP_FIRMWARE");
  return it;
}

state::SettingInputs settings_of(const policy::Settings& settings) {
  state::SettingInputs it;
  const bool strips = settings.microcode.conflict.value == policy::Conflict::kStrip;
  it.conflict = strips ? "strip" : "union";
  it.holds = values_of(settings.microcode.hold);
  it.pins = values_of(settings.microcode.pin);
  return it;
}

}  // namespace

ImageDraft::ImageDraft(const Plugin& plugin, std::string version) : plugin_(plugin) {
  manifest_.kip_version = std::move(version);
}

void ImageDraft::read_base(const std::vector<std::string>& paths, const image::Tail* tail) {
  if (plugin_.call().entry_token.empty()) return;  // nobody will record it
  if (const Status status = add_base(paths, tail); !status) error_ = status.error();
}

Status ImageDraft::add_base(const std::vector<std::string>& paths, const image::Tail* tail) {
  state::Base& base = manifest_.base.emplace();
  digest::Hasher hasher = TRY(digest::Hasher::make());
  hasher.begin();
  base_is_whole_ = paths.size() == 1;
  for (const std::string& path : paths) {
    const image::Opened file = TRY(image::open_regular(Root(), path));
    // Kernels read such an image alone: there is nothing of ours in it.
    const auto front = image::read_front(file.file.get());
    const auto own = own_ranges(front ? *front : image::Front(), tail);
    const auto ranges = image::kept(own, file.size);
    for (const Range& range : ranges) base.size += range.end - range.begin;
    base_is_whole_ = base_is_whole_ && own.empty();
    TRY(image::add_ranges(hasher, file.file.get(), ranges));
    if (front && path == paths.front()) TRY(add_base_updates(path, *front));
  }
  base.digest = hasher.finish();
  return {};
}

// Those that a kernel would find without our own part, and those that this has from there.
Status ImageDraft::add_base_updates(const std::string& path, const image::Front& front) {
  if (!front.taken[0] && !front.taken[1]) return {};
  const catalog::Catalog catalog = TRY(image::read_updates(Root(), path));
  manifest_.base->updates = TRY(update_inputs(
      catalog, [counting = image::Counting(front, /*shadowed=*/false)](
                   const catalog::Entry& entry, const catalog::Stream& stream) mutable {
        return counting.origin(stream, entry.update) == image::Origin::kImage && entry.sound;
      }));
  // The staging area has another name each time.
  for (state::UpdateInput& update : manifest_.base->updates)
    update.file = name_of(path) + update.file.substr(std::min(path.size(), update.file.size()));
  return {};
}

Status ImageDraft::add_microcode(bool any) {
  const std::string& staging = plugin_.call().staging;
  auto draft = TRY(read_draft(staging, kMicrocodeDraft));
  if (!draft || !draft->inputs.microcode) return {};
  manifest_.inputs.microcode = std::move(draft->inputs.microcode);
  state::MicrocodeInputs& inputs = *manifest_.inputs.microcode;
  if (microcode_lost_ || !any) inputs.updates.clear();
  if (inputs.updates.empty()) return {};
  return add_digests(staging + "/" + kEarlyPart, inputs);
}

Status ImageDraft::add_modules(const ModuleStep& modules) {
  ModuleChoice* const choice = modules.choice();
  if (choice == nullptr) return {};
  const image::BaseModules* const base = modules.base();
  const KnownFiles known{[&](const state::ModuleInput& it) {
                           return it.cause != "policy" && base != nullptr &&
                                  base->modules.contains(it.name);
                         },
                         {}};
  state::ModuleInputs inputs = TRY(module_inputs(plugin_.root(), *choice, known));
  if (modules.plan() == nullptr) {  // decisions that have come to nothing
    manifest_.inputs.modules.decisions = std::move(inputs.decisions);
    return {};
  }
  manifest_.inputs.modules = std::move(inputs);
  const auto method = choice->compression(*base);
  manifest_.inputs.settings.compression = compression_name(method);
  if (method == codec::Method::kZstd) manifest_.zstd_version = TRY(codec::zstd_version());
  if (manifest_.base && base->method)
    manifest_.base->compression = codec::method_name(*base->method);
  return {};
}

Status ImageDraft::add_file(const std::string& path, std::uint64_t overlay_size) {
  const image::Opened file = TRY(image::open_regular(Root(), path));
  state::ImageFile entry = TRY(image_file(file.file.get(), name_of(path), overlay_size));
  if (entry.has_own()) {
    TRY(add_digests(file.file.get(), entry));
  } else if (base_is_whole_ && manifest_.base) {
    entry.digest = manifest_.base->digest;
    for (Part& part : entry.parts) part.digest = *entry.digest;
  } else {
    entry.parts.clear();
  }
  manifest_.files.push_back(std::move(entry));
  return {};
}

Status ImageDraft::add_files(const ImageChoice& choice, const std::set<ucode::Vendor>& vendors,
                             const ModuleStep& modules) {
  const std::string& staging = plugin_.call().staging;
  const auto is_there = [](const std::string& path) {
    return Root().open(path, O_PATH).has_value();
  };
  const auto size_of = [](const std::string& path) -> Result<std::uint64_t> {
    return TRY(image::open_regular(Root(), path)).size;
  };
  const bool reads_microcode = plugin_.call().caller->lists_microcode;
  for (const ucode::Vendor vendor : vendors) {
    const std::string path = staging + "/" + microcode_name(vendor);
    if (reads_microcode && is_there(path)) TRY(add_file(path, 0));
  }
  if (choice.kind == ImageChoice::Kind::kMerge) {
    const std::string& path = is_there(choice.target) ? choice.target : choice.source;
    const std::string& overlay = modules.overlay();
    return add_file(path, overlay.empty() ? 0 : TRY(size_of(overlay)));
  }
  for (const std::string& path : choice.bases) {
    state::ImageFile base;
    base.name = name_of(path);
    manifest_.files.push_back(std::move(base));
  }
  const std::string apart = staging + "/" + kOverlayFile;
  return is_there(apart) ? add_file(apart, TRY(size_of(apart))) : Status();
}

Status ImageDraft::make(const ImageChoice& choice, const std::set<ucode::Vendor>& vendors,
                        const ModuleStep& modules) {
  const Invocation& call = plugin_.call();
  if (error_) return tl::unexpected<Error>(*error_);
  manifest_.token = call.entry_token;
  manifest_.kernel = call.kernel;
  manifest_.call = call_of(call);
  manifest_.inputs.settings = settings_of(plugin_.settings());
  TRY(add_microcode(!vendors.empty()));
  TRY(add_modules(modules));
  TRY(add_files(choice, vendors, modules));
  return write_draft(call.staging, kDraft, manifest_);
}

void ImageDraft::drop() const {
  remove_draft(plugin_.call().staging, kDraft);
}

void ImageDraft::finish(const ImageChoice& choice, const std::set<ucode::Vendor>& vendors,
                        const ModuleStep& modules) {
  const std::string& staging = plugin_.call().staging;
  drop();
  const bool ours =
      choice.kind == ImageChoice::Kind::kMerge || choice.kind == ImageChoice::Kind::kSeparate;
  if (!ours || plugin_.call().entry_token.empty()) return;
  if (const auto directory = open_own_directory(staging);
      !directory && directory.error().system_errno != ENOENT)
    return;  // said where it was first met
  if (const Status made = make(choice, vendors, modules); !made) {
    plugin_.messages().warning("what the image was made of is not recorded: " + made.error().what);
  }
}

}  // namespace kip::cli
