#include <algorithm>

#include "src/base/atomic_file.h"
#include "src/image/covered.h"
#include "src/image/join.h"
#include "src/image/join_pieces.h"
#include "ucode/intel.h"

namespace kip::image {
namespace {

// The merged part as a loader will read it: one container, its table as we write it.
std::vector<ucode::Update> merged_stream(const Join& join, ucode::Vendor vendor) {
  std::vector<ucode::Update> updates;
  for (const ucode::Choice& choice : join.selection.choices) {
    ucode::Update update = join.catalog.entries[choice.candidates.front()].update;
    if (update.vendor != vendor) continue;
    update.container = 0;
    update.table_cpus.assign(choice.cpus.begin(), choice.cpus.end());
    update.table_cpus_behind = 0;
    updates.push_back(std::move(update));
  }
  return updates;
}

bool is_covered(const Join& join, const catalog::Catalog& image, const Front& front,
                const std::optional<ucode::KernelVersion>& kernel) {
  if (!front.own.empty()) return false;  // ours is always made anew
  return std::all_of(join.cpus.begin(), join.cpus.end(), [&](const ManifestCpu& cpu) {
    return takes_the_same(stream_of(image, front, cpu.vendor), merged_stream(join, cpu.vendor), cpu,
                          kernel);
  });
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
std::vector<ucode::CpuQuery> queries_for(const Join& join, bool strip,
                                         std::span<const ucode::Candidate> candidates) {
  std::vector<ucode::CpuQuery> queries;
  for (ucode::CpuQuery& query : ucode::every_cpu(candidates)) {
    bool ours = false;
    for (const ManifestCpu& cpu : join.cpus) {
      if (!query.selector.matches_cpu(cpu.vendor, cpu.target.signature)) continue;
      query.proven = cpu.proven;
      ours = true;
    }
    if (ours || !strip) queries.push_back(query);
  }
  return queries;
}

// The image's own: all but those that are held or pinned away from any CPU.
void append_image(const catalog::Catalog& image, const Front& front, const JoinOptions& options,
                  Join& join) {
  const auto candidates = candidates_of(image);
  const auto verdicts =
      ucode::select(candidates, ucode::every_cpu(candidates), options.select).verdicts;
  Counting counting(front, /*shadowed=*/false);
  std::size_t index = 0;
  append(image, join.catalog, [&](const catalog::Stream& stream, const ucode::Update& update) {
    const ucode::Verdict verdict = verdicts[index++];
    const bool wanted = !options.strip || serves(update, join.cpus);
    return counting.origin(stream, update) == Origin::kImage && wanted &&
           verdict != ucode::Verdict::kHeld && verdict != ucode::Verdict::kNotPinned;
  });
}

Status append_early(const Root& root, const std::string& early, const JoinOptions& options,
                    Join& join) {
  const auto wanted = [&](ucode::Vendor vendor) {
    return options.vendors.empty() || options.vendors.contains(vendor);
  };
  const Opened opened = TRY(open_regular(root, early));
  const Front front = TRY(read_front(opened.file.get()));
  if (front.own.empty()) return fail(Errc::kCorrupt, "is no early part of kip");
  const catalog::Catalog part = TRY(read_updates(root, early));
  if (!check_own(part, front) || part.entries.size() != front.own.front().updates.size()) {
    return fail(Errc::kCorrupt,
                "the early part for it is damaged: not every update there is whole");
  }
  join.cpus = front.own.front().cpus;
  std::erase_if(join.cpus, [&](const ManifestCpu& cpu) { return !wanted(cpu.vendor); });
  append(part, join.catalog, [&](const catalog::Stream&, const ucode::Update& update) {
    return wanted(update.vendor);
  });
  join.first_image_entry = join.catalog.entries.size();
  return {};
}

}  // namespace

void choose(const JoinOptions& options, Join& join) {
  const auto candidates = candidates_of(join.catalog);
  ucode::SelectOptions select = options.select;
  select.holds = about(join.cpus, select.holds);
  select.pins = about(join.cpus, select.pins);
  select.debug = has_debug(join);
  join.selection = ucode::select(candidates, queries_for(join, options.strip, candidates), select);
}

Result<Join> plan_join(const Root& root, const std::string& early, const std::string& image,
                       const JoinOptions& options) {
  Join join;
  Front front;
  std::optional<Opened> opened;
  if (!image.empty()) opened = TRY(open_regular(root, image));
  if (!early.empty()) {
    TRY(append_early(root, early, options, join));
    catalog::Catalog in_image;
    if (opened) {
      front = TRY(read_front(opened->file.get()));
      // A scan would look into an image that is compressed as a whole; the kernel's search does not.
      if (front.taken[0] || front.taken[1]) in_image = TRY(read_updates(root, image));
      append_image(in_image, front, options, join);
    }
    choose(options, join);
    join.covered = opened && is_covered(join, in_image, front, options.select.kernel);
  }
  if (!join.makes_early()) front.cuts.clear();
  TRY(append_pieces(root, image, opened ? &*opened : nullptr, front.cuts, options, join));
  return join;
}

Result<std::uint64_t> write_early_part(const Root& root, const Join& join,
                                       const JoinOptions& options, Sink& out, int descriptor) {
  Scratch scratch;
  catalog::Loader loader(root, join.catalog, scratch);
  const EarlyMark mark{join.cpus, join.first_image_entry, page_offset_of(join.pieces)};
  const auto written =
      write_early(join.selection, join.catalog, loader, time_of(join, options), out, &mark);
  if (!written) return tl::unexpected<Error>(written.error().error);
  FileInput back(descriptor);
  TRY(check_early(back, *written, join.cpus, scratch));
  return out.written();
}

Result<std::uint64_t> write_join(const Root& root, const Join& join, const JoinOptions& options,
                                 AtomicFile& out) {
  std::uint64_t early_size = 0;
  if (join.makes_early())
    early_size = TRY(write_early_part(root, join, options, out, out.descriptor()));
  TRY(write_pieces(root, join.pieces, out));
  return early_size;
}

}  // namespace kip::image
