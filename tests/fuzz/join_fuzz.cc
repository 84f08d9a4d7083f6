// An early part in front of any image. Input: bytes that choose the firmware of the early part and
// that of the image, what else is in the image, and the options.
//
// What is not cut out stays; no CPU gets less than the early part or the image gave it; "covered"
// is said only where the kernel's loaders agree; and joining twice is joining once.
#include <algorithm>

#include "src/base/atomic_file.h"
#include "src/image/parts.h"
#include "tests/fuzz/firmware.h"
#include "tests/fuzz/memory_file.h"
#include "tests/support/amd_blob.h"
#include "tests/support/kernel_amd.h"
#include "tests/support/kernel_finder.h"
#include "tests/support/kernel_intel.h"
#include "tests/support/newc_blob.h"
#include "tests/support/temp_dir.h"
#include "ucode/arrange.h"

namespace kip::fuzz {
namespace {

using image::ManifestCpu;
using support::Blob;
using support::KernelRules;
using support::NewcBlob;
using support::View;

constexpr std::uint32_t kDebug = 0x80000000;

// The kernels that a target may be.
struct Target {
  const char* version;  // empty: not known
  std::vector<KernelRules> kernels;
};

Target choose_target(Choices& choices) {
  const KernelRules all[] = {KernelRules::linux_6_1(), KernelRules::linux_6_12_60(),
                             KernelRules::linux_6_19(), KernelRules::linux_7_1()};
  constexpr const char* kVersions[] = {"6.1.100", "6.12.60", "6.19.0", "7.1.0"};
  const std::uint32_t which = choices.below(5);
  Target target{"", {std::begin(all), std::end(all)}};
  if (which != 4) target = {kVersions[which], {all[which]}};
  for (KernelRules& rules : target.kernels) {
    rules.sha = false;    // made-up patches have no digests
    rules.rework = true;  // not modelled: docs/formats/intel-ucode.md
  }
  return target;
}

// The early part and the CPUs that it was made for; no bytes: there is nothing for them.
struct Early {
  explicit Early(const Firmware& firmware) {
    catalog::Catalog catalog;
    const Root root;
    std::vector<MemoryFile> opened;
    for (const Blob& file : firmware.files()) opened.emplace_back(file);
    catalog::Scanner scanner(root, {.depth = firmware.depth()}, catalog);
    for (const MemoryFile& file : opened) require(scanner.add(file.path()).has_value(), "a scan");
    std::vector<ucode::Candidate> candidates;
    candidates.reserve(catalog.entries.size());
    for (const catalog::Entry& entry : catalog.entries)
      candidates.push_back({&entry.update, entry.sound});
    std::vector<ucode::CpuQuery> queries;
    for (const Cpu& cpu : firmware.cpus()) {
      queries.push_back({ucode::selector_for(cpu.vendor, {cpu.signature}, cpu.platform_flags), {}});
      if (firmware.best(cpu)) cpus.push_back({cpu.vendor, {{cpu.signature}, cpu.platform_flags}});
    }
    const auto selection = ucode::select(candidates, queries, {});
    if (selection.choices.empty()) return;
    Scratch scratch;
    catalog::Loader loader(root, catalog, scratch);
    const image::EarlyMark mark{cpus, SIZE_MAX};
    MemorySink sink;
    require(image::write_early(selection, catalog, loader, 1, sink, &mark).has_value(),
            "an early part is written");
    bytes = sink.bytes();
  }

