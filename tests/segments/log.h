// What a walk says, as lines to compare.
#pragma once

#include <fmt/format.h>

#include "src/segments/walk.h"
#include "tests/base/must.h"
#include "tests/codec/compress.h"
#include "tests/support/newc_blob.h"

namespace kip::segments {

/// Everything a walk says, one line each.
class Log : public Visitor {
 public:
  Status member(const Segment& archive, const cpio::Member& member, Input& data) override {
    const auto bytes = TRY(read_rest(data, 1 << 20));
    files.push_back({member.name, member.data_offset, member.size});
    lines.push_back(fmt::format("{} in {} at {}: {}", member.name, archive.offset,
                                member.data_offset, as_text(bytes)));
    return {};
  }
  Status segment(const Segment& segment) override {
    constexpr const char* kKinds[] = {"archive", "padding", "compressed", "unknown"};
    segments.push_back(segment);
    lines.push_back(fmt::format("{} {}+{}{}", kKinds[static_cast<int>(segment.kind)],
                                segment.offset, segment.size, segment.reached ? "" : " lost"));
    return {};
  }
  void fault(const Finding& finding) override {
    faults.push_back(finding);
    lines.push_back(fmt::format("{} at {}", finding.rule, finding.offset.value_or(0)));
  }

  struct File {
    std::string name;
    std::uint64_t offset;
    std::uint32_t size;
  };
  std::vector<File> files;
  std::vector<Segment> segments;
  std::vector<Finding> faults;
  std::vector<std::string> lines;
};

/// The image is handed out as an Input and the memory below it, opened at any offset.
inline Log walked(const support::Blob& image, const Options& options = {}) {
  Log log;
  const Source source = [&](std::uint64_t offset) -> Result<std::unique_ptr<Input>> {
    return std::make_unique<MemoryInput>(Bytes(image).subspan(offset));
  };
  must(walk(source, options, log));
  return log;
}

using Lines = std::vector<std::string>;

/// 120 bytes of member, 124 of trailer.
inline support::Blob archive(const std::string& name, const std::string& data = "DATA") {
  return support::NewcBlob().file(name, support::text(data)).bytes();
}

/// So that kernels read it, which take .xz with CRC32.
inline support::Blob packed(codec::Method method, Bytes plain) {
  if (method == codec::Method::kXz) return codec::run_through({"xz", "-c", "--check=crc32"}, plain);
  return codec::compress(method, plain);
}

}  // namespace kip::segments
