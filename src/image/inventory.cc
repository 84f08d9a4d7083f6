#include <algorithm>
#include <array>

#include "src/digest/sha256.h"
#include "src/image/early.h"
#include "src/image/inventory.h"
#include "ucode/amd.h"

namespace kip::image {
namespace {

using segments::Segment;

constexpr ucode::Vendor kVendors[] = {ucode::Vendor::kIntel, ucode::Vendor::kAmd};

/// Longest release that is remembered, in bytes: what uname(2) can say.
constexpr std::size_t kReleaseLimit = 64;

// As a path from the root: "./a//b" and "/a/b" are "a/b".
std::string plain_path(std::string_view name) {
  std::string path;
  while (!name.empty()) {
    const std::size_t end = std::min(name.find('/'), name.size());
    const std::string_view step = name.substr(0, end);
    name.remove_prefix(std::min(end + 1, name.size()));
    if (step.empty() || step == ".") continue;
    if (!path.empty()) path += '/';
    path += step;
  }
  return path;
}

std::string_view behind(std::string_view path, std::string_view prefix) {
  return path.starts_with(prefix) ? path.substr(prefix.size()) : std::string_view();
}

std::string_view release_of(std::string_view path) {
  const std::string_view rest =
      behind(path.substr(path.starts_with("usr/") ? 4 : 0), "lib/modules/");
  return rest.substr(0, rest.find('/'));
}

bool is_module(std::string_view path) {
  constexpr std::string_view kSuffixes[] = {".ko", ".ko.xz", ".ko.zst", ".ko.gz"};
  return std::any_of(std::begin(kSuffixes), std::end(kSuffixes),
                     [&](std::string_view suffix) { return path.ends_with(suffix); });
}

class Updates : public ucode::UpdateSink {
 public:
  Updates(MicrocodeMember& member, std::size_t& total) : member_(member), total_(total) {}

  void update(const ucode::Update& update, Bytes) override {
    if (++total_ <= kUpdatesLimit) member_.updates.push_back(update);
  }
  void fault(const Finding& finding, const ucode::Update*) override {
    if (member_.faults.size() < kFaultsLimit) member_.faults.push_back(finding);
  }

