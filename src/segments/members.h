// The members of archives that stand one behind the other, raw or decompressed, told to a visitor.
#pragma once

#include "src/segments/walk.h"

namespace kip::segments {

class Members {
 public:
  Members(const Options& options, Visitor& visitor) : options_(options), visitor_(visitor) {}

  struct Run {
    std::uint64_t end = 0;        // where no further member begins, counted as `base` is
    std::optional<Error> broken;  // what is wrong there; its offset is the input's
  };

  /// All members up to where no further one begins. `base`: what the input's offsets lack to those that
  /// are told. A raw archive is told as a segment at its trailer, or at the end. An error is the
  /// visitor's, or of a source that cannot be read.
  Result<Run> run(Input& in, Segment segment, std::uint64_t base);

 private:
  Status tell(Input& in, const Segment& segment, const cpio::Member& member);
  Status tell_summed(Input& in, const Segment& segment, const cpio::Member& member);
  Status close(Segment& segment, std::uint64_t end);
  void check_header(const Segment& segment, const cpio::Member& member);
  void fault(const char* rule, const Segment& segment, const cpio::Member& member, std::string text,
             const char* kernels, const char* remedy);

  const Options& options_;
  Visitor& visitor_;

  /// Once an archive is enough: a whole one is of one make.
  struct Said {
    bool summed = false, sum = false, name_end = false;
  } said_;
};

}  // namespace kip::segments
