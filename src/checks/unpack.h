// The unpacker's eye on an image: what of it ends up in the root file system, and what in place of
// what.
//
//   UnpackCheck check;
//   TRY(segments::walk(source, {.beyond_faults = true}, check));
//   check.findings()
//
// Rules: Linux init/initramfs.c, clean_path() and do_name(). A member whose path holds something of another
// type replaces it: a directory takes the place of a symbolic link, and all that was reached through
// the link is gone. A directory that is there keeps its content and gets the new mode. A file whose
// parent is missing is not created, without a word. A symbolic link is not created where a directory
// that is not empty stands. Hard links are told by (device, inode) up to the trailer; writing to one
// name changes all.
//
// Memory: the names of the image's members, up to kNamesLimit bytes with what is known of each; beyond
// that the check says that it stopped looking. Of one rule there is one finding a segment, with the first
// name and a count.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "src/base/finding.h"
#include "src/segments/walk.h"

namespace kip::checks {

inline constexpr std::uint64_t kNamesLimit = 32 * 1024 * 1024;  // bytes; some 200,000 names

inline constexpr const char* kRuleDirectoryOverLink = "unpack-directory-over-link";
inline constexpr const char* kRuleLinkOverDirectory = "unpack-link-over-directory";
inline constexpr const char* kRuleDanglingLink = "unpack-dangling-link";  // in place of a file
inline constexpr const char* kRuleTypeChanged = "unpack-type-changed";
inline constexpr const char* kRuleReplaced = "unpack-replaced";   // once a segment, with a count
inline constexpr const char* kRuleNoParent = "unpack-no-parent";  // once a segment, with a count
inline constexpr const char* kRuleLinkedFile = "unpack-linked-file";  // a write through a hard link
inline constexpr const char* kRuleNameLength = "archive-name-length";  // 0 or above 4096: skipped
inline constexpr const char* kRuleNames = "unpack-names";  // more names than are kept track of

class UnpackCheck : public segments::Visitor {
 public:
  UnpackCheck();
  ~UnpackCheck() override;

  Status member(const segments::Segment& archive, const cpio::Member& member, Input& data) override;
  Status segment(const segments::Segment& segment) override;
  void fault(const Finding& finding) override;

  /// In the order of the image; those of the walk are not repeated here.
  std::vector<Finding> findings() const;

 private:
  class Unpacker;
  std::unique_ptr<Unpacker> unpacker_;
};

}  // namespace kip::checks
