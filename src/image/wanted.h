// Files of an image by path, to be written out one after the other.
//
//   FileIndex index(only);
//   TRY(segments::walk(source, options, index));       // what is there
//   index.find("etc/fstab")                            // which member brings its content
//   TRY(copy_contents(source, {5, 2}, sink));          // those members, in that order
#pragma once

#include <vector>

#include "src/base/file.h"
#include "src/base/sink.h"
#include "src/image/rootfs.h"
#include "src/segments/numbers.h"
#include "src/segments/walk.h"

namespace kip::image {

/// A segment as it can be copied.
struct NumberedSegment {
  std::uint32_t number = 0;
  segments::Segment segment;
};

class FileIndex : public segments::Visitor {
 public:
  /// `only`: a segment's number; 0: all that kernels reach.
  explicit FileIndex(std::uint32_t only) : only_(only) {}

  RootFs& files() { return files_; }
  /// Of those that kernels do not reach; the others are not looked for here.
  RootFs& unreached() { return unreached_; }
  /// Without padding.
  const std::vector<NumberedSegment>& segments() const { return segments_; }
  const std::vector<Finding>& faults() const { return faults_; }

  Status member(const segments::Segment& archive, const cpio::Member& member, Input& data) override;
  Status segment(const segments::Segment& segment) override;
  void fault(const Finding& finding) override { faults_.push_back(finding); }

 private:
  void note(const segments::Segment& segment);

  std::uint32_t only_;
  segments::Numbers numbers_;
  std::uint64_t ordinal_ = 0;
  RootFs files_, unreached_;
  std::vector<NumberedSegment> segments_;
  std::vector<Finding> faults_;
};

/// Writes the data of members, told by their ordinals as FileIndex counts them. One walk as long as the
/// ordinals ascend, one more each time that they do not. kSystem: the sink's error, or the image's.
Status copy_contents(const segments::Source& source, const std::vector<std::uint64_t>& members,
                     Sink& sink);

/// Writes what a segment holds: an archive as it is, compressed data unpacked. kUnsupported for other
/// segments.
Status copy_segment(const segments::Source& source, const segments::Segment& segment, Sink& sink);

}  // namespace kip::image
