#include <cerrno>
#include <map>
#include <sys/stat.h>
#include <tuple>

#include "src/catalog/catalog.h"
#include "src/catalog/tree_walk.h"

namespace kip::catalog {
namespace {

// The kernel tries a plain file first, then .zst, then .xz; .gz it does not know.
int rank_of_suffix(std::string_view name) {
  const auto method = codec::method_of_suffix(name);
  if (!method) return 0;
  return *method == codec::Method::kZstd ? 1 : *method == codec::Method::kXz ? 2 : 3;
}

// A directory of the search path that is there and cannot be opened may hold what is wanted.
void unreadable(const std::string& path, ucode::Vendor vendor, const Error& error,
                Catalog& catalog) {
  catalog.findings.push_back(
      {Severity::kWarning, "file-unreadable", path, std::nullopt, error.what, ""});
  Claim claim;
  claim.by_name = true;
  claim.vendor = vendor;
  catalog.unread.push_back({path, claim});
}

}  // namespace

Status Scanner::add(const std::string& path) {
  auto file = TRY(root_.open(path, kOpenFlags));
  struct stat status;
  if (::fstat(file.get(), &status) != 0) return fail_errno("cannot look at it");
  if (S_ISDIR(status.st_mode)) {
    std::string trimmed = path;
    while (!trimmed.empty() && trimmed.ends_with('/')) trimmed.pop_back();
    TreeWalk(root_, options_).tree(trimmed, std::move(file), catalog_);
    return {};
  }
  if (!S_ISREG(status.st_mode))
    return fail(Errc::kInvalid, "neither a regular file nor a directory");
  FileScan(options_).scan({nullptr, path.c_str()}, file.get(), /*expected=*/true, catalog_);
  return {};
}

void Scanner::add_search_path(const std::vector<std::string>& directories) {
  for (const ucode::Vendor vendor : {ucode::Vendor::kIntel, ucode::Vendor::kAmd}) {
    const std::string below = vendor == ucode::Vendor::kIntel ? "/intel-ucode" : "/amd-ucode";
    // Name without suffix -> (rank of the suffix, directory, index in it): the smallest wins.
    std::map<std::string_view, std::tuple<int, std::size_t, std::size_t>> winners;
    std::vector<Fd> opened(directories.size());
    std::vector<Listing> listings(directories.size());
    for (std::size_t i = 0; i < directories.size(); ++i) {
      auto directory = root_.open(directories[i] + below, kOpenFlags | O_DIRECTORY);
      if (!directory) {
        const int number = directory.error().system_errno;
        if (number != ENOENT && number != ENOTDIR)
          unreadable(directories[i] + below, vendor, directory.error(), catalog_);
        continue;
      }
      opened[i] = std::move(*directory);
      listings[i] = list_directory(opened[i].get());
      for (std::size_t n = 0; n < listings[i].names.size(); ++n) {
        const std::string_view name = listings[i].names[n].name;
        const std::tuple candidate(rank_of_suffix(name), i, n);
        const auto [known, is_new] = winners.emplace(without_suffix(name), candidate);
        if (!is_new && candidate < known->second) known->second = candidate;
      }
    }
    for (std::size_t i = 0; i < directories.size(); ++i) {
      if (!opened[i]) continue;
      std::vector<Name> names;
      for (const auto& [stem, winner] : winners) {
        if (std::get<1>(winner) == i) names.push_back(listings[i].names[std::get<2>(winner)]);
      }
      TreeWalk(root_, options_)
          .files(directories[i] + below, std::move(opened[i]), std::move(names), catalog_);
    }
  }
}

std::vector<std::string> firmware_search_path(const std::string& custom,
                                              const std::string& kernel_release) {
  std::vector<std::string> path;
  if (!custom.empty()) path.push_back(custom);
  if (!kernel_release.empty()) path.push_back("/lib/firmware/updates/" + kernel_release);
  path.push_back("/lib/firmware/updates");
  if (!kernel_release.empty()) path.push_back("/lib/firmware/" + kernel_release);
  path.push_back("/lib/firmware");
  return path;
}

}  // namespace kip::catalog
