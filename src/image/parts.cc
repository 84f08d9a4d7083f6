#include <algorithm>
#include <fmt/format.h>

#include "cpio/newc.h"
#include "src/base/finding.h"
#include "src/base/text.h"
#include "src/codec/kernel_fit.h"
#include "src/image/parts.h"
#include "src/segments/walk.h"

namespace kip::image {
namespace {

constexpr std::string_view kPeMagic = "MZ";

// A part whose microcode goes into the early part.
struct Source {
  Front front;
  catalog::Catalog updates;
};

class Planner {
 public:
  Planner(const Root& root, const std::vector<Part>& parts, const JoinOptions& options)
      : root_(root), parts_(parts), options_(options) {}

  PartsResult run() {
    for (at_ = 0; at_ < parts_.size(); ++at_) {
      if (const Status status = take(parts_[at_]); !status)
        return tl::unexpected<PartError>(PartError{at_, status.error()});
    }
    merge();
    compare_kernels();
    if (const Status status = settle_last(); !status)
      return tl::unexpected<PartError>(PartError{parts_.size() - 1, status.error()});
    return std::move(join_);
  }

 private:
  bool is_last() const { return at_ + 1 == parts_.size(); }

  Status take(const Part& part) {
    const Opened opened = TRY(open_regular(root_, part.path));
    TRY(check_kind(opened));
    Front front = TRY(read_front(opened.file.get()));
    TRY(check_late(front));
    const Shape shape =
        TRY(read_shape(opened.file.get(), is_last() ? Depth::kFront : Depth::kWhole));
    TRY(check_shape(part, shape));
    TRY(check_fit(part, opened, shape));
    join_.pieces.push_back(piece_of(part.path, opened, kept(front.cuts, opened.size), shape));
    note_kernels(part, opened, shape);
    if (shape.compressed && !compressed_) compressed_ = at_;
    if (!part.microcode || (front.named[0].empty() && front.named[1].empty())) return {};
    Source source{std::move(front), TRY(read_updates(root_, part.path))};
    TRY(check_microcode(source));
    for (const EarlyManifest& own : source.front.own) add_cpus(own.cpus);
    sources_.push_back(std::move(source));
    return {};
  }

  void note_kernels(const Part& part, const Opened& opened, const Shape& shape) {
    if (const auto overlay = read_overlay_facts(opened.file.get()))
      overlays_.emplace_back(part.path, overlay->manifest.kernel);
    else
      kernels_.insert(shape.kernels.begin(), shape.kernels.end());
  }

  // Its modules would lie beside those that are loaded.
  void compare_kernels() {
    for (const auto& [path, kernel] : overlays_) {
      if (kernels_.empty() || kernels_.contains(kernel)) continue;
      const std::string& other = *kernels_.begin();
      join_.findings.push_back(
          {Severity::kWarning, kRuleOverlayKernel, path, std::nullopt,
           fmt::format("holds modules of kernel {}, and the rest has those of {}", quote(kernel),
                       quote(other)),
           "make it for the other kernel: kmod-pack pack --kernel " + shell_word(other)});
    }
  }

  static Status check_kind(const Opened& opened) {
    if (opened.size == 0) return fail(Errc::kInvalid, "is empty");
    FileInput in(opened.file.get());
    const Bytes head = TRY(in.peek(Input::kPeek));
    if (ucode::recognise(head))
      return fail(Errc::kInvalid, "is microcode, not an archive; pack it with ucode-pack first");
    if (!as_text(head).starts_with(kPeMagic)) return {};
    return fail(
        Errc::kUnsupported,
        "is a unified kernel image, or another EFI program, whose parts are sealed and may be "
        "signed; build it anew (ukify has --microcode and --initrd)");
  }

  Status check_late(const Front& front) const {
    if (!compressed_) return {};
    for (const ucode::Vendor vendor : {ucode::Vendor::kIntel, ucode::Vendor::kAmd}) {
      for (const FrontMember& member : front.named[index_of(vendor)]) {
        if (member.name != member_path(vendor) || member.size == 0) continue;
        return fail(
            Errc::kInvalid,
            "microcode here would stand behind compressed data, where kernels do not look for "
            "it; name it before " +
                quote(parts_[*compressed_].path),
            member.data_offset);
      }
    }
    return {};
  }

  // The last part is not decoded: what its first bytes tell is told all the same.
  Status check_fit(const Part& part, const Opened& opened, const Shape& shape) const {
    if (!is_last() || !part.microcode || !shape.compressed) return {};
    FileInput in(opened.file.get(), *shape.compressed);
    const Bytes head = TRY(in.peek(Input::kPeek));
    const auto method = codec::detect(head);
    const auto why = method ? codec::unfit_for_kernel(*method, head) : std::nullopt;
    if (!why) return {};
    return fail(Errc::kUnsupported, "data that kernels do not read: " + *why, shape.compressed);
  }

