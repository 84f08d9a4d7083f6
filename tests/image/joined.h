// An early part in front of an image, in files; and whom the kernel's loaders would serve from it.
#pragma once

#include <optional>

#include "src/base/atomic_file.h"
#include "src/image/join.h"
#include "tests/image/base_image.h"
#include "tests/image/packed.h"
#include "tests/support/kernel_amd.h"
#include "tests/support/kernel_intel.h"

namespace kip::image {

inline support::Blob intel(std::uint32_t signature, std::uint32_t flags, std::uint32_t revision) {
  return support::IntelBlob()
      .signature(signature)
      .platform_flags(flags)
      .revision(revision)
      .seed(signature ^ revision)
      .bytes();
}

inline support::Blob zen(std::initializer_list<std::uint32_t> revisions) {
  support::AmdBlob blob;
  for (const std::uint32_t revision : revisions) blob.zen(support::AmdPatch(revision));
  return blob.bytes();
}

/// The bytes that the kernel's search finds in an image; none: none, or it finds nothing.
inline support::View found(support::View image, std::string_view path) {
  const auto extent = support::find_early(image, path);
  return extent ? image.subspan(extent->offset, extent->size) : support::View();
}

/// The revision that a CPU without any would load from an image; 0: none.
inline std::uint32_t loads(support::View image, const ManifestCpu& cpu,
                           support::KernelRules rules = {}) {
  if (cpu.vendor == ucode::Vendor::kIntel) {
    const auto pick =
        support::kernel_intel(found(image, support::kIntelPath), cpu.target.signature.value,
                              cpu.target.platform_flags, 0, rules);
    return pick.picked ? pick.picked->revision : 0;
  }
  rules.sha = false;  // made-up patches have no digests
  const auto pick =
      support::kernel_amd(found(image, support::kAmdPath), cpu.target.signature.value, 0, rules);
  return pick.loaded() ? pick.candidate->revision : 0;
}

inline JoinOptions stripping() {
  JoinOptions options;
  options.strip = true;
  return options;
}
inline JoinOptions for_vendor(ucode::Vendor vendor) {
  JoinOptions options;
  options.vendors = {vendor};
  return options;
}
inline JoinOptions at_time(std::int64_t time) {
  JoinOptions options;
  options.time = time;
  return options;
}
inline JoinOptions holding(std::string_view selector) {
  JoinOptions options;
  options.select.holds.push_back(must(ucode::parse_selector(selector)));
  return options;
}
inline JoinOptions pinning(std::string_view selector) {
  JoinOptions options;
  options.select.pins.push_back(must(ucode::parse_selector(selector)));
  return options;
}

class Joining {
 public:
  /// The early part: the newest of `files` for every CPU they are for, made for `cpus`.
  void set_early(const std::vector<support::Blob>& files, std::vector<ManifestCpu> cpus) {
    Packed packed;
    for (std::size_t i = 0; i < files.size(); ++i) packed.tree().write(std::to_string(i), files[i]);
    const EarlyMark mark{std::move(cpus), SIZE_MAX};
    packed.pack(&mark);
    early = packed.image;
    directory_.write("early", early);
  }
  void set_early_file(support::View bytes) { directory_.write("early", bytes); }

  /// Joins what lies at a path (empty: no image) into the file "out".
  Result<bool> join_path(const std::string& path, const JoinOptions& options = {}) {
    const Join join = TRY(plan_join(root_, directory_ / "early", path, options));
    if (!join.needed()) return false;
    AtomicFile out = TRY(AtomicFile::create(directory_ / "out", AtomicFile::Existing::kReplace));
    early_size = TRY(write_join(root_, join, options, out));
    TRY(out.commit());
    return true;
  }

  /// What becomes of an image: itself, where it serves the CPUs as it is.
  support::Blob join(const support::Blob& image, const JoinOptions& options = {}) {
    const std::string path = directory_.write("image", image);
    joined = must(join_path(path, options));
    return joined ? support::read_file(directory_ / "out") : image;
  }

  const support::TempDir& directory() const { return directory_; }

  support::Blob early;
  bool joined = false;           // by the last join()
  std::uint64_t early_size = 0;  // in front of the image, as the last one said

 private:
  support::TempDir directory_;
  Root root_;
};

}  // namespace kip::image
