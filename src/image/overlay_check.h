// What is to be added to a base, looked at; and whether its modules can be loaded by the indexes that were made.
#pragma once

#include "src/image/overlay.h"
#include "src/image/overlay_index.h"

namespace kip::image {

struct LookedAt {
  digest::Sha256 digest = {};
  std::uint64_t size = 0;
  std::string version, srcversion;   // of a module
  std::vector<std::string> depends;  // names
  std::string unread;                // why a module was not looked into, or empty
};

/// One a file, in their order. Reading and digests are work for several threads; nothing of that shows in the result. Memory: of
/// each thread the largest file that it reads, decompressed. The error is that of the first file that has one, by its path.
Result<std::vector<LookedAt>> look_at(const std::vector<OverlayFile>& files);

// A module that modprobe would not find, or not load, with these indexes.
inline constexpr const char* kRuleUnresolved = "overlay-unresolved";
// The base has the module with other bytes: it was made before the module was rebuilt.
inline constexpr const char* kRuleStale = "overlay-stale-twin";
// A file that is no module that can be read.
inline constexpr const char* kRuleUnread = "overlay-unread";

/// What is wrong with one of them, as kRuleUnresolved.
std::optional<Finding> check_resolves(const Index& index, const std::string& path,
                                      const LookedAt& looked);

}  // namespace kip::image
