#include <algorithm>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <iterator>
#include <pthread.h>
#include <sched.h>
#include <sys/stat.h>

#include "src/catalog/tree_walk.h"

namespace kip::catalog {
namespace {

/// Deeper than any firmware tree; a guard against trees made to be deep.
constexpr unsigned kLevelLimit = 64;

/// Files a block: fewer are not worth a thread.
constexpr std::size_t kBlock = 48;

void add_about(Contents& contents, std::string path, const char* rule, std::string text) {
  contents.findings.push_back({Severity::kWarning, rule, std::move(path), std::nullopt,
                               std::move(text) + ", skipping", ""});
}

void append(Contents&& from, Catalog& to) {
  for (Entry& entry : from.entries) entry.stream += to.streams.size();
  const auto move_all = [](auto& source, auto& target) {
    if (target.empty()) {
      target = std::move(source);
    } else {
      target.insert(target.end(), std::make_move_iterator(source.begin()),
                    std::make_move_iterator(source.end()));
    }
  };
  move_all(from.streams, to.streams);
  move_all(from.entries, to.entries);
  move_all(from.findings, to.findings);
  move_all(from.unread, to.unread);
  to.files += from.files;
}

// A new thread may wait beside its creator for the scheduler's next tick, which is longer than most
// trees take. Best effort: where it may run on other CPUs, it does.
void move_away(std::thread& helper) {
  cpu_set_t others;
  if (::sched_getaffinity(0, sizeof others, &others) != 0) return;
  CPU_CLR(static_cast<unsigned>(::sched_getcpu()), &others);
  if (CPU_COUNT(&others) != 0)
    (void)::pthread_setaffinity_np(helper.native_handle(), sizeof others, &others);
}

bool is_special(unsigned char type) {
  return type == DT_FIFO || type == DT_SOCK || type == DT_CHR || type == DT_BLK;
}

}  // namespace

struct TreeWalk::Directory {
  Directory* above = nullptr;
  std::string name;
  std::string path;
  std::pair<std::uint64_t, std::uint64_t> identity;  // device, inode
  unsigned level = 0;
  bool flat = false;  // what lies in directories below is left out
  Listing listing;    // its files
  Contents about;     // findings on the directory itself
  std::vector<Contents> blocks;
  std::mutex mutex;  // for `inside`: links to directories are met while files are read
  std::vector<std::unique_ptr<Directory>> inside;

  Directory& add_inside(const char* its_name) {
    auto directory = std::make_unique<Directory>();
    directory->above = this;
    directory->name = its_name;
    directory->path = path + "/" + its_name;
    directory->level = level + 1;
    const std::lock_guard lock(mutex);
    return *inside.emplace_back(std::move(directory));
  }

  bool leads_back() const {
    for (const Directory* other = above; other != nullptr; other = other->above) {
      if (other->identity == identity) return true;
    }
    return false;
  }

  void join(Catalog& catalog) {
    append(std::move(about), catalog);
    for (Contents& block : blocks) append(std::move(block), catalog);
    std::sort(inside.begin(), inside.end(),
              [](const auto& a, const auto& b) { return a->name < b->name; });
    for (const auto& directory : inside) directory->join(catalog);
  }
};

void TreeWalk::tree(const std::string& path, Fd open, Catalog& catalog) {
  Directory top;
  top.path = path;
  read_below(top, std::move(open));
  run();
  top.join(catalog);
}

void TreeWalk::files(const std::string& path, Fd open, std::vector<Name> names, Catalog& catalog) {
  Directory top;
  top.path = path;
  top.flat = true;
  top.listing.names = std::move(names);
  cut_into_blocks(top, std::make_shared<const Fd>(std::move(open)));
  run();
  top.join(catalog);
}

void TreeWalk::run() {
  const std::size_t useful = std::min<std::size_t>(options_.threads, waiting_.size());
  for (std::size_t i = 1; i < useful; ++i)
    move_away(helpers_.emplace_back([this] { work(/*calling_thread=*/false); }));
  work(/*calling_thread=*/true);
  for (std::thread& helper : helpers_) helper.join();
  helpers_.clear();
}

void TreeWalk::work(bool calling_thread) {
  FileScan scan(options_);
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return !waiting_.empty() || unfinished_ == 0; });
    if (waiting_.empty()) return;
    {
      const Work work = std::move(waiting_.back());
      waiting_.pop_back();
      lock.unlock();
      work.block == kListing ? list(*work.directory, work.in) : read_block(work, scan);
      if (calling_thread && options_.progress != nullptr) options_.progress(files_done_);
    }
    lock.lock();
    if (--unfinished_ == 0) changed_.notify_all();
  }
}

