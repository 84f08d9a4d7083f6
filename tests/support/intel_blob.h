// Builds one Intel microcode update, good by default, broken only where a test asks for it.
//
// Header, 48 bytes, twelve little-endian u32 (Intel SDM vol. 3A, "Microcode Update Facilities"):
//
//   0x00 header version    1 = microcode, 2 = In-Field Scan image
//   0x04 update revision
//   0x08 date              BCD, hex digits read MMDDYYYY
//   0x0C processor signature  CPUID leaf 1 EAX
//   0x10 checksum          makes the u32 sum of header and data zero; extended table not included
//   0x14 loader revision   1
//   0x18 processor flags   bit n: valid for platform id n
//   0x1C data size         bytes; 0 means 2000 (the old form)
//   0x20 total size        bytes of header + data + extended table; 2048 if data size is 0
//   0x24 metadata size     bytes at the end of the data
//   0x28 minimum revision  to load late; 0 = not stated
//   0x2C reserved          0
//
// then data, then optionally the extended signature table: count, checksum (u32 sum of the table
// is 0), 12 reserved bytes, and per entry {signature, flags, checksum}, where an entry's checksum
// is what the header's would be if the entry's signature and flags stood there.
//
// The data is noise, not microcode: no CPU accepts it, every parser must.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/blob.h"

namespace kip::support {

struct IntelTarget {
  std::uint32_t signature;       // CPUID leaf 1 EAX
  std::uint32_t platform_flags;  // mask, bit n = platform id n
};

class IntelBlob {
 public:
  // -- What the update says. All checksums follow.
  IntelBlob& signature(std::uint32_t eax);
  IntelBlob& platform_flags(std::uint32_t mask);
  IntelBlob& revision(std::uint32_t value);
  IntelBlob& date(std::uint32_t bcd);                     // 0x11112025 is 2025-11-11
  IntelBlob& body_size(std::uint32_t bytes);              // data size; default 976, a total of 1024
  IntelBlob& old_form();                                  // sizes 0/0 stored, 2048 bytes in all
  IntelBlob& extended(std::vector<IntelTarget> targets);  // {} is a table without entries
  IntelBlob& min_revision(std::uint32_t value);
  IntelBlob& loader_revision(std::uint32_t value);
  IntelBlob& header_version(std::uint32_t value);
  IntelBlob& metadata_size(std::uint32_t bytes);
  IntelBlob& reserved(std::uint32_t value);
  IntelBlob& seed(std::uint32_t value);  // other data bytes, same everything else
  // Stored in place of the true sizes, with the main sum made zero over the true header and data:
  // nothing but the sizes is wrong.
  IntelBlob& stored_sizes(std::uint32_t data_size, std::uint32_t total_size);

  // -- Faults. Each leaves every other rule satisfied, unless it says otherwise.
  IntelBlob& raw_data_size(std::uint32_t value);   // after the sums: main sum wrong too
  IntelBlob& raw_total_size(std::uint32_t value);  // likewise
  IntelBlob& break_main_sum();                     // one data bit (reserved word if no data)
  IntelBlob& break_ext_table_sum();
  IntelBlob& break_ext_entry_sum(std::size_t entry);  // table sum corrected
  IntelBlob& ext_count(std::uint32_t value);          // table sum corrected
  IntelBlob& ext_size_pad(int bytes);  // zeros behind the table, or its end cut off; sums corrected
  // The header's checksum makes the sum over *everything* zero. The table's own sum is then 1: were
  // it zero, as it should be, the two ways of summing could not be told apart.
  IntelBlob& main_sum_over_everything();
  IntelBlob& flip_bit(std::size_t bit);  // bit 0 = lowest bit of byte 0; last of all

  [[nodiscard]] Blob bytes() const;

 private:
  [[nodiscard]] Blob header_and_data() const;
  [[nodiscard]] Blob extended_table(std::uint32_t main_checksum) const;
  void apply_faults(Blob& out) const;

  std::uint32_t signature_ = 0x000B06F2;
  std::uint32_t platform_flags_ = 0x07;
  std::uint32_t revision_ = 0x0000003A;
  std::uint32_t date_ = 0x11112025;
  std::uint32_t body_size_ = 976;
  bool old_form_ = false;
  std::optional<std::vector<IntelTarget>> extended_;
  std::uint32_t min_revision_ = 0;
  std::uint32_t loader_revision_ = 1;
  std::uint32_t header_version_ = 1;
  std::uint32_t metadata_size_ = 0;
  std::uint32_t reserved_ = 0;
  std::uint32_t seed_ = 1;
  std::optional<std::pair<std::uint32_t, std::uint32_t>> stored_sizes_;

  std::optional<std::uint32_t> raw_data_size_;
  std::optional<std::uint32_t> raw_total_size_;
  bool break_main_sum_ = false;
  bool break_ext_table_sum_ = false;
  std::optional<std::size_t> break_ext_entry_;
  std::optional<std::uint32_t> ext_count_;
  int ext_size_pad_ = 0;
  bool main_sum_over_everything_ = false;
  std::vector<std::size_t> flipped_bits_;
};

// The legacy text form (microcode.dat): a comment line that begins with '/', if `heading` is not
// empty, then lines of up to four words `0x00000001, ...,`, each word the little-endian u32 at that
// place. REQUIRES: bytes.size() is a multiple of 4 (throws std::invalid_argument).
std::string to_dat_text(View bytes, std::string_view heading = "");

}  // namespace kip::support
