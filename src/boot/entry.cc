#include <algorithm>
#include <fcntl.h>
#include <sys/stat.h>

#include "src/boot/entry.h"
#include "src/segments/pe.h"

namespace kip::boot {
namespace {

constexpr std::string_view kBlank = " \t\r";

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
  return text.substr(0, text.find_last_not_of(kBlank) + 1);
}

bool are_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "+3", "+3-1".
bool is_count(std::string_view text) {
  if (!text.starts_with('+')) return false;
  text.remove_prefix(1);
  const std::size_t dash = text.find('-');
  return are_digits(text.substr(0, dash)) &&
         (dash == text.npos || are_digits(text.substr(dash + 1)));
}

Result<std::string> read_bounded(int descriptor, std::uint64_t offset, std::uint64_t size) {
  FileInput file(descriptor, offset);
  SliceInput in(file, size);
  const auto bytes = TRY(read_rest(in, kEntryLimit));
  return std::string(as_text(bytes));
}

// The section .cmdline, without what pads it.
Result<std::optional<std::string>> unified_options(int descriptor, std::uint64_t size) {
  const auto sections = TRY(segments::read_sections(descriptor, size));
  if (!sections) return std::optional<std::string>();
  for (const segments::Section& section : *sections) {
    if (section.name != ".cmdline") continue;
    std::string text = TRY(read_bounded(descriptor, section.offset, section.size));
    text.resize(std::min(text.find('\0'), text.size()));
    while (!text.empty() && (text.back() == '\n' || kBlank.find(text.back()) != kBlank.npos))
      text.pop_back();
    return std::optional(std::move(text));
  }
  return std::optional<std::string>();
}

Result<std::optional<std::string>> read_options(const Root& root, const std::string& path,
                                                bool unified) {
  const Fd file = TRY(root.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  struct stat status;
  if (::fstat(file.get(), &status) != 0) return fail_errno("fstat");
  if (!S_ISREG(status.st_mode)) return fail(Errc::kInvalid, "is not a regular file");
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (unified) return unified_options(file.get(), size);
  return options_of(TRY(read_bounded(file.get(), 0, size)));
}

}  // namespace

std::optional<std::string> options_of(std::string_view entry) {
  std::optional<std::string> options;
  while (!entry.empty()) {
    const std::size_t end = std::min(entry.find('\n'), entry.size());
    const std::string_view line = trimmed(entry.substr(0, end));
    entry.remove_prefix(std::min(end + 1, entry.size()));
    const std::size_t blank = std::min(line.find_first_of(kBlank), line.size());
    if (line.substr(0, blank) != "options") continue;
    const std::string_view value = trimmed(line.substr(blank));
    if (options && !value.empty()) options->append(" ");
    options = options.value_or("") + std::string(value);
  }
  return options;
}

std::string without_count(std::string_view path) {
  const std::size_t plus = path.rfind('+');
  const std::size_t slash = path.rfind('/');
  const std::size_t dot = path.rfind('.');
  const bool in_name =
      plus != path.npos && dot != path.npos && plus < dot && (slash == path.npos || slash < plus);
  if (!in_name || !is_count(path.substr(plus, dot - plus))) return std::string(path);
  return std::string(path.substr(0, plus)) + std::string(path.substr(dot));
}

Result<std::optional<std::string>> find_counted(const Root& root, const std::string& directory,
                                                const std::string& name,
                                                const std::string& suffix) {
  std::optional<std::string> found;
  for (const std::string& candidate : TRY(list_directory(root, directory))) {
    if (candidate != name + suffix && without_count(candidate) != name + suffix) continue;
    if (!found || candidate == name + suffix) found = candidate;
  }
  if (found) found = directory + "/" + *found;
  return found;
}

Result<std::optional<Entry>> find_entry(const Root& root, const std::string& boot_root,
                                        const std::string& layout, const std::string& name) {
  const bool unified = layout == "uki";
  if (!unified && layout != "bls") return std::optional<Entry>();
  const std::string directory = boot_root + (unified ? "/EFI/Linux" : "/loader/entries");
  const auto file = TRY(find_counted(root, directory, name, unified ? ".efi" : ".conf"));
  if (!file) return std::optional<Entry>();
  Entry entry{*file, {}};
  if (auto options = read_options(root, *file, unified)) entry.options = std::move(*options);
  return std::optional(std::move(entry));
}

}  // namespace kip::boot
