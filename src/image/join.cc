#include <algorithm>
#include <fcntl.h>
#include <sys/stat.h>

#include "src/image/covered.h"
#include "src/image/join.h"
#include "ucode/amd.h"
#include "ucode/intel.h"

namespace kip::image {
namespace {

std::size_t index_of(ucode::Vendor vendor) {
  return vendor == ucode::Vendor::kIntel ? 0 : 1;
}

struct Opened {
  Fd file;
  std::uint64_t size = 0;
};

Result<Opened> open_regular(const Root& root, const std::string& path) {
  Opened opened{TRY(root.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)), 0};
  struct stat status;
  if (::fstat(opened.file.get(), &status) != 0) return fail_errno("cannot be looked at");
  if (!S_ISREG(status.st_mode)) return fail(Errc::kInvalid, "is not a regular file");
  opened.size = static_cast<std::uint64_t>(status.st_size);
  return opened;
}

Result<catalog::Catalog> updates_of(const Root& root, const std::string& path) {
  catalog::Catalog catalog;
  TRY(catalog::Scanner(root, {.depth = ucode::Depth::kChecked}, catalog).add(path));
  return catalog;
}

// Which updates of an image count: those of the member that the kernel finds (behind our own earlier
// parts), and of these parts what the image had before. All else that looks like microcode is some
// file in it.
class ImageUpdates {
 public:
  explicit ImageUpdates(const Front& front) : front_(front), next_(front.own.size()) {}

  bool counts(const catalog::Stream& stream, const ucode::Update& update) {
    for (std::size_t part = 0; part < front_.own.size(); ++part) {
      const Range& range = front_.own_ranges[part];
      if (stream.member_offset >= range.begin && stream.member_offset < range.end)
        return stream.member == member_path(update.vendor) && was_in_image(part, update);
    }
    const auto& member = front_.base[index_of(update.vendor)];
    return member && stream.member_offset == member->data_offset;
  }

 private:
  // A manifest names the updates in their order. Where it does not fit the data, none is dropped.
  bool was_in_image(std::size_t part, const ucode::Update& update) {
    const auto& named = front_.own[part].updates;
    const std::size_t at = next_[part]++;
    return at >= named.size() || named[at].vendor != update.vendor ||
           named[at].revision != update.revision || named[at].from_base;
  }

