#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <tuple>

#include "src/checks/early.h"
#include "src/cli/loader_source.h"
#include "src/cli/sources.h"
#include "src/image/pieces.h"
#include "src/segments/layout.h"
#include "ucode/amd.h"
#include "ucode/xen.h"

namespace kip::cli {
namespace {

using checks::Standing;
using image::MicrocodeMember;
using segments::Segment;
using ucode::Vendor;

// As an early part of ours has them: Intel by CPU, AMD by family and ascending.
bool in_front(const UpdateRow& a, const UpdateRow& b) {
  const auto key = [](const UpdateRow& row) {
    const ucode::Target& first = row.update.targets.front();
    const bool amd = row.update.vendor == Vendor::kAmd;
    return std::tuple(amd ? ucode::CpuSignature{first.signature.family()} : first.signature,
                      amd ? 0 : first.platform_flags, row.update.revision);
  };
  return key(a) < key(b);
}

// In a container of ours.
void add_row(UpdateRow row, LoaderSource& source) {
  LoaderStream& stream = source.streams[static_cast<std::size_t>(row.update.vendor)];
  row.update.container = 0;
  stream.updates.push_back(row.update);
  stream.rows.push_back(std::move(row));
}

class Reader {
 public:
  Reader(int descriptor, const segments::Layout& layout, const std::string& path, LoadedBy by)
      : descriptor_(descriptor), layout_(layout), path_(path), xen_(by == LoadedBy::kXen) {}

  Result<LoaderSource> run() {
    const segments::Source source = layout_.source(descriptor_);
    image::InventoryTaker taker(inventory_);
    TRY(segments::walk(source, {.beyond_faults = true}, taker));
    taker.finish();
    TRY(check_image());
    searches_ = TRY(checks::search_early(source, layout_.size));
    for (const MicrocodeMember& member : inventory_.microcode) TRY(add(source, member));
    for (const Vendor vendor : {Vendor::kIntel, Vendor::kAmd}) say_none(vendor);
    source_.kernel = layout_.uname.value_or("");
    return std::move(source_);
  }

 private:
  // Something that a kernel would unpack. In a unified image it is the section's name that says so.
  Status check_image() const {
    if (layout_.unified) return {};
    const auto& faults = inventory_.faults;
    const bool damaged = std::any_of(faults.begin(), faults.end(), [](const Finding& it) {
      return it.rule == segments::kRuleArchive || it.rule == segments::kRuleCompressed;
    });
    const auto& all = inventory_.segments;
    const bool some = std::any_of(all.begin(), all.end(), [&](const image::SegmentEntry& it) {
      const auto kind = it.segment.kind;
      return it.members != 0 ||
             (!damaged && (kind == Segment::Kind::kArchive || kind == Segment::Kind::kCompressed));
    });
    if (some) return {};
    const std::string why = !faults.empty()     ? faults.front().text
                            : layout_.size == 0 ? "it is empty"
                                                : "it has zero bytes only";
    return fail(Errc::kInvalid, "is no initrd, early archive or unified image: " + why);
  }

  Status add(const segments::Source& source, const MicrocodeMember& member) {
    Standing standing = checks::standing_of(inventory_, searches_, member);
    if (xen_ && standing == Standing::kVoid) standing = Standing::kTaken;
    const auto seen = xen_ ? ucode::seen_by_xen(member.updates, member.faults, member.vendor)
                           : image::seen_by_loader(member);
    if (xen_ && standing == Standing::kTaken) note_left_out(member);
    LoaderStream& stream = source_.streams[static_cast<std::size_t>(member.vendor)];
    for (std::size_t i = 0; i < member.updates.size(); ++i) {
      UpdateRow row = row_of(member, member.updates[i]);
      if (standing == Standing::kTaken && i < seen.size()) {
        if (member.vendor == Vendor::kAmd)
          row.sha256 = TRY(image::digest_of(source, member, row.update));
        stream.updates.push_back(row.update);
        stream.rows.push_back(std::move(row));
      } else {
        source_.unseen.push_back({std::move(row), why_unseen(member, standing)});
      }
    }
    return {};
  }

  void note_left_out(const MicrocodeMember& member) {
    for (const Finding& fault : member.faults) {
      if (fault.rule == ucode::kRuleAmdPatch)
        source_.notes.push_back("left out, though Xen may take it: " + fault.text);
    }
  }

  UpdateRow row_of(const MicrocodeMember& member, const ucode::Update& update) const {
    const bool compressed = checks::is_compressed(inventory_, member);
    const std::uint64_t at = compressed ? inventory_.segments[member.segment].segment.offset
                                        : member.data_offset + update.offset;
    return {update, path_ + "[" + member.name + "]", layout_.place(at).offset, ""};
  }

  std::string why_unseen(const MicrocodeMember& member, Standing standing) const {
    switch (standing) {
      case Standing::kVoid:
        return "is not loaded: the file is void" +
               (member.faults.empty() ? std::string() : ", since " + member.faults.front().text);
      case Standing::kTaken:
        return "is not reached: the scan of the file ends in front of it";
      case Standing::kShadowed:
        return "is not looked at: an earlier file of that name counts";
      case Standing::kUnreachable:
        if (checks::is_compressed(inventory_, member))
          return "is not found: it is compressed, and the search reads uncompressed archives only";
        return "is not found: it is behind the end of the search for microcode";
      default:
        return "is not found: the file's name is none that is looked for";
    }
  }

  // Where nothing of the vendor is there, nothing is amiss.
  void say_none(Vendor vendor) {
    LoaderStream& stream = source_.streams[static_cast<std::size_t>(vendor)];
    const bool some = searches_[static_cast<std::size_t>(vendor)].found ||
                      std::any_of(inventory_.microcode.begin(), inventory_.microcode.end(),
                                  [&](const MicrocodeMember& it) { return it.vendor == vendor; });
    if (!some || !stream.updates.empty()) return;
    stream.none = checks::nothing_taken(inventory_, searches_, vendor).value_or("");
  }

  const int descriptor_;
  const segments::Layout& layout_;
  const std::string& path_;
  const bool xen_;
  image::Inventory inventory_;
  checks::Searches searches_;
  LoaderSource source_;
};

}  // namespace

LoaderSource of_catalog(const catalog::Catalog& catalog) {
  LoaderSource source;
  std::set<std::string> known;
  std::vector<UpdateRow> rows;
  for (const catalog::Entry& entry : catalog.entries) {
    if (entry.sound) rows.push_back(cli::row_of(catalog, entry));
  }
  std::stable_sort(rows.begin(), rows.end(), in_front);
  for (UpdateRow& row : rows) {
    if (row.sha256.empty() || known.insert(row.sha256).second) add_row(std::move(row), source);
  }
  return source;
}

LoaderSource of_selection(const catalog::Catalog& catalog, const ucode::Selection& selection) {
  LoaderSource source;
  for (const ucode::Choice& choice : selection.choices)
    add_row(cli::row_of(catalog, catalog.entries[choice.candidates.front()]), source);
  return source;
}

ucode::HasDigest digests_of(const LoaderStream& stream) {
  return [&stream](std::size_t index, std::string_view sha256) {
    return stream.rows[index].sha256 == sha256;
  };
}

Result<LoaderSource> read_image(const std::string& path, LoadedBy by) {
  const image::Opened opened = TRY(image::open_regular(Root(), path));
  const segments::Layout layout = TRY(segments::read_layout(opened.file.get()));
  return Reader(opened.file.get(), layout, path, by).run();
}

}  // namespace kip::cli
