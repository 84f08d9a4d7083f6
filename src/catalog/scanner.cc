#include <algorithm>
#include <atomic>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <map>
#include <sys/stat.h>
#include <thread>

#include "src/catalog/catalog.h"
#include "src/catalog/file_scan.h"

namespace kip::catalog {
namespace {

/// Deeper than any firmware tree; a guard against trees made to be deep.
constexpr unsigned kLevelLimit = 64;

/// O_NONBLOCK: opening a FIFO must not wait for a writer.
constexpr int kOpenFlags = O_RDONLY | O_NONBLOCK | O_NOCTTY;

struct Name {
  std::string name;
  unsigned char type = DT_UNKNOWN;
};

struct Listing {
  std::vector<Name> names;
  int error = 0;
};

// Everything in a directory, by the bytes of its names.
Listing list_directory(int directory) {
  Listing listing;
  const int copy = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* const stream = copy < 0 ? nullptr : ::fdopendir(copy);
  if (stream == nullptr) {
    listing.error = errno;
    return listing;
  }
  errno = 0;
  while (const dirent* const entry = ::readdir(stream)) {
    if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0) {
      listing.names.push_back({entry->d_name, entry->d_type});
    }
    errno = 0;
  }
  listing.error = errno;
  ::closedir(stream);
  std::sort(listing.names.begin(), listing.names.end(),
            [](const Name& a, const Name& b) { return a.name < b.name; });
  return listing;
}

Finding about(const std::string& path, const char* rule, std::string text) {
  return {Severity::kWarning, rule, path, std::nullopt, std::move(text), ""};
}

struct Outcome {
  FileContents contents;
  Fd directory;  // what turned out to be a directory, to be entered later
  bool counted = false;
};

// Opens one name and, if it is a regular file, reads it. Anything that cannot be read is a finding.
Outcome visit(const Root& root, int directory, const std::string& path, const Name& name,
              FileScan& scan) {
  Outcome outcome;
  const std::string full = path + "/" + name.name;
  const auto skip = [&](const char* rule, std::string text) {
    outcome.contents.findings.push_back(about(full, rule, std::move(text) + ", skipping"));
  };
  if (name.type == DT_FIFO || name.type == DT_SOCK || name.type == DT_CHR || name.type == DT_BLK) {
    skip("file-kind", "not a regular file");
    return outcome;
  }
  auto file = root.open_in(directory, path, name.name.c_str(), kOpenFlags);
  if (!file) {
    const int number = file.error().system_errno;
    if (name.type == DT_LNK && number == ENOENT) {
      skip("file-dangling", "dangling symbolic link");
    } else {
      skip(number == ENXIO ? "file-kind" : "file-unreadable", file.error().what);
    }
    return outcome;
  }
  if (name.type != DT_REG) {
    struct stat status;
    if (::fstat(file->get(), &status) != 0) {
      skip("file-unreadable", std::strerror(errno));
      return outcome;
    }
    if (S_ISDIR(status.st_mode)) {
      outcome.directory = std::move(*file);
      return outcome;
    }
    if (!S_ISREG(status.st_mode)) {
      skip("file-kind", "not a regular file");
      return outcome;
    }
  }
  outcome.counted = true;
  outcome.contents = scan.scan(full, file->get(), name_says_microcode(name.name));
  return outcome;
}

void append(Catalog& catalog, FileContents&& contents) {
  const std::size_t base = catalog.streams.size();
  for (Entry& entry : contents.entries) entry.stream += base;
  const auto move_all = [](auto& from, auto& to) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  };
  move_all(contents.streams, catalog.streams);
  move_all(contents.entries, catalog.entries);
  move_all(contents.findings, catalog.findings);
}

/// Fewer files than this are not worth a thread.
constexpr std::size_t kFilesPerThread = 48;

// Visits the names in parallel; outcomes are in the order of names.
std::vector<Outcome> visit_all(const Root& root, int directory, const std::string& path,
                               const std::vector<Name>& names, const ScanOptions& options,
                               std::uint64_t files_before) {
  std::vector<Outcome> outcomes(names.size());
  std::atomic<std::size_t> next = 0;
  const auto work = [&](bool main_thread) {
    codec::Decoders decoders;
    FileScan scan(options, decoders);
    for (std::size_t i = next++; i < names.size(); i = next++) {
      outcomes[i] = visit(root, directory, path, names[i], scan);
      if (main_thread && options.progress != nullptr && i % 16 == 0)
        options.progress(files_before + i);
    }
  };
  const std::size_t wanted = std::min<std::size_t>(options.threads, names.size() / kFilesPerThread);
  std::vector<std::thread> helpers;
  for (std::size_t i = 1; i < wanted; ++i) helpers.emplace_back(work, /*main_thread=*/false);
  work(/*main_thread=*/true);
  for (std::thread& helper : helpers) helper.join();
  return outcomes;
}

}  // namespace

