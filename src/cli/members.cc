#include <algorithm>
#include <ctime>
#include <fmt/format.h>

#include "src/cli/members.h"

namespace kip::cli {
namespace {

struct Kind {
  std::uint32_t type;
  char letter;
  const char* name;
};

constexpr Kind kKinds[] = {
    {cpio::kModeRegular, '-', "file"},       {cpio::kModeDirectory, 'd', "directory"},
    {cpio::kModeSymlink, 'l', "symlink"},    {cpio::kModeCharacter, 'c', "character device"},
    {cpio::kModeBlock, 'b', "block device"}, {cpio::kModeFifo, 'p', "fifo"},
    {cpio::kModeSocket, 's', "socket"}};
constexpr Kind kUnknown = {0, '?', "unknown"};

const Kind& kind_of(std::uint32_t mode) {
  const auto found = std::find_if(std::begin(kKinds), std::end(kKinds), [&](const Kind& kind) {
    return kind.type == (mode & cpio::kModeTypeMask);
  });
  return found == std::end(kKinds) ? kUnknown : *found;
}

}  // namespace

std::string shown_name(std::string_view name, bool quoted) {
  if (!quoted) return std::string(name);
  std::string in_quotes = quote(name);
  const bool plain = in_quotes.find("\\x") == std::string::npos;
  return plain ? std::string(name) : in_quotes;
}

const char* type_name(std::uint32_t mode) {
  return kind_of(mode).name;
}

std::string mode_text(std::uint32_t mode) {
  std::string text = "?rwxrwxrwx";
  text[0] = kind_of(mode).letter;
  for (unsigned bit = 0; bit < 9; ++bit) {
    if ((mode >> bit & 1) == 0) text[9 - bit] = '-';
  }
  const auto special = [&](std::uint32_t bit, std::size_t at, char letter) {
    if ((mode & bit) == 0) return;
    const bool runs = text[at] == 'x';
    text[at] = static_cast<char>(runs ? letter : letter - 'a' + 'A');
  };
  special(04000, 3, 's');
  special(02000, 6, 's');
  special(01000, 9, 't');
  return text;
}

std::string time_text(std::uint32_t seconds) {
  const std::time_t time = seconds;
  std::tm utc{};
  ::gmtime_r(&time, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", utc.tm_year + 1900, utc.tm_mon + 1,
                     utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

std::string long_line(const image::Row& row, bool quoted) {
  const cpio::Member& it = row.member;
  const std::string size = it.is_device()
                               ? fmt::format("{}, {}", it.special_major, it.special_minor)
                               : fmt::format("{}", it.size);
  std::string line =
      fmt::format("{:>2} {} {:>3} {:>5} {:>5} {:>9} {} {}", row.segment, mode_text(it.mode),
                  it.links, it.uid, it.gid, size, time_text(it.mtime), shown_name(it.name, quoted));
  if (it.is_symlink()) line += " -> " + shown_name(row.target, quoted);
  return line + "\n";
}

}  // namespace kip::cli
