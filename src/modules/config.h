// Configuration of kmod's programs, modprobe.d and depmod.d: lines of words, from the files that count.
//
// Files are *.conf, but hidden ones, of several directories, in order of their names; of one name, the first directory's. A
// backslash at a line's end joins it with the next one; '#' at its beginning makes it a comment. Sources: modprobe.d(5),
// depmod.d(5); libkmod/libkmod-config.c. Read by ourselves, so that it is the root's and not the host's, and without
// what the running kernel's command line adds.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "src/base/file.h"
#include "src/base/finding.h"

namespace kip::modules {

/// Largest file, and most files of all directories.
inline constexpr std::uint64_t kConfigLimit = 1 << 20;
inline constexpr std::size_t kConfigFilesLimit = 10'000;

/// Where the programs look; /lib last, for systems where it is not /usr/lib.
inline constexpr const char* kModprobeDirectories[] = {"/etc/modprobe.d", "/run/modprobe.d",
                                                       "/usr/local/lib/modprobe.d",
                                                       "/usr/lib/modprobe.d", "/lib/modprobe.d"};
inline constexpr const char* kDepmodDirectories[] = {"/etc/depmod.d", "/run/depmod.d",
                                                     "/usr/local/lib/depmod.d", "/usr/lib/depmod.d",
                                                     "/lib/depmod.d"};

struct Config {
  std::vector<std::vector<std::string>> lines;  // as words; none is empty
  std::vector<Finding> findings;  // rule "kmod-config", place a file that cannot be read
};

/// Directories that are missing are empty.
Config read_config(const Root& root, std::span<const char* const> directories);

/// Pure: the lines of one text.
std::vector<std::vector<std::string>> parse_config(std::string_view text);

struct Softdeps {
  std::vector<std::string> pre, post;
};

/// Of "pre: a b post: c".
Softdeps split_softdeps(std::span<const std::string> words);

/// At blanks and tabs.
std::vector<std::string> words_of(std::string_view text);

}  // namespace kip::modules