  Blob bytes;
  std::vector<ManifestCpu> cpus;
};

NewcBlob& add_microcode(NewcBlob& archive, const Firmware& firmware, Choices& choices) {
  archive.directory("kernel").directory("kernel/x86").directory("kernel/x86/microcode");
  constexpr std::string_view kPaths[] = {support::kIntelPath, support::kAmdPath};
  for (std::size_t i = 0; i < 2; ++i) {
    const std::uint32_t form = choices.below(8);
    if (form == 0) continue;
    const Blob& data = firmware.files()[i];
    if (form == 1) {
      archive.link(kPaths[i], 77, data);
    } else {
      archive.file(std::string(kPaths[i]) + (form == 2 ? ".bak" : ""), data);
    }
  }
  return archive;
}

Blob choose_archive(const Firmware& firmware, const Early& early, Choices& choices) {
  constexpr const char* kNames[] = {"init", "early_cpio", "kip/early", "kip/notes"};
  NewcBlob archive;
  switch (choices.below(6)) {
    case 0:
      return early.bytes;
    case 1:
      return support::zeros(std::size_t{8} * choices.byte());
    case 2:
      archive.directory("kip").file(choices.one_of(kNames), support::text("kip early 1\n"));
      break;
    case 3:
      add_microcode(archive, firmware, choices)
          .directory("kip")
          .file("kip/early", support::text("kip early 1\n"));
      break;
    default:
      add_microcode(archive, firmware, choices);
  }
  if (choices.flip()) archive.file(choices.one_of(kNames), support::text("1\n"));
  if (choices.flip()) archive.trailer(false);
  return archive.pad_to(choices.flip() ? 512 : 4).bytes();
}

// Built out of choices, or the input's own bytes.
Blob choose_image(const Firmware& firmware, const Early& early, bool built, Choices& choices) {
  Blob image;
  for (std::uint32_t i = built ? choices.below(4) : 0; i > 0; --i)
    support::append(image, choose_archive(firmware, early, choices));
  if (built) support::append(image, Blob{0x28, 0xb5, 0x2f, 0xfd});
  support::append(image, choices.rest());
  return image;
}

// The revision that a CPU loads; nullopt: the kernel does what nobody can foretell.
std::optional<std::uint32_t> loads(View image, const ManifestCpu& cpu, const KernelRules& rules,
                                   std::uint32_t running = 0) {
  const bool intel = cpu.vendor == ucode::Vendor::kIntel;
  const auto found = support::find_early(image, intel ? support::kIntelPath : support::kAmdPath);
  const View member = found ? image.subspan(found->offset, found->size) : View();
  const std::uint32_t signature = cpu.target.signature.value;
  if (intel) {
    const auto pick =
        support::kernel_intel(member, signature, cpu.target.platform_flags, running, rules);
    return pick.picked ? pick.picked->revision : 0;
  }
  const auto pick = support::kernel_amd(member, signature, running, rules);
  if (pick.outcome == support::AmdOutcome::kUndefined) return std::nullopt;
  return pick.loaded() ? pick.candidate->revision : 0;
}

Blob written(const image::Join& join, const image::JoinOptions& options,
             std::uint64_t& early_size) {
  static const support::TempDir kDirectory;
  auto out = AtomicFile::create(kDirectory / "out", AtomicFile::Existing::kRefuse);
  require(out.has_value(), "a file");
  const auto size = image::write_join(Root(), join, options, *out);
  require(size.has_value(), "what was planned is written");
  early_size = *size;
  Blob bytes(out->written());
  FileInput back(out->descriptor());
  const auto got = back.read(bytes);
  require(got && *got == bytes.size(), "it can be read");
  return bytes;
}

void require_rest(const image::Join& join, View image, View result) {
  std::uint64_t at = 0;
  Blob rest;
  for (const image::Range& range : join.pieces.back().kept) {
    require(range.begin >= at && range.end > range.begin && range.end <= image.size(),
            "what is kept comes in order");
    support::append(rest, image.subspan(range.begin, range.end - range.begin));
    at = range.end;
  }
  require(std::ranges::equal(rest, result), "what is not cut out stays");
}

bool starts_misaligned(View image) {
  const auto first = std::ranges::find_if(image, [](std::uint8_t byte) { return byte != 0; });
  return first != image.end() && (first - image.begin()) % 4 != 0;
}

// Files that are none of an early part's.
void require_files(View image, View result) {
  const auto before = support::unpack_verdict(image), after = support::unpack_verdict(result);
  if (!before.error.empty() || before.ends_inside_member) return;
  require(after.error.empty(), "an image that unpacks still does");
  for (const support::UnpackedFile& file : before.files) {
    const std::string_view name = file.name;
    if (name.starts_with("kernel") || name.starts_with("kip") || name == "early_cpio") continue;
    const support::UnpackedFile* const same = after.find(name);
    require(same != nullptr && same->mode == file.mode, "every file is there");
    require(std::ranges::equal(result.subspan(same->data.offset, same->data.size),
                               image.subspan(file.data.offset, file.data.size)),
            "every file has its bytes");
  }
}

void require_as_good(View was, View now, const ManifestCpu& cpu, const Target& target) {
  for (const KernelRules& rules : target.kernels) {
    const auto before = loads(was, cpu, rules);
    // What is for debugging is not carried over.
    if (!before || (cpu.vendor == ucode::Vendor::kIntel && *before >= kDebug)) continue;
    require(loads(now, cpu, rules) >= *before, "no CPU gets less than before");
  }
}

void require_covered(View image, View merged, const ManifestCpu& cpu, const Target& target) {
  std::vector<std::uint32_t> running = {0};
  if (cpu.vendor == ucode::Vendor::kAmd) {
    const std::uint32_t lowest = support::zen_lowest_revision(cpu.target.signature.value);
    if (const auto cutoff = support::kernel_amd_cutoff(lowest)) {
      running.push_back(lowest);
      running.push_back(*cutoff + 1);
    }
  }
  for (const KernelRules& rules : target.kernels) {
    for (const std::uint32_t revision : running) {
      const auto takes = loads(image, cpu, rules, revision);
      require(!takes || takes == loads(merged, cpu, rules, revision),
              "a covered CPU takes the same from the image");
    }
  }
}

// One revision of a CPU in several forms: other data, other targets, or under another table. Which of
// them counts is a matter of order, and what is written is in another order than what was read.
bool has_ties(const catalog::Catalog& catalog) {
  const auto tie = [](const ucode::Update& a, const ucode::Update& b) {
    if (a.vendor != b.vendor || a.revision != b.revision || ucode::same_update(a, b)) return false;
    return a.vendor == ucode::Vendor::kAmd ||
           std::ranges::any_of(a.targets, [&](const ucode::Target& target) {
             return std::ranges::any_of(b.targets, [&](const ucode::Target& other) {
               return other.signature == target.signature;
             });
           });
  };
  return std::ranges::any_of(catalog.entries, [&](const catalog::Entry& a) {
    return std::ranges::any_of(catalog.entries, [&](const catalog::Entry& b) {
      return a.sound && b.sound && tie(a.update, b.update);
    });
  });
}

// Named as parts: refused, or nothing of either is lost.
void require_parts(const MemoryFile& early_file, const MemoryFile& image_file, const Early& early,
                   const Firmware& base, View image, bool built) {
  const auto join = image::plan_parts(Root(), {{early_file.path()}, {image_file.path()}}, {});
  if (!join) return;
  std::uint64_t early_size = 0;
  const Blob result = written(*join, {}, early_size);
  require_rest(*join, image, View(result).subspan(early_size));
  require_files(image, result);
  Target kernels{"", {KernelRules::linux_6_1(), KernelRules::linux_7_1()}};
  for (KernelRules& rules : kernels.kernels) rules.sha = false, rules.rework = true;
  for (const ManifestCpu& cpu : early.cpus) require_as_good(early.bytes, result, cpu, kernels);
  for (const Cpu& cpu : base.cpus()) {
    if (built)
      require_as_good(image, result, {cpu.vendor, {{cpu.signature}, cpu.platform_flags}}, kernels);
  }
}

void run(Bytes input) {
  Choices choices(input);
  const bool built = choices.flip();
  const Target target = choose_target(choices);
  image::JoinOptions options;
  options.select.kernel = ucode::KernelVersion::parse(target.version);
  const bool strip = choices.below(4) == 3;
  options.strip = strip;
  const Firmware host(choices), base(choices);
  const Early early(host);
  if (early.bytes.empty()) return;
  const Blob image = choose_image(base, early, built, choices);

  const MemoryFile early_file(early.bytes), image_file(image);
  auto join = image::plan_join(Root(), early_file.path(), image_file.path(), options);
  if (!join && starts_misaligned(image)) return;
  require(join.has_value(),
          "any image can be joined with, but one that cannot stand behind another");
  const bool covered = join->covered;
  join->covered = false;
  std::uint64_t early_size = 0;
  const Blob result = written(*join, options, early_size);
  require(early_size % image::kArchiveMultiple == 0, "the early part is a multiple of 512");
  require_rest(*join, image, View(result).subspan(early_size));
  require_files(image, result);
  for (const ManifestCpu& cpu : early.cpus) {
    require_as_good(early.bytes, result, cpu, target);
    if (covered) require_covered(image, result, cpu, target);
  }
  for (const Cpu& cpu : base.cpus()) {
    if (built && !strip)
      require_as_good(image, result, {cpu.vendor, {{cpu.signature}, cpu.platform_flags}}, target);
  }

  const MemoryFile result_file(result);
  const auto again = image::plan_join(Root(), early_file.path(), result_file.path(), options);
  require(again.has_value() && again->needed(), "ours is always made anew");
  const Blob twice = written(*again, options, early_size);
  require(twice == result || has_ties(join->catalog), "joining twice is joining once");
  require_parts(early_file, image_file, early, base, image, built);
}

}  // namespace
}  // namespace kip::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kip::fuzz::run({data, size});
  return 0;
}
