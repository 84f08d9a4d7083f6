#include <algorithm>
#include <stdexcept>

#include "tests/support/amd_blob.h"

namespace kip::support {
namespace {

constexpr std::size_t kPatchHeaderSize = 64;
constexpr std::size_t kEntrySize = 16;

}  // namespace

std::uint32_t zen_cpuid(std::uint32_t patch_id) {
  const std::uint32_t stepping = patch_id >> 8 & 0xF;
  const std::uint32_t base_model = patch_id >> 12 & 0xF;
  const std::uint32_t ext_model = patch_id >> 20 & 0xF;
  const std::uint32_t ext_family = patch_id >> 24 & 0xFF;
  return stepping | base_model << 4 | 0xFU << 8 | ext_model << 16 | ext_family << 20;
}

std::uint32_t zen_lowest_revision(std::uint32_t cpuid) {
  const std::uint32_t stepping = cpuid & 0xF;
  const std::uint32_t base_model = cpuid >> 4 & 0xF;
  const std::uint32_t ext_model = cpuid >> 16 & 0xF;
  const std::uint32_t ext_family = cpuid >> 20 & 0xFF;
  return stepping << 8 | base_model << 12 | ext_model << 20 | ext_family << 24;
}

std::uint16_t zen_equivalence(std::uint32_t cpuid) {
  const std::uint32_t stepping = cpuid & 0xF;
  const std::uint32_t base_model = cpuid >> 4 & 0xF;
  const std::uint32_t ext_model = cpuid >> 16 & 0xF;
  const std::uint32_t ext_family = cpuid >> 20 & 0xF;
  return static_cast<std::uint16_t>(ext_family << 12 | ext_model << 8 | base_model << 4 | stepping);
}

AmdPatch& AmdPatch::id(std::uint32_t patch_id) {
  return id_ = patch_id, *this;
}
AmdPatch& AmdPatch::equivalence(std::uint16_t rev_id) {
  return equivalence_ = rev_id, *this;
}
AmdPatch& AmdPatch::date(std::uint32_t bcd) {
  return date_ = bcd, *this;
}
AmdPatch& AmdPatch::size(std::uint32_t bytes) {
  return size_ = bytes, *this;
}
AmdPatch& AmdPatch::min_base(std::uint32_t revision) {
  return field_0c_ = revision, *this;
}
AmdPatch& AmdPatch::data_checksum() {
  return data_checksum_ = true, *this;
}
AmdPatch& AmdPatch::nb_dev(std::uint32_t value) {
  return nb_dev_ = value, *this;
}
AmdPatch& AmdPatch::sb_dev(std::uint32_t value) {
  return sb_dev_ = value, *this;
}
AmdPatch& AmdPatch::seed(std::uint32_t value) {
  return seed_ = value, *this;
}
AmdPatch& AmdPatch::flip_bit(std::size_t bit) {
  return flipped_bits_.push_back(bit), *this;
}

std::uint16_t AmdPatch::equivalence_id() const {
  return equivalence_.value_or(zen_equivalence(zen_cpuid(id_)));
}

Blob AmdPatch::bytes() const {
  Blob out = zeros(kPatchHeaderSize);
  put32(out, 0x00, date_);
  put32(out, 0x04, id_);
  put16(out, 0x08, 0x8004);  // mc_patch_data_id: the value AMD's Zen patches carry; nobody reads it
  put32(out, 0x0C, field_0c_);
  put32(out, 0x10, nb_dev_);
  put32(out, 0x14, sb_dev_);
  put16(out, 0x18, equivalence_id());
  if (size_ > kPatchHeaderSize) append(out, noise(size_ - kPatchHeaderSize, seed_));
  if (data_checksum_) put32(out, 0x0C, sum32(View(out).subspan(kPatchHeaderSize)));
  out.resize(size_);
  for (const std::size_t bit : flipped_bits_) {
    out.at(bit / 8) ^= static_cast<std::uint8_t>(1U << bit % 8);
  }
  return out;
}

AmdBlob& AmdBlob::entry(std::uint32_t cpuid, std::uint16_t equivalence) {
  entries_.push_back({cpuid, equivalence});
  return *this;
}

AmdBlob& AmdBlob::patch(const AmdPatch& patch) {
  patches_.push_back(patch.bytes());
  return *this;
}

AmdBlob& AmdBlob::zen(const AmdPatch& new_patch) {
  const Entry wanted{zen_cpuid(new_patch.patch_id()), new_patch.equivalence_id()};
  if (std::find(entries_.begin(), entries_.end(), wanted) == entries_.end()) {
    entries_.push_back(wanted);
  }
  return patch(new_patch);
}

AmdBlob& AmdBlob::terminator(bool wanted) {
  return terminator_ = wanted, *this;
}
AmdBlob& AmdBlob::magic(std::uint32_t value) {
  return magic_ = value, *this;
}
AmdBlob& AmdBlob::table_type(std::uint32_t value) {
  return table_type_ = value, *this;
}
AmdBlob& AmdBlob::table_tail(View bytes) {
  return append(table_tail_, bytes), *this;
}

AmdBlob& AmdBlob::raw_table_length(std::uint32_t value) {
  raw_table_length_ = value;
  return *this;
}

AmdBlob& AmdBlob::raw_section_type(std::size_t patch, std::uint32_t value) {
  section_types_[patch] = value;
  return *this;
}

AmdBlob& AmdBlob::raw_section_size(std::size_t patch, std::uint32_t value) {
  section_sizes_[patch] = value;
  return *this;
}

Blob AmdBlob::bytes() const {
  Blob table;
  for (const Entry& entry : entries_) {
    const std::size_t start = table.size();
    append(table, zeros(kEntrySize));
    put32(table, start, entry.cpuid);
    put16(table, start + 0xC, entry.equivalence);
  }
  if (terminator_) append(table, zeros(kEntrySize));
  append(table, table_tail_);

  Blob out;
  append32(out, magic_);
  append32(out, table_type_);
  append32(out, raw_table_length_.value_or(static_cast<std::uint32_t>(table.size())));
  append(out, table);
  for (std::size_t i = 0; i < patches_.size(); ++i) {
    const auto type = section_types_.find(i);
    const auto size = section_sizes_.find(i);
    append32(out, type != section_types_.end() ? type->second : 1);
    append32(out, size != section_sizes_.end() ? size->second
                                               : static_cast<std::uint32_t>(patches_[i].size()));
    append(out, patches_[i]);
  }
  return out;
}

}  // namespace kip::support
