#include <algorithm>
#include <fcntl.h>
#include <memory>
#include <unistd.h>

#include "src/cli/early_swap.h"
#include "src/cli/image_file.h"
#include "src/cli/microcode_step.h"
#include "src/cli/packing.h"
#include "src/state/compare.h"

namespace kip::cli {
namespace {

using state::ImageFile;
using state::Part;
using state::PartKind;
using state::UpdateInput;

// Everything of an image but the early part, wherever it stands.
std::vector<Part> rest_of(const ImageFile& file) {
  std::vector<Part> rest;
  for (Part part : file.parts) {
    if (part.kind == PartKind::kEarly) continue;
    part.offset = 0;
    rest.push_back(part);
  }
  return rest;
}

// A record names those of an update's CPUs that it was chosen for.
bool is_that(const ucode::Update& update, const UpdateInput& wanted) {
  return update.vendor == wanted.vendor && update.revision == wanted.revision &&
         std::all_of(wanted.targets.begin(), wanted.targets.end(), [&](const ucode::Target& it) {
           return std::find(update.targets.begin(), update.targets.end(), it) !=
                  update.targets.end();
         });
}

}  // namespace

std::optional<std::string> EarlySwap::unfit() {
  if (auto why = unfit_image()) return why;
  if (auto why = unfit_choice()) return why;
  return unfit_join();
}

std::optional<std::string> EarlySwap::unfit_image() {
  if (recorded_.call.layout == "uki" || recorded_.files.size() != 1)
    return "the image is not a file of its own";
  file_ = &recorded_.files.front();
  if (!file_->digest || file_->path.empty() || !recorded_.base)
    return "what the image was made of is not recorded";
  for (const Part& part : file_->parts) {
    if (part.kind == PartKind::kOverlay) overlay_ += part.size;
  }
  const auto opened = image::open_regular(Root(), file_->path);
  if (!opened) return quote(file_->path) + ": " + opened.error().what;
  auto there = image_file(opened->file.get(), file_->name, overlay_);
  if (!there) return quote(file_->path) + ": " + there.error().what;
  if (const Status status = add_digests(opened->file.get(), *there); !status)
    return quote(file_->path) + ": " + status.error().what;
  if (rest_of(*there) != rest_of(*file_)) return "the image is not what was installed";
  return std::nullopt;
}

std::optional<std::string> EarlySwap::unfit_choice() {
  if (!now_.microcode || now_.microcode->updates.empty())
    return "there is no microcode for it any more";
  const bool has_own = std::any_of(file_->parts.begin(), file_->parts.end(),
                                   [](const Part& part) { return part.kind == PartKind::kEarly; });
  if (has_own && state::is_covered(recorded_.base->updates, *now_.microcode, now_.settings))
    return "the generator's own microcode is enough now";
  auto scratch = ScratchDirectory::create();
  if (!scratch) return scratch.error().what;
  scratch_.emplace(std::move(*scratch));
  auto options = join_options(settings_.microcode, recorded_.kernel, messages_);
  if (!options) return options.error().place + ": " + options.error().error.what;
  options_ = std::move(*options);
  const std::string early = scratch_->path() + "/early.cpio";
  const SourceOptions sources = source_options(settings_.microcode, recorded_.kernel);
  Messages errors = messages_;
  errors.set_level(Messages::Level::kQuiet);
  Choice choice(sources, errors);
  if (choice.decide() != ExitCode::kDone || choice.selection().choices.empty() ||
      !pack_staged(choice, errors, early))
    return "an early part cannot be made";
  auto join = image::plan_join(Root(), early, file_->path, options_);
  if (!join) return quote(file_->path) + ": " + join.error().what;
  join_ = std::move(*join);
  return std::nullopt;
}

std::optional<std::string> EarlySwap::unfit_join() const {
  const auto expected =
      state::merged_updates(recorded_.base->updates, *now_.microcode, now_.settings);
  const auto& choices = join_->selection.choices;
  const auto is_chosen = [&](const UpdateInput& update) {
    return std::any_of(choices.begin(), choices.end(), [&](const ucode::Choice& choice) {
      return is_that(join_->catalog.entries[choice.candidates.front()].update, update);
    });
  };
  const bool same = join_->makes_early() && choices.size() == expected.size() &&
                    std::all_of(expected.begin(), expected.end(), is_chosen);
  if (!same) return "a new image would have other updates in it";
  return std::nullopt;
}

Status EarlySwap::commit() {
  const auto at = [&](const Error& error) {
    return fail(error.code, quote(file_->path) + ": " + error.what);
  };
  AtomicFile::remove_leftovers(file_->path.substr(0, file_->path.rfind('/')));
  const auto old = image::open_regular(Root(), file_->path);
  if (!old) return at(old.error());
  auto out = AtomicFile::create(file_->path, AtomicFile::Existing::kReplace, old->mode);
  if (!out) return at(out.error());
  const auto early = image::write_join(Root(), *join_, options_, *out);
  if (!early) return at(early.error());
  if (const Status taken = out->take_over(old->file.get()); !taken) return at(taken.error());
  state::Manifest manifest = recorded_;
  ImageFile& file = manifest.files.front();
  auto made = image_file(out->descriptor(), file_->name, overlay_);
  if (!made) return at(made.error());
  if (const Status status = add_digests(out->descriptor(), *made); !status)
    return at(status.error());
  if (rest_of(*made) != rest_of(*file_))
    return fail(Errc::kCorrupt, quote(file_->path) + ": changed while it was being read");
  if (const Status status = out->commit(); !status) return at(status.error());
  made->path = file_->path;
  file = std::move(*made);
  manifest.inputs.microcode = now_.microcode;
  const std::string compression = manifest.inputs.settings.compression;
  manifest.inputs.settings = now_.settings;
  manifest.inputs.settings.compression = compression;
  manifest.kip_version = version_;
  return state::write_manifest("", manifest);
}

}  // namespace kip::cli
