#include <algorithm>
#include <fcntl.h>
#include <sys/stat.h>

#include "src/image/covered.h"
#include "src/image/join.h"
#include "ucode/amd.h"

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

// Which updates of an image count: those of the member that the kernel finds, and of our own earlier
// parts what the image had before. All else that looks like microcode is some file in it.
class ImageUpdates {
 public:
  explicit ImageUpdates(const Front& front) : front_(front), next_(front.own.size()) {}

  bool counts(const catalog::Stream& stream, const ucode::Update& update) {
    if (stream.member != member_path(update.vendor)) return false;
    for (std::size_t part = 0; part < front_.own.size(); ++part) {
      const Range& range = front_.own_ranges[part];
      if (stream.member_offset >= range.begin && stream.member_offset < range.end)
        return was_in_image(part, update);
    }
    auto& first = first_[index_of(update.vendor)];
    if (!first) first = stream.member_offset;
    return *first == stream.member_offset;
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
  std::optional<std::uint64_t> first_[2];
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
// anything in it is broken.
std::vector<ucode::Update> stream_of(const catalog::Catalog& image, const Front& front,
                                     ucode::Vendor vendor) {
  std::vector<ucode::Update> updates;
  const auto& member = front.taken[index_of(vendor)];
  if (!member) return updates;
  for (const catalog::Entry& entry : image.entries) {
    const catalog::Stream& stream = image.stream_of(entry);
    if (stream.member_offset != member->data_offset || entry.update.vendor != vendor) continue;
    if (!entry.sound) return {};
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

std::vector<ucode::Candidate> candidates_of(const catalog::Catalog& catalog) {
  std::vector<ucode::Candidate> candidates;
  for (const catalog::Entry& entry : catalog.entries)
    candidates.push_back({&entry.update, entry.sound});
  return candidates;
}

std::int64_t time_of(const Join& join, const JoinOptions& options) {
  return options.time.value_or(newest_date(join.selection, join.catalog));
}

}  // namespace

Result<Join> plan_join(const Root& root, const std::string& early, const std::string& image,
                       const JoinOptions& options) {
  const auto wanted = [&](ucode::Vendor vendor) {
    return options.vendors.empty() || options.vendors.contains(vendor);
  };
  Join join;
  const EarlyManifest manifest = TRY(manifest_of(root, early));
  const catalog::Catalog part = TRY(updates_of(root, early));
  TRY(check_whole(part, manifest));
  join.cpus = manifest.cpus;
  std::erase_if(join.cpus, [&](const ManifestCpu& cpu) { return !wanted(cpu.vendor); });
  append(part, join.catalog, [&](const catalog::Stream&, const ucode::Update& update) {
    return wanted(update.vendor);
  });
  join.first_image_entry = join.catalog.entries.size();
  catalog::Catalog in_image;
  if (!image.empty()) {
    join.image = image;
    const Opened opened = TRY(open_regular(root, image));
    join.image_size = opened.size;
    join.front = TRY(read_front(opened.file.get()));
    in_image = TRY(updates_of(root, image));
    ImageUpdates updates(join.front);
    append(in_image, join.catalog, [&](const catalog::Stream& stream, const ucode::Update& update) {
      return updates.counts(stream, update) &&
             (options.conflict == policy::Conflict::kUnion || serves(update, join.cpus));
    });
  }
  const auto candidates = candidates_of(join.catalog);
  join.selection = ucode::select(candidates, ucode::every_cpu(candidates), options.select);
  join.covered = is_covered(join, in_image, options.select.kernel);
  return join;
}

Result<std::vector<ucode::Update>> forbidden(const Root& root, const std::string& image,
                                             const ucode::SelectOptions& select) {
  const Opened opened = TRY(open_regular(root, image));
  const Front front = TRY(read_front(opened.file.get()));
  catalog::Catalog found;
  append(TRY(updates_of(root, image)), found,
         [&](const catalog::Stream& stream, const ucode::Update& update) {
           const auto& member = front.taken[index_of(update.vendor)];
           return member && stream.member_offset == member->data_offset;
         });
  const auto candidates = candidates_of(found);
  const ucode::Selection selection =
      ucode::select(candidates, ucode::every_cpu(candidates), select);
  std::vector<ucode::Update> updates;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const ucode::Verdict verdict = selection.verdicts[i];
    if (verdict == ucode::Verdict::kHeld || verdict == ucode::Verdict::kNotPinned)
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
