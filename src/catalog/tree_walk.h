// Reading directories, by one thread or several, into a catalogue whose order does not depend on
// how many there were. Behind catalog.h.
#pragma once

#include <atomic>
#include <condition_variable>
#include <fcntl.h>
#include <memory>
#include <mutex>
#include <thread>

#include "src/catalog/directory.h"
#include "src/catalog/file_scan.h"

namespace kip::catalog {

/// O_NONBLOCK: opening a FIFO must not wait for a writer.
inline constexpr int kOpenFlags = O_RDONLY | O_NONBLOCK | O_NOCTTY;

/// Work is cut into directories (to be listed) and blocks of their files (to be read). Every piece
/// of work writes to a place of its own, and the places are joined in the order of the names.
class TreeWalk {
 public:
  TreeWalk(const Root& root, const ScanOptions& options) : root_(root), options_(options) {}

  /// A directory and all below it.
  void tree(const std::string& path, Fd directory, Catalog& catalog);

  /// Of one directory only these files.
  void files(const std::string& path, Fd directory, std::vector<Name> names, Catalog& catalog);

 private:
  struct Directory;
  struct Work {
    Directory* directory;
    std::size_t block;             // or kListing
    std::shared_ptr<const Fd> in;  // open: the directory itself, or for kListing the one above it
  };
  static constexpr std::size_t kListing = static_cast<std::size_t>(-1);

  void run();
  void work(bool calling_thread);
  void list(Directory& directory, const std::shared_ptr<const Fd>& above);
  void read_below(Directory& directory, Fd open);
  void cut_into_blocks(Directory& directory, const std::shared_ptr<const Fd>& open);
  void read_block(const Work& work, FileScan& scan);
  void read_name(const Work& work, const Name& name, FileScan& scan);
  void push(Directory& directory, std::size_t block, std::shared_ptr<const Fd> in);

  const Root& root_;
  const ScanOptions& options_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Work> waiting_;   // the last is taken first: few directories are open at a time
  std::size_t unfinished_ = 0;  // waiting or being done
  std::atomic<std::uint64_t> files_done_ = 0;
  std::vector<std::thread> helpers_;
};

}  // namespace kip::catalog
