#include <algorithm>
#include <fmt/format.h>
#include <numeric>

#include "cpio/reader.h"
#include "cpio/writer.h"
#include "src/base/sink.h"
#include "src/image/early.h"
#include "ucode/amd.h"
#include "ucode/checksum.h"
#include "ucode/encode.h"
#include "ucode/loader.h"

namespace kip::image {
namespace {

std::uint32_t sum_of(const ucode::Update& update, Bytes bytes) {
  return update.vendor == ucode::Vendor::kAmd ? ucode::sum32(bytes) : 0;
}

class EarlyWriter {
 public:
  EarlyWriter(const ucode::Selection& selection, const catalog::Catalog& catalog,
              catalog::Loader& loader, std::int64_t mtime, Sink& sink, const EarlyMark* mark)
      : selection_(selection),
        catalog_(catalog),
        loader_(loader),
        sink_(sink),
        archive_(sink, mtime),
        mark_(mark) {}

  EarlyResult run() {
    if (const Status status = archive(); !status) {
      return tl::unexpected<EarlyError>(EarlyError{status.error(), failed_});
    }
    return std::move(written_);
  }

 private:
  const ucode::Update& update(std::size_t choice) const {
    return catalog_.entries[selection_.choices[choice].candidates.front()].update;
  }

  Status archive() {
    for (const char* const directory : {"kernel", "kernel/x86", "kernel/x86/microcode"}) {
      TRY(archive_.directory(directory));
    }
    std::vector<std::size_t> intel, amd;
    for (std::size_t i = 0; i < selection_.choices.size(); ++i) {
      (update(i).vendor == ucode::Vendor::kIntel ? intel : amd).push_back(i);
    }
    if (!intel.empty()) TRY(intel_member(intel));
    if (!amd.empty()) TRY(amd_member(amd));
    if (mark_ != nullptr) TRY(mark());
    TRY(archive_.finish(kArchiveMultiple));
    if (mark_ == nullptr || !mark_->page_offset) return {};
    return sink_.write_zeros((*mark_->page_offset + kPage - sink_.written() % kPage) % kPage);
  }

  Status mark() {
    EarlyManifest manifest{mark_->cpus, {}, mark_->page_offset};
    for (const WrittenUpdate& written : written_.updates) {
      const auto& copies = selection_.choices[written.choice].candidates;
      const bool from_base = std::any_of(copies.begin(), copies.end(), [&](std::size_t copy) {
        return copy >= mark_->first_base_entry;
      });
      manifest.updates.push_back({update(written.choice).vendor, written.revision, from_base});
    }
    TRY(file(kDracutMarker, "1\n"));
    TRY(archive_.directory(kManifestDirectory));
    return file(kManifestPath, to_text(manifest));
  }

  Status file(const char* path, std::string_view text) {
    TRY(archive_.begin_file(path, text.size()));
    return archive_.write(as_bytes(text));
  }

  Status intel_member(const std::vector<std::size_t>& choices) {
    const std::uint64_t size =
        std::accumulate(choices.begin(), choices.end(), std::uint64_t{0},
                        [&](std::uint64_t sum, std::size_t i) { return sum + update(i).size; });
    TRY(archive_.begin_file(member_path(ucode::Vendor::kIntel), size, kDataAlignment));
    for (const std::size_t choice : choices) TRY(write_update(choice));
    return {};
  }

  Status amd_member(const std::vector<std::size_t>& choices) {
    std::vector<ucode::AmdPatchFor> patches;
    for (const std::size_t choice : choices) {
      const auto& cpus = selection_.choices[choice].cpus;
      patches.push_back({&update(choice), {cpus.begin(), cpus.end()}});
    }
    const auto containers = ucode::plan_amd(patches);
    std::vector<std::vector<std::uint8_t>> tables;
    std::uint64_t size = 0;
    for (const ucode::AmdContainer& container : containers) {
      tables.push_back(ucode::encode_amd_table(container.table));
      size += tables.back().size();
      for (const std::size_t i : container.patches)
        size += sizeof(ucode::AmdSectionHeader) + patches[i].update->size;
    }
    TRY(archive_.begin_file(member_path(ucode::Vendor::kAmd), size, kDataAlignment));
    for (std::size_t c = 0; c < containers.size(); ++c) {
      TRY(archive_.write(tables[c]));
      for (const std::size_t i : containers[c].patches) {
        const auto section = ucode::encode_amd_section(patches[i].update->size);
        TRY(archive_.write(bytes_of(section)));
        TRY(write_update(choices[i]));
      }
    }
    return {};
  }

  // The first sound copy of the update.
  Status write_update(std::size_t choice) {
    const auto& copies = selection_.choices[choice].candidates;
    for (std::size_t i = 0; i < copies.size(); ++i) {
      const auto bytes = loader_.load(copies[i]);
      if (bytes) {
        TRY(archive_.write(*bytes));
        const auto& it = catalog_.entries[copies[i]].update;
        written_.updates.push_back({choice, copies[i], it.size, it.revision, sum_of(it, *bytes)});
        if (it.vendor == ucode::Vendor::kAmd) {
          if (std::string odd = ucode::amd_data_oddity(it, *bytes); !odd.empty())
            remark(copies[i], ucode::kRuleAmdData, std::move(odd));
        }
        return {};
      }
      if (i + 1 == copies.size()) {
        failed_ = copies.front();
        return tl::unexpected<Error>(bytes.error());
      }
      remark(copies[i], "update-broken", bytes.error().what + "; another copy serves");
    }
    return {};
  }