Status Scanner::add(const std::string& path) {
  auto file = TRY(root_.open(path, kOpenFlags));
  struct stat status;
  if (::fstat(file.get(), &status) != 0) return fail_errno("cannot look at it");
  if (S_ISDIR(status.st_mode)) {
    std::string trimmed = path;
    while (trimmed.size() > 1 && trimmed.ends_with('/')) trimmed.pop_back();
    return add_directory(trimmed == "/" ? "" : trimmed, std::move(file), 0);
  }
  if (!S_ISREG(status.st_mode))
    return fail(Errc::kInvalid, "neither a regular file nor a directory");
  codec::Decoders decoders;
  ++catalog_.files;
  append(catalog_, FileScan(options_, decoders).scan(path, file.get(), /*expected=*/true));
  return {};
}

Status Scanner::add_directory(const std::string& path, Fd directory, unsigned level) {
  struct stat status;
  if (::fstat(directory.get(), &status) != 0) return fail_errno("cannot look at it");
  const std::pair<std::uint64_t, std::uint64_t> identity(status.st_dev, status.st_ino);
  if (std::find(open_directories_.begin(), open_directories_.end(), identity) !=
      open_directories_.end()) {
    catalog_.findings.push_back(
        about(path, "file-loop", "leads back to a directory above it, skipping"));
    return {};
  }
  if (level >= kLevelLimit) {
    catalog_.findings.push_back(
        about(path, "file-depth", "too many directories inside each other, skipping"));
    return {};
  }
  const Listing listing = list_directory(directory.get());
  if (listing.error != 0) {
    catalog_.findings.push_back(
        about(path, "file-unreadable", std::string(std::strerror(listing.error)) + ", skipping"));
  }
  open_directories_.push_back(identity);
  std::vector<Name> files, directories;
  for (const Name& name : listing.names)
    (name.type == DT_DIR ? directories : files).push_back(name);
  auto outcomes = visit_all(root_, directory.get(), path, files, options_, catalog_.files);
  std::map<std::string, Fd>
      inside;  // sub-directories, by name; those behind links are open already
  for (std::size_t i = 0; i < files.size(); ++i) {
    catalog_.files += outcomes[i].counted ? 1 : 0;
    append(catalog_, std::move(outcomes[i].contents));
    if (outcomes[i].directory) inside.emplace(files[i].name, std::move(outcomes[i].directory));
  }
  outcomes.clear();
  for (const Name& name : directories) inside.emplace(name.name, Fd());
  for (auto& [name, descriptor] : inside) {
    const std::string full = path + "/" + name;
    if (!descriptor) {
      auto opened = root_.open_in(directory.get(), path, name.c_str(), kOpenFlags | O_DIRECTORY);
      if (!opened) {
        catalog_.findings.push_back(
            about(full, "file-unreadable", opened.error().what + ", skipping"));
        continue;
      }
      descriptor = std::move(*opened);
    }
    TRY(add_directory(full, std::move(descriptor), level + 1));
  }
  open_directories_.pop_back();
  return {};
}

Status Scanner::add_search_path(const std::vector<std::string>& directories) {
  for (const char* const vendor : {"intel-ucode", "amd-ucode"}) {
    // Name without suffix -> (rank of the suffix, rank of the directory, name): the smallest wins.
    std::map<std::string, std::tuple<int, std::size_t, std::string>> winners;
    std::vector<Fd> opened(directories.size());
    for (std::size_t i = 0; i < directories.size(); ++i) {
      auto directory = root_.open(directories[i] + "/" + vendor, kOpenFlags | O_DIRECTORY);
      if (!directory) continue;
      opened[i] = std::move(*directory);
      for (const Name& name : list_directory(opened[i].get()).names) {
        const auto method = codec::method_of_suffix(name.name);
        const int rank = !method                           ? 0
                         : *method == codec::Method::kZstd ? 1
                         : *method == codec::Method::kXz   ? 2
                                                           : 3;
        const std::tuple candidate(rank, i, name.name);
        const auto [known, is_new] = winners.emplace(without_suffix(name.name), candidate);
        if (!is_new && candidate < known->second) known->second = candidate;
      }
    }
    for (std::size_t i = 0; i < directories.size(); ++i) {
      std::vector<Name> names;
      for (const auto& [stem, winner] : winners) {
        if (std::get<1>(winner) == i) names.push_back({std::get<2>(winner), DT_UNKNOWN});
      }
      const std::string path = directories[i] + "/" + vendor;
      for (Outcome& outcome :
           visit_all(root_, opened[i].get(), path, names, options_, catalog_.files)) {
        catalog_.files += outcome.counted ? 1 : 0;
        append(catalog_, std::move(outcome.contents));
      }
    }
  }
  return {};
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
