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

/// Reads files one after the other. Memory: the largest, decompressed.
class Looker {
 public:
  static Result<Looker> make();

  Result<LookedAt> look(const OverlayFile& file);

 private:
  explicit Looker(digest::Hasher hasher) : hasher_(std::move(hasher)) {}

  Result<digest::Sha256> hash(Input& in, std::uint64_t& size);
  Status look_into(Bytes stored, LookedAt& looked);

  digest::Hasher hasher_;
  codec::Decoders decoders_;
  std::vector<std::uint8_t> block_;
};

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
