// The texts of boot entries: what they say, before anybody looks whether it is there.
#include <algorithm>

#include "src/boot/entries.h"

namespace kip::boot {
namespace {

constexpr std::string_view kBlank = " \t\r";

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

// The next word off a line, quotes taken away; GRUB's words are like a shell's. Empty at the end, or at a comment.
std::string take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
  std::string word;
  if (line.starts_with('#')) line = {};
  char quote = '\0';
  while (!line.empty() && (quote != '\0' || kBlank.find(line[0]) == kBlank.npos)) {
    const char c = line[0];
    line.remove_prefix(1);
    if (quote == '\0' ? c == '\'' || c == '"' : c == quote) {
      quote = quote == '\0' ? c : '\0';
    } else if (c == '\\' && quote != '\'' && !line.empty()) {
      word += line[0];
      line.remove_prefix(1);
    } else {
      word += c;
    }
  }
  return word;
}

// A path without the device in front of it, "(hd0,gpt2)" or "$root"; empty: only the loader knows.
std::string path_in(const std::string& word) {
  const std::size_t slash = word.find('/');
  if (slash == word.npos || word.find('$', slash) != word.npos) return {};
  const bool device = word[0] == '(' || word[0] == '$';
  return device ? word.substr(slash) : word;
}

void add_initrds(std::string_view rest, EntryText& entry) {
  for (std::string word = take_word(rest); !word.empty(); word = take_word(rest)) {
    if (word.starts_with("--")) continue;
    std::string path = path_in(word);
    if (path.empty())
      entry.more = true;
    else
      entry.initrds.push_back(std::move(path));
  }
}

// "linux", "linux16", "linuxefi".
bool is_command(std::string_view word, std::string_view name) {
  return word.starts_with(name) &&
         (word.size() == name.size() || word.substr(name.size()) == "16" ||
          word.substr(name.size()) == "efi");
}

// "### BEGIN /etc/grub.d/10_linux ###": those of grub-mkconfig that are this system's own.
class Section {
 public:
  // Whether it is such a line.
  bool take(std::string_view line) {
    constexpr std::string_view kBegin = "### BEGIN ", kEnd = "### END ";
    if (line.starts_with(kEnd)) foreign_ = false;
    if (!line.starts_with(kBegin)) return line.starts_with(kEnd);
    const std::string_view script = line.substr(line.rfind('/') + 1);
    foreign_ = !script.starts_with("10_") && !script.starts_with("20_");
    return true;
  }
  bool foreign() const { return foreign_; }

 private:
  bool foreign_ = false;
};

}  // namespace

EntryText parse_type1(std::string_view text) {
  EntryText entry;
  while (!text.empty()) {
    std::string_view line = take_line(text);
    const std::string key = take_word(line);
    line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
    const std::string_view value = line.substr(0, line.find_last_not_of(kBlank) + 1);
    if (key == "title") entry.title = value;
    if (key == "version") entry.version = value;
    if (key == "linux" || key == "uki") entry.kernel = value;
    if (key == "initrd") add_initrds(value, entry);
  }
  return entry;
}

std::vector<EntryText> parse_grub(std::string_view text) {
  std::vector<EntryText> entries;
  Section section;
  bool open = false;
  for (std::uint32_t number = 1; !text.empty() && entries.size() < kGrubEntryLimit; ++number) {
    std::string_view line = take_line(text);
    if (section.take(line)) continue;
    const std::string word = take_word(line);
    if (word == "}") open = false;
    if (word == "menuentry") {
      open = true;
      EntryText& entry = entries.emplace_back();
      entry.line = number;
      entry.title = take_word(line);
      entry.foreign = section.foreign();
    }
    if (!open) continue;
    if (is_command(word, "linux")) entries.back().kernel = path_in(take_word(line));
    if (is_command(word, "initrd")) {  // a second command takes the place of the first
      entries.back().initrds.clear();
      add_initrds(line, entries.back());
    }
  }
  return entries;
}

std::string release_in(std::string_view kernel) {
  const std::size_t slash = kernel.rfind('/');
  const std::string_view name = kernel.substr(slash == kernel.npos ? 0 : slash + 1);
  for (const std::string_view prefix : {"vmlinuz-", "kernel-", "linux-", "bzImage-", "vmlinux-"}) {
    if (name.starts_with(prefix)) return std::string(name.substr(prefix.size()));
  }
  if (slash == kernel.npos || (name != "linux" && name != "vmlinuz")) return {};
  const std::string_view directory = kernel.substr(0, slash);
  const std::string_view last = directory.substr(directory.rfind('/') + 1);
  return last.find('.') == last.npos ? std::string() : std::string(last);
}

bool names_a_spare(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower.find("rescue") != lower.npos || lower.find("fallback") != lower.npos;
}

}  // namespace kip::boot
