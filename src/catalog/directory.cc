#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>

#include "src/catalog/directory.h"

namespace kip::catalog {

Listing list_directory(int directory) {
  Listing listing;
  struct Place {
    std::size_t offset;
    unsigned char type;
  };
  std::vector<Place> places;
  alignas(dirent64) char buffer[32 * 1024];
  for (;;) {
    const ssize_t count = ::getdents64(directory, buffer, sizeof buffer);
    if (count < 0) listing.error = errno;
    if (count <= 0) break;
    for (ssize_t at = 0; at < count;) {
      const auto* const entry = reinterpret_cast<const dirent64*>(buffer + at);
      at += entry->d_reclen;
      const std::size_t length = std::strlen(entry->d_name);
      if (entry->d_name[0] == '.' && (length == 1 || (length == 2 && entry->d_name[1] == '.')))
        continue;
      places.push_back({listing.text.size(), entry->d_type});
      listing.text.insert(listing.text.end(), entry->d_name, entry->d_name + length + 1);
    }
  }
  listing.names.reserve(places.size());
  for (const Place& place : places)
    listing.names.push_back({listing.text.data() + place.offset, place.type});
  std::sort(listing.names.begin(), listing.names.end(),
            [](const Name& a, const Name& b) { return std::strcmp(a.name, b.name) < 0; });
  return listing;
}

}  // namespace kip::catalog
