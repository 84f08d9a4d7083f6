#include <algorithm>
#include <fmt/format.h>

#include "src/base/file.h"
#include "src/base/finding.h"
#include "src/segments/pe.h"

namespace kip::segments {
namespace {

constexpr std::string_view kDosMagic = "MZ", kMagic{"PE\0\0", 4};
constexpr std::uint64_t kMagicPlace = 0x3c;  // of the le32 that says where the magic is

struct FileHeader {
  std::uint8_t magic[4];
  le16 machine;
  le16 sections;
  le32 time;
  le32 symbols_offset;  // of old object files
  le32 symbols;
  le16 optional_size;  // bytes of the header between this one and the sections
  le16 flags;
};
static_assert(sizeof(FileHeader) == 24);

struct SectionHeader {
  char name[8];
  le32 memory_size;  // bytes; ukify and objcopy: of the data, as it was before padding
  le32 memory_address;
  le32 file_size;    // bytes, padded
  le32 file_offset;  // bytes from the start of the file
  le32 unused[3];
  le32 flags;
};
static_assert(sizeof(SectionHeader) == 40);

template <class T>
Result<T> table_value(Input& in) {
  auto value = read_value<T>(in);
  if (!value && value.error().code == Errc::kTruncated)
    return fail(Errc::kTruncated, "the PE program ends in its section table");
  return value;
}

}  // namespace

Result<std::optional<std::vector<Section>>> read_sections(int descriptor, std::uint64_t file_size) {
  FileInput start(descriptor);
  const Bytes head = TRY(start.peek(kMagicPlace + sizeof(le32)));
  if (head.size() < kMagicPlace + sizeof(le32) || !as_text(head).starts_with(kDosMagic))
    return std::optional<std::vector<Section>>();
  FileInput in(descriptor, copy_out<le32>(head.subspan(kMagicPlace)));
  if (as_text(TRY(in.peek(kMagic.size()))) != kMagic) return std::optional<std::vector<Section>>();

  const auto header = TRY(table_value<FileHeader>(in));
  TRY(in.skip(header.optional_size));
  std::vector<Section> sections;
  for (unsigned i = 0; i < header.sections; ++i) {
    const auto raw = TRY(table_value<SectionHeader>(in));
    const std::string_view name(raw.name, sizeof raw.name);
    const Section section{std::string(name.substr(0, name.find('\0'))), raw.file_offset,
                          std::min<std::uint64_t>(raw.memory_size, raw.file_size)};
    if (section.size != 0 && section.offset + section.size > file_size) {
      return fail(
          Errc::kCorrupt,
          fmt::format("section {} of the PE program reaches beyond the file", quote(section.name)),
          section.offset);
    }
    sections.push_back(section);
  }
  return std::optional(std::move(sections));
}

}  // namespace kip::segments
