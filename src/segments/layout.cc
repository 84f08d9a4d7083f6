#include <algorithm>
#include <sys/stat.h>

#include "src/base/file.h"
#include "src/segments/layout.h"
#include "src/segments/pieces.h"

namespace kip::segments {
namespace {

/// What the stub pads each part to.
constexpr std::uint64_t kPadding = 4;

/// Longer than any kernel's release; the section is at times followed by padding.
constexpr std::uint64_t kReleaseLimit = 256;

// The first of a name counts. A UKI of several profiles has the further ones behind sections called
// .profile: the stub takes them for other entries of the boot menu, we look at what all have in common.
const Section* find(const std::vector<Section>& sections, std::string_view name) {
  const auto found = std::find_if(sections.begin(), sections.end(), [&](const Section& section) {
    return section.name == name && section.size != 0;
  });
  return found == sections.end() ? nullptr : &*found;
}

bool is_release(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return c > ' ' && c < 0x7f && c != '/'; });
}

Result<std::optional<std::string>> read_release(int descriptor, const Section& section) {
  if (section.size > kReleaseLimit) return std::optional<std::string>();
  FileInput in(descriptor, section.offset);
  std::vector<std::uint8_t> bytes(section.size);
  if (TRY(in.read(bytes)) < bytes.size()) return std::optional<std::string>();
  std::string_view text = as_text(bytes);
  text = text.substr(0, text.find('\0'));
  constexpr std::string_view kBlank = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
  text = text.substr(0, text.find_last_not_of(kBlank) + 1);
  return is_release(text) ? std::optional(std::string(text)) : std::nullopt;
}

// Every x86 and arm64 kernel with an EFI stub is a PE program itself.
Result<bool> is_kernel(int descriptor) {
  constexpr std::uint64_t kX86Place = 0x202, kArmPlace = 0x38;  // Linux boot protocols
  FileInput x86(descriptor, kX86Place), arm(descriptor, kArmPlace);
  return as_text(TRY(x86.peek(4))) == "HdrS" || as_text(TRY(arm.peek(4))) == "ARM\x64";
}

Result<Layout> unified_layout(int descriptor, std::vector<Section> sections) {
  Layout layout;
  layout.unified = true;
  for (const char* const name : {".ucode", ".initrd"}) {
    const Section* const section = find(sections, name);
    if (section == nullptr) continue;
    layout.initrds.push_back(*section);
    layout.size += cpio::align_up(section->size, kPadding);
  }
  if (layout.initrds.empty()) {
    return fail(Errc::kUnsupported, find(sections, ".linux") != nullptr
                                        ? "is a unified kernel image without an initrd in it"
                                    : TRY(is_kernel(descriptor))
                                        ? "is a kernel without an initrd in it"
                                        : "is an EFI program without an initrd in it");
  }
  if (const Section* const uname = find(sections, ".uname"))
    layout.uname = TRY(read_release(descriptor, *uname));
  layout.sections = std::move(sections);
  std::stable_sort(layout.sections.begin(), layout.sections.end(),
                   [](const Section& a, const Section& b) { return a.offset < b.offset; });
  return layout;
}

}  // namespace

Source Layout::source(int descriptor) const {
  std::vector<Piece> pieces;
  for (const Section& section : initrds) pieces.push_back({section.offset, section.size});
  return join_pieces(descriptor, std::move(pieces), unified ? kPadding : 1);
}

Place Layout::place(std::uint64_t offset) const {
  for (const Section& section : initrds) {
    const std::uint64_t padded = unified ? cpio::align_up(section.size, kPadding) : section.size;
    if (offset < padded || &section == &initrds.back())
      return {section.name, section.offset + std::min(offset, section.size)};
    offset -= padded;
  }
  return {"", offset};
}

Result<Layout> read_layout(int descriptor) {
  struct stat status;
  if (::fstat(descriptor, &status) != 0) return fail_errno("cannot be looked at");
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (auto sections = TRY(read_sections(descriptor, size)))
    return unified_layout(descriptor, std::move(*sections));
  Layout layout;
  layout.initrds.push_back({"", 0, size});
  layout.size = size;
  return layout;
}

}  // namespace kip::segments
