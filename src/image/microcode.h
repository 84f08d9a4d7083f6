// The microcode of an image that counts: what a loader reads of it, what belongs into a part that
// takes its place.
//
//   const ImageMicrocode there = TRY(read_microcode(root, "initrd", front));
//   for (entry …) if (counting.origin(stream, update)) …
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/catalog/catalog.h"
#include "src/image/front.h"

namespace kip::image {

/// Every update in the raw front of an image, checked whole, whether or not a kernel finds it.
Result<catalog::Catalog> read_updates(const Root& root, const std::string& path);

/// Where an update that counts came from.
enum class Origin : std::uint8_t {
  kChosen,  // a part of ours has it for the CPUs that the part was made for
  kImage,   // the image had it
};

/// Which updates of an image count. To be asked for each of them once, in the catalogue's order.
class Counting {
 public:
  /// `shadowed`: also those that kernels do not reach behind an earlier member of the name.
  /// Otherwise, outside our own parts, only those of the member that would be found without them.
  Counting(const Front& front, bool shadowed)
      : front_(front), shadowed_(shadowed), next_(front.own.size()) {}

  /// nullopt: not as microcode; it is some file.
  std::optional<Origin> origin(const catalog::Stream& stream, const ucode::Update& update);

 private:
  Origin origin_in_own(std::size_t part, const ucode::Update& update);

  const Front& front_;
  bool shadowed_;
  std::vector<std::size_t> next_;  // of each own part: the update to come
};

/// Copies those entries that `wanted(stream, update)`, with their streams.
template <class Wanted>
void append(const catalog::Catalog& from, catalog::Catalog& to, Wanted wanted) {
  const std::size_t streams = to.streams.size();
  to.streams.insert(to.streams.end(), from.streams.begin(), from.streams.end());
  for (catalog::Entry entry : from.entries) {
    if (!wanted(from.stream_of(entry), entry.update)) continue;
    entry.stream += streams;
    to.entries.push_back(std::move(entry));
  }
}

/// What the kernel's loader reads of an image: the updates of the member that it finds, or nothing if
/// anything in it is broken.
std::vector<ucode::Update> stream_of(const catalog::Catalog& image, const Front& front,
                                     ucode::Vendor vendor);

/// The first fault in a member that a loader would stumble over; it tells place and offset.
std::optional<Finding> fault_in(const catalog::Catalog& image, const FrontMember& member);

/// kCorrupt if a part of ours in the image is damaged: it was written whole.
Status check_own(const catalog::Catalog& image, const Front& front);

/// Updates that the kernel finds in an image, and that holds or pins forbid.
Result<std::vector<ucode::Update>> forbidden(const Root& root, const std::string& image,
                                             const ucode::SelectOptions& select);

}  // namespace kip::image
