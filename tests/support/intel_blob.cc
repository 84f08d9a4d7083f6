#include <cstdio>
#include <stdexcept>

#include "tests/support/intel_blob.h"

namespace kip::support {
namespace {

constexpr std::size_t kHeaderSize = 48;
constexpr std::size_t kTableHeaderSize = 20;
constexpr std::size_t kTableEntrySize = 12;
constexpr std::uint32_t kOldDataSize = 2000;  // what a stored data size of 0 means

constexpr std::size_t kChecksumAt = 0x10;
constexpr std::size_t kDataSizeAt = 0x1C;
constexpr std::size_t kTotalSizeAt = 0x20;
constexpr std::size_t kReservedAt = 0x2C;
constexpr std::size_t kTableSumAt = 4;

}  // namespace

IntelBlob& IntelBlob::signature(std::uint32_t eax) {
  return signature_ = eax, *this;
}
IntelBlob& IntelBlob::platform_flags(std::uint32_t mask) {
  return platform_flags_ = mask, *this;
}
IntelBlob& IntelBlob::revision(std::uint32_t value) {
  return revision_ = value, *this;
}
IntelBlob& IntelBlob::date(std::uint32_t bcd) {
  return date_ = bcd, *this;
}
IntelBlob& IntelBlob::body_size(std::uint32_t bytes) {
  return body_size_ = bytes, *this;
}
IntelBlob& IntelBlob::old_form() {
  return old_form_ = true, *this;
}
IntelBlob& IntelBlob::min_revision(std::uint32_t value) {
  return min_revision_ = value, *this;
}
IntelBlob& IntelBlob::header_version(std::uint32_t value) {
  return header_version_ = value, *this;
}
IntelBlob& IntelBlob::metadata_size(std::uint32_t bytes) {
  return metadata_size_ = bytes, *this;
}
IntelBlob& IntelBlob::reserved(std::uint32_t value) {
  return reserved_ = value, *this;
}
IntelBlob& IntelBlob::seed(std::uint32_t value) {
  return seed_ = value, *this;
}
IntelBlob& IntelBlob::raw_data_size(std::uint32_t value) {
  return raw_data_size_ = value, *this;
}
IntelBlob& IntelBlob::raw_total_size(std::uint32_t value) {
  return raw_total_size_ = value, *this;
}
IntelBlob& IntelBlob::break_main_sum() {
  return break_main_sum_ = true, *this;
}
IntelBlob& IntelBlob::break_ext_table_sum() {
  return break_ext_table_sum_ = true, *this;
}
IntelBlob& IntelBlob::ext_count(std::uint32_t value) {
  return ext_count_ = value, *this;
}
IntelBlob& IntelBlob::ext_size_pad(int bytes) {
  return ext_size_pad_ = bytes, *this;
}
IntelBlob& IntelBlob::main_sum_over_everything() {
  return main_sum_over_everything_ = true, *this;
}
IntelBlob& IntelBlob::flip_bit(std::size_t bit) {
  return flipped_bits_.push_back(bit), *this;
}

IntelBlob& IntelBlob::loader_revision(std::uint32_t value) {
  loader_revision_ = value;
  return *this;
}

IntelBlob& IntelBlob::extended(std::vector<IntelTarget> targets) {
  extended_ = std::move(targets);
  return *this;
}

IntelBlob& IntelBlob::stored_sizes(std::uint32_t data_size, std::uint32_t total_size) {
  stored_sizes_ = {data_size, total_size};
  return *this;
}

IntelBlob& IntelBlob::break_ext_entry_sum(std::size_t entry) {
  break_ext_entry_ = entry;
  return *this;
}

Blob IntelBlob::header_and_data() const {
  const std::uint32_t data_size = old_form_ ? kOldDataSize : body_size_;
  std::size_t table_size = 0;
  if (extended_) {
    table_size = kTableHeaderSize + extended_->size() * kTableEntrySize;
    table_size += static_cast<std::size_t>(ext_size_pad_);  // negative: wraps back, well defined
  }
  const auto true_total = static_cast<std::uint32_t>(kHeaderSize + data_size + table_size);
  std::pair<std::uint32_t, std::uint32_t> sizes{data_size, true_total};
  if (old_form_) sizes = {0, 0};
  if (stored_sizes_) sizes = *stored_sizes_;

  Blob out;
  for (const std::uint32_t field :
       {header_version_, revision_, date_, signature_, std::uint32_t{0}, loader_revision_,
        platform_flags_, sizes.first, sizes.second, metadata_size_, min_revision_, reserved_}) {
    append32(out, field);
  }
  append(out, noise(data_size, seed_));
  std::uint32_t sum = sum32(out);
  if (main_sum_over_everything_) sum += 1;  // the table contributes 1, see extended_table
  put32(out, kChecksumAt, 0U - sum);
  return out;
}

Blob IntelBlob::extended_table(std::uint32_t main_checksum) const {
  const std::vector<IntelTarget>& targets = *extended_;
  Blob table;
  append32(table, ext_count_.value_or(static_cast<std::uint32_t>(targets.size())));
  append(table, zeros(kTableHeaderSize - 4));
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const auto [eax, mask] = targets[i];
    append32(table, eax);
    append32(table, mask);
    const std::uint32_t fault = break_ext_entry_ == i ? 1 : 0;
    append32(table, signature_ + platform_flags_ + main_checksum - eax - mask + fault);
  }
  const auto padded = static_cast<std::ptrdiff_t>(table.size()) + ext_size_pad_;
  if (padded < static_cast<std::ptrdiff_t>(kTableSumAt + 4)) {
    throw std::logic_error("IntelBlob: the table must keep its count and checksum");
  }
  table.resize(static_cast<std::size_t>(padded));
  std::uint32_t wanted_sum = break_ext_table_sum_ ? 0x100 : 0;
  if (main_sum_over_everything_) wanted_sum += 1;
  put32(table, kTableSumAt, wanted_sum - sum32(table));
  return table;
}

