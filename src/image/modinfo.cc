#include "src/image/modinfo.h"

namespace kip::image {
namespace {

using le64 = LittleEndian<std::uint64_t>;

constexpr std::string_view kSection = ".modinfo";
/// Most bytes of .modinfo; a driver with thousands of aliases has 200 KiB.
constexpr std::size_t kInfoLimit = 4 * 1024 * 1024;

constexpr std::uint32_t kNoBits = 8;  // a section type without bytes in the file
constexpr std::uint16_t kIndexElsewhere =
    0xffff;  // e_shstrndx: it is in the first section's sh_link

struct ElfHeader {
  std::uint8_t magic[4];
  std::uint8_t wordsize, byte_order, version, abi;
  std::uint8_t padding[8];
  le16 type, machine;
  le32 object_version;
  le64 entry, programs, sections;
  le32 flags;
  le16 size, program_size, program_count, section_size, section_count, names_section;
};
static_assert(sizeof(ElfHeader) == 64 && alignof(ElfHeader) == 1);

struct SectionHeader {
  le32 name, type;
  le64 flags, address, offset, size;
  le32 link, info;
  le64 alignment, entry_size;
};
static_assert(sizeof(SectionHeader) == 64 && alignof(SectionHeader) == 1);

Result<Bytes> slice(Bytes all, std::uint64_t offset, std::uint64_t size) {
  if (offset > all.size() || size > all.size() - offset)
    return fail(Errc::kTruncated, "a part of the module lies beyond its end", offset);
  return all.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(size));
}

class Sections {
 public:
  static Result<Sections> of(Bytes elf) {
    if (elf.size() < sizeof(ElfHeader)) return fail(Errc::kTruncated, "ends early", 0);
    const auto header = copy_out<ElfHeader>(elf);
    if (as_text(header.magic) !=
        "\x7f"
        "ELF")
      return fail(Errc::kUnsupported, "is no ELF file");
    if (header.wordsize != 2 || header.byte_order != 1)
      return fail(Errc::kUnsupported, "is no 64-bit little endian ELF file");
    if (header.section_size != sizeof(SectionHeader) || header.sections == 0)
      return fail(Errc::kCorrupt, "has no section headers that can be read");
    Sections sections(elf, header.sections);
    sections.count_ = header.section_count;
    std::uint64_t names = header.names_section;
    if (sections.count_ == 0 || names == kIndexElsewhere) {
      const auto first = TRY(sections.header_at(0));
      if (sections.count_ == 0) sections.count_ = first.size;
      if (names == kIndexElsewhere) names = first.link;
    }
    if (names >= sections.count_) return fail(Errc::kCorrupt, "has no names of sections");
    sections.names_ = TRY(sections.bytes(TRY(sections.header_at(names))));
    return sections;
  }

  Result<Bytes> find(std::string_view wanted) const {
    for (std::uint64_t i = 0; i < count_; ++i) {
      const auto header = TRY(header_at(i));
      if (header.name >= names_.size()) continue;
      const std::string_view name = as_text(names_.subspan(header.name));
      if (name.substr(0, name.find('\0')) == wanted) return bytes(header);
    }
    return fail(Errc::kCorrupt, "has no section " + std::string(wanted));
  }

 private:
  Sections(Bytes elf, std::uint64_t headers) : elf_(elf), headers_(headers) {}

  Result<SectionHeader> header_at(std::uint64_t index) const {
    if (index > elf_.size() / sizeof(SectionHeader) || headers_ > elf_.size())
      return fail(Errc::kTruncated, "section headers lie beyond the module's end", headers_);
    return copy_out<SectionHeader>(
        TRY(slice(elf_, headers_ + index * sizeof(SectionHeader), sizeof(SectionHeader))));
  }

  Result<Bytes> bytes(const SectionHeader& header) const {
    if (header.type == kNoBits) return Bytes();
    return slice(elf_, header.offset, header.size);
  }

  Bytes elf_;
  std::uint64_t headers_;
  std::uint64_t count_ = 0;
  Bytes names_;
};

}  // namespace

std::string Modinfo::value(std::string_view key) const {
  const auto found = values.find(key);
  return found == values.end() ? "" : found->second;
}

Result<Modinfo> read_modinfo(Bytes elf) {
  const Sections sections = TRY(Sections::of(elf));
  std::string_view text = as_text(TRY(sections.find(kSection)));
  if (text.size() > kInfoLimit) return fail(Errc::kLimit, "says too much of itself");
  Modinfo info;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\0'), text.size());
    const std::string_view entry = text.substr(0, end);
    const std::size_t equals = entry.find('=');
    if (equals != entry.npos)
      info.values.emplace(entry.substr(0, equals), entry.substr(equals + 1));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return info;
}

}  // namespace kip::image