 private:
  MicrocodeMember& member_;
  std::size_t& total_;
};

void note_uses(SegmentEntry& entry, const cpio::Member& member) {
  const std::string path = plain_path(member.name);
  if (path == "init" && !member.is_directory()) entry.uses.insert(Use::kMain);
  if (!member.is_regular()) return;
  const std::string_view release = release_of(path);
  if (!release.empty() && release.size() <= kReleaseLimit && entry.kernels.size() < kKernelsLimit)
    entry.kernels.insert(std::string(release));
  if (is_module(path)) ++entry.modules;
  if (path.starts_with("kernel/x86/microcode/")) {
    entry.uses.insert(Use::kMicrocode);
  } else if (path.starts_with("kernel/firmware/acpi/")) {
    entry.uses.insert(Use::kAcpi);
  } else if (path != kDracutMarker && path != kManifestPath && path != kOverlayManifestPath) {
    entry.uses.insert(Use::kOther);
  }
}

}  // namespace

const char* use_name(Use use) {
  constexpr const char* kNames[] = {"microcode", "ACPI tables", "modules",
                                    "main",      "overlay",     "other files"};
  return kNames[static_cast<std::size_t>(use)];
}

const char* method_text(const Segment& segment) {
  if (segment.method) return codec::method_name(*segment.method);
  switch (segment.kind) {
    case Segment::Kind::kArchive:
      return "raw";
    case Segment::Kind::kPadding:
      return "zeros";
    default:
      return "unknown";
  }
}

std::optional<ucode::Vendor> microcode_vendor(std::string_view name) {
  // Most names end here.
  if (name.find(".bin") == name.npos || name.find("microcode") == name.npos) return std::nullopt;
  const std::string path = plain_path(name);
  for (const ucode::Vendor vendor : kVendors) {
    if (path.starts_with(member_path(vendor))) return vendor;
  }
  return std::nullopt;
}

Status read_stream(MicrocodeMember& member, Input& data, std::size_t& total, Scratch& scratch) {
  member.text = ucode::recognise(TRY(data.peek(Input::kPeek))) == ucode::StreamKind::kIntelText;
  Updates sink(member, total);
  const auto form =
      member.vendor == ucode::Vendor::kIntel ? ucode::StreamKind::kIntel : ucode::StreamKind::kAmd;
  return ucode::walk(form, ucode::Depth::kChecked, data, sink, scratch);
}

bool ends_scan(const Finding& fault) {
  return fault.rule != ucode::kRuleAmdOddity && fault.rule != ucode::kRuleAmdData;
}

Result<std::string> digest_of(const segments::Source& source, const MicrocodeMember& member,
                              const ucode::Update& update) {
  const auto in = TRY(source(member.data_offset + update.offset));
  std::vector<std::uint8_t> bytes(update.size);
  if (TRY(in->read(bytes)) != bytes.size()) return fail(Errc::kTruncated, "ends early");
  return digest::to_hex(TRY(digest::sha256(bytes)));
}

std::span<const ucode::Update> seen_by_loader(const MicrocodeMember& member) {
  const std::span<const ucode::Update> all = member.updates;
  if (member.vendor == ucode::Vendor::kIntel) return member.faults.empty() ? all : all.first(0);
  const auto fault = std::find_if(member.faults.begin(), member.faults.end(), ends_scan);
  if (fault == member.faults.end()) return all;
  const auto behind = std::find_if(all.begin(), all.end(), [&](const ucode::Update& update) {
    return update.offset > fault->offset.value_or(0);
  });
  return all.first(static_cast<std::size_t>(behind - all.begin()));
}

SegmentEntry& InventoryTaker::current(const Segment& archive) {
  if (!is_open_ || open_.segment.offset != archive.offset) {
    finish();
    open_ = {};
    open_.segment = archive;
    is_open_ = true;
  }
  return open_;
}

Status InventoryTaker::read_microcode(const cpio::Member& member, ucode::Vendor vendor,
                                      Input& data) {
  if (inventory_.microcode.size() == kMembersLimit) {
    ++inventory_.left_out;
    return {};
  }
  MicrocodeMember found{vendor,
                        member.name,
                        inventory_.segments.size(),
                        member.offset,
                        member.data_offset,
                        member.size,
                        member.mode,
                        member.links,
                        {},
                        {},
                        false};
  if (member.is_regular() && member.size != 0) TRY(read_stream(found, data, updates_, scratch_));
  inventory_.microcode.push_back(std::move(found));
  return {};
}

Status InventoryTaker::read_manifest(Input& data) {
  auto manifest = parse_overlay_manifest(as_text(TRY(read_rest(data, kOverlayManifestLimit))));
  if (manifest && inventory_.overlays.size() < kOverlaysLimit)
    inventory_.overlays.push_back({inventory_.segments.size(), std::move(*manifest)});
  return {};
}

Status InventoryTaker::member(const Segment& archive, const cpio::Member& member, Input& data) {
  SegmentEntry& entry = current(archive);
  if (member.is_trailer()) return {};
  ++entry.members;
  if (member.is_regular()) ++entry.files;
  note_uses(entry, member);
  if (const auto vendor = microcode_vendor(member.name))
    return read_microcode(member, *vendor, data);
  if (member.is_regular() && member.name == kOverlayManifestPath &&
      member.size <= kOverlayManifestLimit)
    return read_manifest(data);
  return {};
}

Status InventoryTaker::segment(const Segment& segment) {
  if (inventory_.segments.size() >= kSegmentsLimit)
    return fail(Errc::kLimit, "more than 16384 segments", segment.offset);
  SegmentEntry entry;
  if (is_open_ && open_.segment.offset == segment.offset) {
    entry = std::move(open_);
    is_open_ = false;
  } else {
    finish();
  }
  entry.segment = segment;
  enter(std::move(entry));
  return {};
}

void InventoryTaker::enter(SegmentEntry entry) {
  if (entry.modules != 0) entry.uses.insert(Use::kModules);
  if (entry.uses.contains(Use::kMain)) {
    main_seen_ = true;
  } else if (entry.members != 0 && main_seen_) {
    entry.uses.insert(Use::kOverlay);
  }
  if (entry.uses.size() > 1) entry.uses.erase(Use::kOther);
  inventory_.segments.push_back(std::move(entry));
}

void InventoryTaker::fault(const Finding& finding) {
  inventory_.faults.push_back(finding);
}

void InventoryTaker::finish() {
  if (!is_open_) return;
  is_open_ = false;
  enter(std::move(open_));
}

}  // namespace kip::image