  const Front& front_;
  std::vector<std::size_t> next_;  // of each own part: the update to come
};

template <class Counts>
void append(const catalog::Catalog& from, catalog::Catalog& to, Counts counts) {
  const std::size_t streams = to.streams.size();
  to.streams.insert(to.streams.end(), from.streams.begin(), from.streams.end());
  for (catalog::Entry entry : from.entries) {
    if (!counts(from.stream_of(entry), entry.update)) continue;
    entry.stream += streams;
    to.entries.push_back(std::move(entry));
  }
}

// What the kernel's loader reads of an image: the updates of the member that it finds, or nothing if
// anything in it is broken. It knows no text form.
std::vector<ucode::Update> stream_of(const catalog::Catalog& image, const Front& front,
                                     ucode::Vendor vendor) {
  std::vector<ucode::Update> updates;
  const auto& member = front.taken[index_of(vendor)];
  if (!member) return updates;
  for (const catalog::Entry& entry : image.entries) {
    const catalog::Stream& stream = image.stream_of(entry);
    if (stream.member_offset != member->data_offset || entry.update.vendor != vendor) continue;
    if (!entry.sound || stream.kind == ucode::StreamKind::kIntelText) return {};
    updates.push_back(entry.update);
  }
  const bool broken =
      std::any_of(image.findings.begin(), image.findings.end(), [&](const Finding& finding) {
        return finding.rule != ucode::kRuleAmdOddity && finding.rule != ucode::kRuleAmdData &&
               finding.offset && *finding.offset >= member->data_offset &&
               *finding.offset - member->data_offset < std::max<std::uint64_t>(member->size, 1);
      });
  return broken ? std::vector<ucode::Update>{} : updates;
}

// The merged part as a loader will read it: one container, its table as we write it.
std::vector<ucode::Update> merged_stream(const Join& join, ucode::Vendor vendor) {
  std::vector<ucode::Update> updates;
  for (const ucode::Choice& choice : join.selection.choices) {
    ucode::Update update = join.catalog.entries[choice.candidates.front()].update;
    if (update.vendor != vendor) continue;
    update.container = 0;
    update.table_cpus.assign(choice.cpus.begin(), choice.cpus.end());
    updates.push_back(std::move(update));
  }
  return updates;
}

bool is_covered(const Join& join, const catalog::Catalog& image,
                const std::optional<ucode::KernelVersion>& kernel) {
  if (join.image.empty() || !join.front.own.empty()) return false;  // ours is always made anew
  return std::all_of(join.cpus.begin(), join.cpus.end(), [&](const ManifestCpu& cpu) {
    return takes_the_same(stream_of(image, join.front, cpu.vendor), merged_stream(join, cpu.vendor),
                          cpu, kernel);
  });
}

Result<EarlyManifest> manifest_of(const Root& root, const std::string& early) {
  const Opened opened = TRY(open_regular(root, early));
  const Front front = TRY(read_front(opened.file.get()));
  if (front.own.empty()) return fail(Errc::kCorrupt, "is no early part of kip");
  return front.own.front();
}

// It was written whole: what is missing or broken was damaged since.
Status check_whole(const catalog::Catalog& part, const EarlyManifest& manifest) {
  const bool sound = std::all_of(part.entries.begin(), part.entries.end(),
                                 [](const catalog::Entry& entry) { return entry.sound; });
  if (sound && part.entries.size() == manifest.updates.size()) return {};
  return fail(Errc::kCorrupt, "the early part for it is damaged: not every update there is whole");
}

bool serves(const ucode::Update& update, const std::vector<ManifestCpu>& cpus) {
  return std::any_of(cpus.begin(), cpus.end(), [&](const ManifestCpu& cpu) {
    return cpu.vendor == update.vendor &&
           std::any_of(update.targets.begin(), update.targets.end(),
                       [&](const ucode::Target& target) {
                         return target.signature == cpu.target.signature;
                       });
  });
}

std::int64_t time_of(const Join& join, const JoinOptions& options) {
  return options.time.value_or(newest_date(join.selection, join.catalog));
}

// An update in the early part was chosen for the CPUs that the part was made for, under the same holds
// and pins. What these say of other CPUs has no say in that choice.
std::vector<ucode::Selector> about(const std::vector<ManifestCpu>& cpus,
                                   const std::vector<ucode::Selector>& selectors) {
  std::vector<ucode::Selector> some;
  std::copy_if(selectors.begin(), selectors.end(), std::back_inserter(some),
               [&](const ucode::Selector& selector) {
                 return std::any_of(cpus.begin(), cpus.end(), [&](const ManifestCpu& cpu) {
                   return selector.matches_cpu(cpu.vendor, cpu.target.signature);
                 });
               });
  return some;
}

// Chosen for a CPU that was asked for exactly so, with its revision: here that is not known any more.
bool has_debug(const Join& join) {
  const auto end =
      join.catalog.entries.begin() + static_cast<std::ptrdiff_t>(join.first_image_entry);
  return std::any_of(join.catalog.entries.begin(), end, [](const catalog::Entry& entry) {
    return entry.update.vendor == ucode::Vendor::kIntel &&
           ucode::is_debug_revision(entry.update.revision);
  });
}

// Every CPU that there is an update for, or, where the rest is stripped, those that the part was made
// for; with what is proven of them.
std::vector<ucode::CpuQuery> queries_for(const Join& join, policy::Conflict conflict,
                                         std::span<const ucode::Candidate> candidates) {
  std::vector<ucode::CpuQuery> queries;
  for (ucode::CpuQuery& query : ucode::every_cpu(candidates)) {
    bool ours = false;
    for (const ManifestCpu& cpu : join.cpus) {
      if (!query.selector.matches_cpu(cpu.vendor, cpu.target.signature)) continue;
      query.proven = cpu.proven;
      ours = true;
    }
    if (ours || conflict == policy::Conflict::kUnion) queries.push_back(query);
  }
  return queries;
}

// The image's own: all but those that are held or pinned away from any CPU.
void append_image(const catalog::Catalog& image, const JoinOptions& options, Join& join) {
  const auto candidates = candidates_of(image);
  const auto verdicts =
      ucode::select(candidates, ucode::every_cpu(candidates), options.select).verdicts;
  ImageUpdates updates(join.front);
  std::size_t index = 0;
  append(image, join.catalog, [&](const catalog::Stream& stream, const ucode::Update& update) {
    const ucode::Verdict verdict = verdicts[index++];
    const bool wanted = options.conflict == policy::Conflict::kUnion || serves(update, join.cpus);
    return updates.counts(stream, update) && wanted && verdict != ucode::Verdict::kHeld &&
           verdict != ucode::Verdict::kNotPinned;
  });
}

Status append_early(const Root& root, const std::string& early, const JoinOptions& options,
                    Join& join) {
  const auto wanted = [&](ucode::Vendor vendor) {
    return options.vendors.empty() || options.vendors.contains(vendor);
  };
  const EarlyManifest manifest = TRY(manifest_of(root, early));
  const catalog::Catalog part = TRY(updates_of(root, early));
  TRY(check_whole(part, manifest));
  join.cpus = manifest.cpus;
  std::erase_if(join.cpus, [&](const ManifestCpu& cpu) { return !wanted(cpu.vendor); });
  append(part, join.catalog, [&](const catalog::Stream&, const ucode::Update& update) {
    return wanted(update.vendor);
  });
  join.first_image_entry = join.catalog.entries.size();
  return {};
}

}  // namespace