  Status check_shape(const Part& part, const Shape& shape) const {
    if (part.only_front && shape.compressed) {
      return fail(Errc::kUnsupported, "is more than an early part: compressed data begins here",
                  shape.compressed);
    }
    if (shape.late_microcode) {
      return fail(
          Errc::kInvalid,
          "microcode stands behind compressed data here, where kernels do not look for it; take "
          "the image apart, and name what is in front of it last",
          shape.late_microcode);
    }
    // The last part may have more zero bytes than we read through: kernels do.
    if (!shape.fault || (is_last() && shape.fault->rule == segments::kRulePadding)) return {};
    return fail(Errc::kCorrupt, shape.fault->text + (is_last() ? "" : lost_behind(*shape.fault)),
                shape.fault->offset);
  }

  static const char* lost_behind(const Finding& fault) {
    return fault.rule == segments::kRuleMethod ? ", so where it ends is not known"
                                               : "; nothing behind it would be unpacked";
  }

  // What is cut out has to be understood.
  Status check_microcode(const Source& source) const {
    TRY(check_own(source.updates, source.front));
    for (const ucode::Vendor vendor : {ucode::Vendor::kIntel, ucode::Vendor::kAmd}) {
      for (const FrontMember& member : source.front.named[index_of(vendor)]) {
        if (member.name != member_path(vendor) || member.size == 0) continue;
        const auto fault = fault_in(source.updates, member);
        if (fault)
          return fail(Errc::kCorrupt, fmt::format("{}: {}", quote(member.name), fault->text),
                      fault->offset);
        if (!has_update(source.updates, member, vendor)) {
          return fail(Errc::kCorrupt,
                      fmt::format("{} holds no {} microcode", quote(member.name),
                                  ucode::vendor_name(vendor)),
                      member.data_offset);
        }
      }
    }
    return {};
  }

  static bool has_update(const catalog::Catalog& updates, const FrontMember& member,
                         ucode::Vendor vendor) {
    return std::any_of(updates.entries.begin(), updates.entries.end(), [&](const auto& entry) {
      return entry.sound && entry.update.vendor == vendor &&
             updates.stream_of(entry).member_offset == member.data_offset;
    });
  }

  void add_cpus(const std::vector<ManifestCpu>& cpus) {
    for (const ManifestCpu& cpu : cpus) {
      const auto at = std::lower_bound(join_.cpus.begin(), join_.cpus.end(), cpu);
      if (at == join_.cpus.end() || *at != cpu) join_.cpus.insert(at, cpu);
    }
  }

  // First what was chosen, then what images had: the mark tells them apart by their place.
  void merge() {
    for (const Origin wanted : {Origin::kChosen, Origin::kImage}) {
      join_.first_image_entry = join_.catalog.entries.size();
      for (const Source& source : sources_) {
        Counting counting(source.front, /*shadowed=*/true);
        append(source.updates, join_.catalog, [&](const auto& stream, const auto& update) {
          return counting.origin(stream, update) == wanted;
        });
      }
    }
    choose(options_, join_);
  }

  // An archive somewhere in it that is not compressed wants a multiple of 4. If it begins compressed
  // and would not stand at one, the rest has to be looked at, too. What cannot be decoded is put there in any case: that is
  // never wrong for a kernel.
  Status settle_last() {
    Piece& last = join_.pieces.back();
    if (last.raw || last.kept.empty()) return {};
    if (place(join_.pieces, 0).pieces.back().offset % cpio::kPadding == 0) return {};
    const Opened opened = TRY(open_regular(root_, last.path));
    const Shape shape = TRY(read_shape(opened.file.get(), Depth::kWhole));
    last.raw = shape.raw || shape.fault;
    return {};
  }

  const Root& root_;
  const std::vector<Part>& parts_;
  const JoinOptions& options_;
  Join join_;
  std::vector<Source> sources_;
  std::optional<std::size_t> compressed_;  // the first part with compressed data
  std::size_t at_ = 0;
  std::vector<std::pair<std::string, std::string>> overlays_;  // their paths and kernels
  std::set<std::string> kernels_;                              // of modules in all other parts
};

}  // namespace

PartsResult plan_parts(const Root& root, const std::vector<Part>& parts,
                       const JoinOptions& options) {
  return Planner(root, parts, options).run();
}

}  // namespace kip::image
