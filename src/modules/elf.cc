#include "src/modules/elf.h"

namespace kip::modules {
namespace {

/// Where the fields are that we read, by word size.
struct Layout {
  std::uint8_t word;  // bytes of an offset or a size
  std::uint8_t header_size, sections, section_size, section_count, names_section;
  std::uint8_t entry_size, entry_offset, entry_bytes;  // of a section header; its name is at 0
};
constexpr Layout k32 = {4, 52, 32, 46, 48, 50, 40, 16, 20};
constexpr Layout k64 = {8, 64, 40, 58, 60, 62, 64, 24, 32};

constexpr std::size_t kIdent = 16;  // bytes in front of the fields
constexpr std::string_view kMagic =
    "\x7f"
    "ELF";

struct Section {
  std::uint64_t name = 0, offset = 0, size = 0;
};

class Elf {
 public:
  static Result<Elf> of(Bytes file) {
    if (file.size() < kIdent) return fail(Errc::kTruncated, "ends early", 0);
    if (!as_text(file).starts_with(kMagic)) return fail(Errc::kUnsupported, "is no ELF file");
    const std::uint8_t word = file[4], order = file[5];
    if (word < 1 || word > 2 || order < 1 || order > 2)
      return fail(Errc::kUnsupported, "is an ELF file of an unknown kind");
    const Layout& layout = word == 1 ? k32 : k64;
    // Behind its header, a file of nothing else is none to libkmod.
    if (file.size() <= layout.header_size) return fail(Errc::kTruncated, "ends early", 0);
    Elf elf(file, layout, order == 2);
    elf.headers_ = elf.number(layout.sections, layout.word);
    elf.count_ = elf.number(layout.section_count, 2);
    if (elf.headers_ == 0 || elf.number(layout.section_size, 2) != layout.entry_size)
      return fail(Errc::kCorrupt, "has no section headers that can be read");
    // Of more than 65279 the number is elsewhere, and libkmod does not look there.
    if (elf.count_ == 0) return fail(Errc::kUnsupported, "has more sections than are read");
    if (!elf.holds(elf.headers_, elf.count_ * layout.entry_size))
      return fail(Errc::kTruncated, "section headers lie beyond the module's end", elf.headers_);
    const std::uint64_t names = elf.number(layout.names_section, 2);
    if (names == 0 || names >= elf.count_) return fail(Errc::kCorrupt, "has no names of sections");
    elf.names_ = TRY(elf.text_of(elf.section(names)));
    return elf;
  }

  std::uint64_t count() const { return count_; }

  /// REQUIRES: index < count().
  Section section(std::uint64_t index) const {
    const std::uint64_t at = headers_ + index * layout_.entry_size;
    return {number(at, 4), number(at + layout_.entry_offset, layout_.word),
            number(at + layout_.entry_bytes, layout_.word)};
  }

  std::string_view name_of(const Section& section) const {
    if (section.name >= names_.size()) return {};
    const std::string_view rest = names_.substr(static_cast<std::size_t>(section.name));
    return rest.substr(0, rest.find('\0'));
  }

  bool holds(std::uint64_t offset, std::uint64_t size) const {
    return offset <= file_.size() && size <= file_.size() - offset;
  }

 private:
  Elf(Bytes file, const Layout& layout, bool big) : file_(file), layout_(layout), big_(big) {}

  // REQUIRES: holds(at, size).
  std::uint64_t number(std::uint64_t at, unsigned size) const {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < size; ++i)
      value = value << 8 | file_[static_cast<std::size_t>(at) + (big_ ? i : size - 1 - i)];
    return value;
  }

  Result<std::string_view> text_of(const Section& section) const {
    if (!holds(section.offset, section.size))
      return fail(Errc::kTruncated, "the names of sections lie beyond the module's end",
                  section.offset);
    const std::string_view text = as_text(file_).substr(static_cast<std::size_t>(section.offset),
                                                        static_cast<std::size_t>(section.size));
    if (text.empty() || text.back() != '\0')
      return fail(Errc::kCorrupt, "the names of sections have no end", section.offset);
    return text;
  }

  Bytes file_;
  Layout layout_;
  bool big_;
  std::uint64_t headers_ = 0, count_ = 0;
  std::string_view names_;
};

}  // namespace

Status check_elf(Bytes file) {
  const Elf elf = TRY(Elf::of(file));
  bool found = false;
  for (std::uint64_t i = 1; i < elf.count(); ++i) {
    const Section section = elf.section(i);
    if (elf.name_of(section) != ".modinfo") continue;
    if (!elf.holds(section.offset, section.size))
      return fail(Errc::kTruncated, "its .modinfo lies beyond the module's end", section.offset);
    if (section.size == 0) return fail(Errc::kCorrupt, "its .modinfo is empty");
    if (section.size > kInfoLimit) return fail(Errc::kLimit, "says too much of itself");
    found = true;
  }
  if (!found) return fail(Errc::kCorrupt, "has no section .modinfo");
  return {};
}

}  // namespace kip::modules