Result<Join> plan_join(const Root& root, const std::string& early, const std::string& image,
                       const JoinOptions& options) {
  Join join;
  TRY(append_early(root, early, options, join));
  catalog::Catalog in_image;
  if (!image.empty()) {
    join.image = image;
    const Opened opened = TRY(open_regular(root, image));
    join.image_size = opened.size;
    join.front = TRY(read_front(opened.file.get()));
    // A scan would look into an image that is compressed as a whole; the kernel's search does not.
    if (join.front.taken[0] || join.front.taken[1]) in_image = TRY(updates_of(root, image));
    append_image(in_image, options, join);
  }
  const auto candidates = candidates_of(join.catalog);
  ucode::SelectOptions select = options.select;
  select.holds = about(join.cpus, select.holds);
  select.pins = about(join.cpus, select.pins);
  select.debug = has_debug(join);
  join.selection =
      ucode::select(candidates, queries_for(join, options.conflict, candidates), select);
  join.covered = is_covered(join, in_image, options.select.kernel);
  return join;
}

Result<std::vector<ucode::Update>> forbidden(const Root& root, const std::string& image,
                                             const ucode::SelectOptions& select) {
  const Opened opened = TRY(open_regular(root, image));
  const Front front = TRY(read_front(opened.file.get()));
  if (!front.taken[0] && !front.taken[1]) return std::vector<ucode::Update>{};
  catalog::Catalog found;
  append(TRY(updates_of(root, image)), found,
         [&](const catalog::Stream& stream, const ucode::Update& update) {
           const auto& member = front.taken[index_of(update.vendor)];
           return member && stream.member_offset == member->data_offset;
         });
  const auto candidates = candidates_of(found);
  const auto verdicts = ucode::select(candidates, ucode::every_cpu(candidates), select).verdicts;
  std::vector<ucode::Update> updates;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (verdicts[i] == ucode::Verdict::kHeld || verdicts[i] == ucode::Verdict::kNotPinned)
      updates.push_back(*candidates[i].update);
  }
  return updates;
}

Result<std::uint64_t> write_join(const Root& root, const Join& join, const JoinOptions& options,
                                 AtomicFile& out) {
  Scratch scratch;
  catalog::Loader loader(root, join.catalog, scratch);
  const EarlyMark mark{join.cpus, join.first_image_entry};
  const auto written =
      write_early(join.selection, join.catalog, loader, time_of(join, options), out, &mark);
  if (!written) return tl::unexpected<Error>(written.error().error);
  std::vector<ucode::LoaderCpu> cpus;
  for (const ManifestCpu& cpu : join.cpus)
    cpus.push_back({cpu.vendor, cpu.target.signature, cpu.target.platform_flags, 0});
  FileInput back(out.descriptor());
  TRY(check_early(back, *written, cpus, scratch));
  const std::uint64_t early_size = out.written();
  if (join.image.empty()) return early_size;
  const Opened image = TRY(open_regular(root, join.image));
  if (image.size != join.image_size) return fail(Errc::kCorrupt, "changed while it was being read");
  for (const Range& range : kept(join.front.cuts, join.image_size))
    TRY(out.append(image.file.get(), range.begin, range.end - range.begin));
  return early_size;
}

}  // namespace kip::image