  void remark(std::size_t copy, const char* rule, std::string text) {
    const catalog::Entry& entry = catalog_.entries[copy];
    const catalog::Stream& stream = catalog_.stream_of(entry);
    written_.findings.push_back(
        {Severity::kWarning, rule, stream.place(), entry.file_offset(stream), std::move(text), ""});
  }

  const ucode::Selection& selection_;
  const catalog::Catalog& catalog_;
  catalog::Loader& loader_;
  Sink& sink_;
  cpio::Writer archive_;
  const EarlyMark* mark_;
  WrittenEarly written_;
  std::optional<std::size_t> failed_;
};

// What the read-back finds in the members.
class ReadBack : public ucode::UpdateSink {
 public:
  void update(const ucode::Update& update, Bytes whole) override {
    updates.push_back(update);
    sums.push_back(sum_of(update, whole));
  }
  void fault(const Finding& finding, const ucode::Update*) override {
    // Oddities come from the vendor's own bytes, and do not stop a loader.
    const bool harmless =
        finding.rule == ucode::kRuleAmdOddity || finding.rule == ucode::kRuleAmdData;
    if (fault_text.empty() && !harmless) fault_text = to_line(finding);
  }

  std::vector<ucode::Update> updates;
  std::vector<std::uint32_t> sums;
  std::string fault_text;
};

Status check_member(Input& archive, const cpio::Member& member, ucode::Vendor vendor,
                    ReadBack& found, Scratch& scratch) {
  if (member.data_offset % kDataAlignment != 0)
    return fail(Errc::kCorrupt, "updates are not aligned", member.data_offset);
  SliceInput data(archive, member.size);
  const auto kind =
      vendor == ucode::Vendor::kIntel ? ucode::StreamKind::kIntel : ucode::StreamKind::kAmd;
  const std::size_t before = found.updates.size();
  TRY(ucode::walk(kind, ucode::Depth::kChecked, data, found, scratch));
  if (!found.fault_text.empty()) return fail(Errc::kCorrupt, found.fault_text, member.data_offset);
  if (found.updates.size() == before)
    return fail(Errc::kCorrupt, "member holds no update", member.data_offset);
  return {};
}

}  // namespace

const char* member_path(ucode::Vendor vendor) {
  return vendor == ucode::Vendor::kIntel ? "kernel/x86/microcode/GenuineIntel.bin"
                                         : "kernel/x86/microcode/AuthenticAMD.bin";
}

EarlyResult write_early(const ucode::Selection& selection, const catalog::Catalog& catalog,
                        catalog::Loader& loader, std::int64_t mtime, Sink& sink,
                        const EarlyMark* mark) {
  return EarlyWriter(selection, catalog, loader, mtime, sink, mark).run();
}

std::int64_t newest_date(const ucode::Selection& selection, const catalog::Catalog& catalog) {
  std::int64_t newest = 0;
  for (const ucode::Choice& choice : selection.choices) {
    const ucode::Update& update = catalog.entries[choice.candidates.front()].update;
    newest = std::max(newest, ucode::date_seconds(update.date));
  }
  return newest;
}

Status check_early(Input& archive, const WrittenEarly& expected, std::span<const ManifestCpu> cpus,
                   Scratch& scratch) {
  ReadBack found;
  cpio::Reader reader(archive);
  bool ended = false;
  while (const auto member = TRY(reader.next())) {
    ended = member->is_trailer();
    for (const ucode::Vendor vendor : {ucode::Vendor::kIntel, ucode::Vendor::kAmd}) {
      // The kernel compares by prefix and takes the first regular file.
      if (member->is_regular() && member->name.starts_with(member_path(vendor))) {
        TRY(check_member(archive, *member, vendor, found, scratch));
      }
    }
  }
  if (!ended || archive.position() % cpio::kPadding != 0)
    return fail(Errc::kCorrupt, "archive does not end in a trailer");
  const bool equal =
      std::equal(expected.updates.begin(), expected.updates.end(), found.updates.begin(),
                 found.updates.end(), [](const WrittenUpdate& a, const ucode::Update& b) {
                   return a.revision == b.revision && a.size == b.size;
                 });
  bool sums_equal = equal;
  for (std::size_t i = 0; equal && i < found.sums.size(); ++i)
    sums_equal &= found.sums[i] == expected.updates[i].sum;
  if (!sums_equal) return fail(Errc::kCorrupt, "archive does not hold what was written to it");
  const auto first_amd =
      std::find_if(found.updates.begin(), found.updates.end(),
                   [](const auto& update) { return update.vendor == ucode::Vendor::kAmd; });
  for (const ManifestCpu& served : cpus) {
    const ucode::LoaderCpu cpu{served.vendor, served.target.signature, served.target.platform_flags,
                               0};
    // Each vendor's loader reads its own member, and Intel's was written first.
    const bool intel = cpu.vendor == ucode::Vendor::kIntel;
    const std::span<const ucode::Update> stream(intel ? found.updates.begin() : first_amd,
                                                intel ? first_amd : found.updates.end());
    // By patch id as kernels from 6.12 on choose, and by the table as those before.
    for (const ucode::LoaderRules& rules :
         {ucode::LoaderRules{ucode::KernelRule::kRework, ucode::KernelRule::kZenId},
          ucode::LoaderRules()}) {
      if (!ucode::loader_pick(stream, cpu, rules)) {
        return fail(Errc::kCorrupt,
                    fmt::format("CPU {} would load nothing from it", cpu.signature.name()));
      }
    }
  }
  return {};
}

}  // namespace kip::image
