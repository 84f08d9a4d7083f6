// Builds PE programs as unified kernel images are: headers, then sections with the bytes given.
//
//   PeBlob().section(".linux", kernel).section(".initrd", image).bytes()
//
// A DOS header, "PE\0\0" at 0x80, 20 bytes of file header, 112 bytes of optional header, 40 bytes a
// section; data from the next multiple of 512 on, each section padded with 0xcc to a multiple of 512.
// Source: Microsoft, "PE Format".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/blob.h"

namespace kip::support {

// What differs from a good section. Unset: the good value.
struct PeFields {
  std::optional<std::uint32_t> memory_size = {};  // bytes of data
  std::optional<std::uint32_t> file_size = {};    // bytes, with padding
  std::optional<std::uint32_t> file_offset = {};
};

class PeBlob {
 public:
  PeBlob& section(std::string_view name, View data, const PeFields& fields = {});
  PeBlob& put(std::size_t offset, std::string_view bytes);  // over what stands there in the end

  [[nodiscard]] Blob bytes() const;

 private:
  struct Section {
    std::string name;
    Blob data;
    PeFields fields;
  };
  std::vector<Section> sections_;
  std::vector<std::pair<std::size_t, std::string>> puts_;
};

}  // namespace kip::support
