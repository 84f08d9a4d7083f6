// A tree of microcode, and the early archive made of it.
#pragma once

#include <string>
#include <vector>

#include "src/base/sink.h"
#include "src/image/early.h"
#include "tests/base/must.h"
#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"
#include "tests/support/kernel_finder.h"
#include "tests/support/temp_dir.h"

namespace kip::image {

inline constexpr std::int64_t kTime = 1754006400;  // 2025-08-01

inline support::Blob part(Bytes bytes, std::size_t offset, std::size_t size) {
  const Bytes some = bytes.subspan(offset, size);
  return {some.begin(), some.end()};
}

class Packed {
 public:
  /// Reads headers only: what is broken shows when it is written.
  void scan() { must(catalog::Scanner(root_, {}, catalog_).add(directory_.path())); }

  void choose(const std::vector<ucode::CpuQuery>& queries) {
    const auto candidates = this->candidates();
    selection_ = ucode::select(candidates, queries, {});
  }
  void choose_all() {
    const auto candidates = this->candidates();
    queries_ = ucode::every_cpu(candidates);
    choose(queries_);
  }

  EarlyResult write(Sink& sink, const EarlyMark* mark = nullptr) {
    Scratch scratch;
    catalog::Loader loader(root_, catalog_, scratch);
    return write_early(selection_, catalog_, loader, kTime, sink, mark);
  }

  /// Scans, chooses for every CPU, writes; the archive stays in `image`.
  void pack(const EarlyMark* mark = nullptr) {
    scan();
    choose_all();
    MemorySink sink;
    const EarlyResult result = write(sink, mark);
    if (!result) throw std::runtime_error(result.error().error.what);
    written = *result;
    image = sink.bytes();
  }

  /// What check_early() says of `bytes`.
  Status check(Bytes bytes, const std::vector<ManifestCpu>& cpus = {}) const {
    MemoryInput in(bytes);
    Scratch scratch;
    return check_early(in, written, cpus, scratch);
  }

  support::Blob member(std::string_view path) const {
    const auto found = support::find_early(image, path);
    return found ? part(image, found->offset, found->size) : support::Blob();
  }

  const support::TempDir& tree() const { return directory_; }
  const catalog::Catalog& catalog() const { return catalog_; }
  const ucode::Selection& selection() const { return selection_; }
  const std::vector<ucode::CpuQuery>& queries() const { return queries_; }

  support::Blob image;
  WrittenEarly written;

 private:
  std::vector<ucode::Candidate> candidates() const {
    std::vector<ucode::Candidate> candidates;
    candidates.reserve(catalog_.entries.size());
    for (const catalog::Entry& entry : catalog_.entries)
      candidates.push_back({&entry.update, entry.sound});
    return candidates;
  }

  support::TempDir directory_;
  Root root_;
  catalog::Catalog catalog_;
  ucode::Selection selection_;
  std::vector<ucode::CpuQuery> queries_;
};

}  // namespace kip::image