void IntelBlob::apply_faults(Blob& out) const {
  if (raw_data_size_) put32(out, kDataSizeAt, *raw_data_size_);
  if (raw_total_size_) put32(out, kTotalSizeAt, *raw_total_size_);
  if (break_main_sum_) {
    const bool has_data = old_form_ || body_size_ >= 4;
    out[has_data ? kHeaderSize : kReservedAt] ^= 1;
  }
  for (const std::size_t bit : flipped_bits_) {
    out.at(bit / 8) ^= static_cast<std::uint8_t>(1U << bit % 8);
  }
}

Blob IntelBlob::bytes() const {
  if (old_form_ && extended_) {
    throw std::logic_error("IntelBlob: the old form has no room for an extended table");
  }
  if (!extended_ && (ext_count_ || ext_size_pad_ != 0 || break_ext_entry_ || break_ext_table_sum_ ||
                     main_sum_over_everything_)) {
    throw std::logic_error("IntelBlob: no extended table to break");
  }
  Blob out = header_and_data();
  if (extended_) append(out, extended_table(get32(out, kChecksumAt)));
  apply_faults(out);
  return out;
}

std::string to_dat_text(View bytes, std::string_view heading) {
  if (bytes.size() % 4 != 0) throw std::invalid_argument("to_dat_text: not a number of words");
  std::string out;
  if (!heading.empty()) out.append("/* ").append(heading).append(" */\n");
  for (std::size_t at = 0; at < bytes.size(); at += 4) {
    char word[16];
    std::snprintf(word, sizeof word, "0x%08x,", static_cast<unsigned>(get32(bytes, at)));
    out += word;
    const bool line_ends = at % 16 == 12 || at + 4 == bytes.size();
    out += line_ends ? "\n" : " ";
  }
  return out;
}

}  // namespace kip::support
