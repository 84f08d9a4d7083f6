// 58-kip-image: makes one file of the early part, the staged initrd and the overlay of modules.
//
// Behind the generators (50, 52, Debian 13's 55) and before those who read the result (ukify 60,
// Gentoo's disk check 85, the loader entry 90). Debian 12's initrd is staged at 85 only: there the
// same program runs once more, as 86. Running twice is running once.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "src/base/atomic_file.h"
#include "src/cli/image_draft.h"
#include "src/cli/microcode_step.h"
#include "src/cli/module_step.h"
#include "src/cli/staging.h"
#include "src/image/overlay_sign.h"

namespace kip::plugins {
namespace {

using cli::Failure;
using ucode::Vendor;
using Kind = cli::ImageChoice::Kind;
using Place = cli::ModuleStep::Place;
using Vendors = std::set<Vendor>;

class Image {
 public:
  explicit Image(const cli::Plugin& plugin)
      : plugin_(plugin),
        call_(plugin.call()),
        messages_(plugin.messages()),
        microcode_(plugin),
        modules_(plugin),
        draft_(plugin, KIP_VERSION) {}

  int run() {
    auto staging = cli::read_staging(call_.staging);
    if (!staging) return plugin_.give_up(call_.staging, staging.error());
    staging_ = std::move(*staging);
    if (call_.last && is_as_left(call_.staging, staging_)) {
      messages_.detail("an earlier run has done the work");
      return 0;
    }
    if (staging_.uki && cli::has_note(call_.staging)) {
      // Its draft stays, too: it tells of what is in there.
      messages_.detail("'uki.efi' was made of what the first run left");
      return 0;
    }
    if (const auto code = microcode_.read_settings()) return *code;
    choice_ = choose_image(call_, staging_);
    if (!leaves_modules_to_86()) modules_.decide();
    if (const auto failure = microcode_.look()) say_no_microcode(*failure);
    const Vendors vendors = microcode_.vendors();
    if (!vendors.empty() && !replace_staged_microcode()) microcode_.done();
    const int code = add();
    if (code != 0) return draft_.drop(), code;
    draft_.finish(choice_, vendors, modules_);
    note();
    return 0;
  }

 private:
  void say_no_microcode(const Failure& failure) {
    draft_.lose_microcode();
    messages_.error_at(failure.place, failure.error);
    messages_.warning(modules_.idle() ? "the image is left as it is" : "no microcode is added");
  }

  void note() const {
    if (const Status noted = cli::note_left(call_.staging); !noted)
      messages_.detail("what was done cannot be noted down: " + noted.error().what);
  }

  // A generator behind 58 may still stage an initrd.
  bool leaves_modules_to_86() const {
    return !call_.last && (choice_.kind == Kind::kNothing || choice_.kind == Kind::kElsewhere);
  }

  // Those of our vendors are merged with ours, each in its file. False after an error was said.
  bool replace_staged_microcode() {
    microcode_.say_foreign(staging_);
    for (const Vendor vendor : {Vendor::kIntel, Vendor::kAmd}) {
      const std::string name = cli::microcode_name(vendor);
      if (!microcode_.vendors().contains(vendor) || !microcode_.stands_in_front(staging_, name))
        continue;
      const std::string path = call_.staging + "/" + name;
      if (const auto failure = write(path, path, {vendor}))
        return say_no_microcode(*failure), false;
      microcode_.done_for(vendor);
    }
    return true;
  }

  // An earlier run, before a generator staged one more.
  bool is_first_of_several_done() const {
    if (staging_.initrds.size() < 2) return false;
    const auto file = root_.open(call_.staging + "/" + staging_.initrds.front(), O_RDONLY);
    if (!file) return false;
    const auto front = image::read_front(file->get());
    return front && !front->own.empty();
  }

  int add() {
    if (!microcode_.vendors().empty() && is_first_of_several_done()) {
      messages_.detail("the first of several initrds has the microcode already");
      microcode_.done();
    }
    if (choice_.kind == Kind::kMerge) return merge();
    const bool nothing = microcode_.vendors().empty() && modules_.idle();
    if (choice_.kind == Kind::kNothing || nothing) return nothing_to_do(nothing);
    if (choice_.kind == Kind::kSeparate) {
      messages_.detail(choice_.why);
      separate();
    } else if (!microcode_.vendors().empty()) {
      messages_.warning("no microcode is added: " + choice_.why);
    }
    return leaves_modules_to_86() ? 0 : beside();
  }

  int nothing_to_do(bool wanted_nothing) {
    if (wanted_nothing) return 0;
    messages_.detail("nothing to do: " + choice_.why);
    if (call_.last && modules_.requires_some())
      messages_.warning("Require= is not judged: " + choice_.why);
    return 0;
  }