void TreeWalk::push(Directory& directory, std::size_t block, std::shared_ptr<const Fd> in) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back({&directory, block, std::move(in)});
  ++unfinished_;
  changed_.notify_one();
}

void TreeWalk::list(Directory& directory, const std::shared_ptr<const Fd>& above) {
  auto open = root_.open_in(above->get(), directory.above->path, directory.name.c_str(),
                            kOpenFlags | O_DIRECTORY);
  if (!open)
    return add_about(directory.about, directory.path, "file-unreadable", open.error().what);
  read_below(directory, std::move(*open));
}

void TreeWalk::read_below(Directory& directory, Fd open) {
  const auto skip = [&](const char* rule, std::string text) {
    add_about(directory.about, directory.path, rule, std::move(text));
  };
  struct stat status;
  if (::fstat(open.get(), &status) != 0) return skip("file-unreadable", std::strerror(errno));
  directory.identity = {status.st_dev, status.st_ino};
  if (directory.leads_back()) return skip("file-loop", "leads back to a directory above it");
  if (directory.level >= kLevelLimit)
    return skip("file-depth", "too many directories inside each other");
  directory.listing = list_directory(open.get());
  if (directory.listing.error != 0) skip("file-unreadable", std::strerror(directory.listing.error));
  const auto shared = std::make_shared<const Fd>(std::move(open));
  auto& names = directory.listing.names;
  const auto first_directory = std::stable_partition(
      names.begin(), names.end(), [](const Name& name) { return name.type != DT_DIR; });
  for (auto name = names.end(); name != first_directory; --name)
    push(directory.add_inside(name[-1].name), kListing, shared);
  names.erase(first_directory, names.end());
  cut_into_blocks(directory, shared);
}

void TreeWalk::cut_into_blocks(Directory& directory, const std::shared_ptr<const Fd>& open) {
  const std::size_t files = directory.listing.names.size();
  directory.blocks.resize((files + kBlock - 1) / kBlock);
  for (std::size_t block = directory.blocks.size(); block != 0; --block)
    push(directory, block - 1, open);
}

void TreeWalk::read_block(const Work& work, FileScan& scan) {
  const auto& names = work.directory->listing.names;
  const std::size_t end = std::min((work.block + 1) * kBlock, names.size());
  for (std::size_t i = work.block * kBlock; i < end; ++i) read_name(work, names[i], scan);
  files_done_ += end - work.block * kBlock;
}

// Opens one name and, if it is a regular file, reads it. Anything that cannot be read is a finding.
void TreeWalk::read_name(const Work& work, const Name& name, FileScan& scan) {
  Directory& directory = *work.directory;
  Contents& contents = directory.blocks[work.block];
  const PathParts path{&directory.path, name.name};
  const auto skip = [&](const char* rule, std::string text) {
    add_about(contents, path.joined(), rule, std::move(text));
  };
  if (is_special(name.type)) return skip("file-kind", "not a regular file");
  const auto file = root_.open_in(work.in->get(), directory.path, name.name, kOpenFlags);
  if (!file) {
    const int number = file.error().system_errno;
    if (name.type == DT_LNK && number == ENOENT)
      return skip("file-dangling", "dangling symbolic link");
    if (number == ENXIO) return skip("file-kind", file.error().what);
    if (const auto claim = claim_of(name.name)) contents.unread.push_back({path.joined(), *claim});
    return skip("file-unreadable", file.error().what);
  }
  if (name.type != DT_REG) {
    struct stat status;
    if (::fstat(file->get(), &status) != 0) return skip("file-unreadable", std::strerror(errno));
    if (S_ISDIR(status.st_mode) && directory.flat) return;
    if (S_ISDIR(status.st_mode))  // opened again in its turn: a thousand links are not kept open
      return push(directory.add_inside(name.name), kListing, work.in);
    if (!S_ISREG(status.st_mode)) return skip("file-kind", "not a regular file");
  }
  scan.scan(path, file->get(), /*expected=*/false, contents);
}

}  // namespace kip::catalog
