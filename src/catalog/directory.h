// Listing one directory.
#pragma once

#include <cstdint>
#include <vector>

namespace kip::catalog {

struct Name {
  const char* name = nullptr;
  unsigned char type = 0;  // DT_REG …, or DT_UNKNOWN where the file system does not say
};

/// What is in a directory but "." and "..", by the bytes of the names, whatever order the file
/// system has.
struct Listing {
  std::vector<char> text;  // the names live here
  std::vector<Name> names;
  int error = 0;  // errno: the directory could not be read to its end
};

/// Reads from an open directory, which nobody read from before.
Listing list_directory(int directory);

}  // namespace kip::catalog