  // One file of all.
  int merge() {
    if (microcode_.vendors().empty()) {
      microcode_.say_forbidden(choice_.source, ", and stays: no microcode of ours takes its place");
    }
    modules_.read(choice_.bases);
    modules_.build(Place::kBehind);
    if (modules_.fails()) return modules_.finish();
    drop_ = drops_overlay();
    read_base_for_draft();
    if (!write_all(microcode_.vendors())) modules_.lose("");
    return modules_.finish();
  }

  // Where nothing was wanted, nobody reads it.
  void read_base_for_draft() {
    if (!microcode_.vendors().empty() || !modules_.idle() || drop_)
      draft_.read_base(choice_.bases, modules_.tail());
  }

  // An overlay of an earlier run, where policy selects nothing any more.
  bool drops_overlay() const {
    if (!modules_.drops_overlay()) return false;
    const auto file = root_.open(choice_.source, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    return file && image::may_have_overlay(file->get());
  }

  // False after an error was said; what was there is there still.
  bool write_all(const Vendors& vendors) {
    const bool has_modules = drop_ || !modules_.overlay().empty();
    if (vendors.empty() && !has_modules) return true;
    const auto failure = write(choice_.source, choice_.target, vendors, /*whole=*/true);
    if (!failure) return true;
    if (vendors.empty() || !has_modules) {
      plugin_.give_up(failure->place, failure->error);
      return false;
    }
    say_no_microcode(*failure);
    return write_all({});  // nobody loses modules for an early part that is damaged
  }

  // Images that stay as they are: modules in a file of their own, if somebody takes that.
  int beside() {
    modules_.read(choice_.bases);
    if (choice_.kind == Kind::kSeparate) draft_.read_base(choice_.bases, nullptr);
    if (choice_.takes_overlay) {
      modules_.build(Place::kApart, size_of_microcode());
    } else {
      modules_.lose(choice_.why);
    }
    return modules_.finish();
  }

  std::uint64_t size_of_microcode() const {
    std::uint64_t size = 0;
    for (const std::string& name : staging_.microcode) {
      struct stat status;
      if (::stat((call_.staging + "/" + name).c_str(), &status) == 0)
        size += static_cast<std::uint64_t>(status.st_size);
    }
    return size;
  }

  // One file a vendor, under the names that other plugins know.
  void separate() {
    for (const Vendor vendor : microcode_.vendors()) {
      const std::string path = call_.staging + "/" + cli::microcode_name(vendor);
      if (const auto failure = write("", path, {vendor})) return say_no_microcode(*failure);
    }
  }

  // `whole`: with what there is of modules.
  std::optional<Failure> write(const std::string& source, const std::string& target,
                               const Vendors& vendors, bool whole = false) {
    image::JoinOptions options = microcode_.options();
    options.vendors = vendors;
    if (whole) {
      options.overlay = modules_.overlay();
      options.drop_overlay = drop_;
      options.tail = modules_.tail();
    }
    const std::string early = vendors.empty() ? "" : microcode_.early();
    const auto join = image::plan_join(root_, early, source, options);
    if (!join) return Failure{source.empty() ? early : source, join.error()};
    if (!vendors.empty()) microcode_.say_fate(*join, source);
    if (!join->needed()) return std::nullopt;
    auto file = AtomicFile::create_staged(target);
    if (!file) return Failure{target, file.error()};
    const auto early_size = image::write_join(root_, *join, options, *file);
    if (!early_size) return Failure{target, early_size.error()};
    if (const Status status = file->commit(); !status) return Failure{target, status.error()};
    if (*early_size != 0) {
      messages_.note(fmt::format("{}: {} of microcode, {} bytes, in front of {} bytes",
                                 quote(target),
                                 cli::counted(join->selection.choices.size(), "update"),
                                 *early_size, file->written() - *early_size));
    }
    return std::nullopt;
  }

  const cli::Plugin& plugin_;
  const cli::Invocation& call_;
  const cli::Messages& messages_;
  Root root_;
  cli::Staging staging_;
  cli::ImageChoice choice_;
  cli::MicrocodeStep microcode_;
  cli::ModuleStep modules_;
  cli::ImageDraft draft_;
  bool drop_ = false;  // the overlay of an earlier run
};

int run(int argc, char** argv) {
  cli::Plugin plugin("58-kip-image", argc, argv);
  if (plugin.call().action == cli::Invocation::Action::kRemove) cli::forget_pending(plugin);
  if (const auto code = plugin.begin()) return *code;
  return Image(plugin).run();
}

}  // namespace
}  // namespace kip::plugins

int main(int argc, char** argv) {
  return kip::plugins::run(argc, argv);
}
