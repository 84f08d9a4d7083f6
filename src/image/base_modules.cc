#include <algorithm>
#include <sys/stat.h>

#include "src/image/base_store.h"
#include "src/image/contents.h"
#include "src/image/listing.h"
#include "src/image/overlay.h"
#include "src/image/overlay_index.h"

namespace kip::image {
namespace {

using segments::Segment;

/// As in the kernel: more are a loop.
constexpr int kLinksFollowed = 40;

/// The root file system in a file of its own, as dracut packs it; the second name is that of 104 on.
constexpr std::string_view kSealed[] = {"squash-root.img", "squashfs-root.img", "erofs-root.img"};

std::string_view last_part(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

std::string parent_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return std::string(path.substr(0, slash == path.npos ? 0 : slash));
}

// Whether depmod reads it.
bool is_wanted(std::string_view path) {
  if (path.find("/modules/") == path.npos) return false;
  return module_of(path) || std::any_of(std::begin(kDepmodReads), std::end(kDepmodReads),
                                        [&](const char* it) { return last_part(path) == it; });
}

class Visitor : public segments::Visitor {
 public:
  Visitor(std::string kernel, BaseStore store)
      : kernel_(std::move(kernel)), store_(std::move(store)) {}

  Status member(const Segment& archive, const cpio::Member& member, Input& data) override {
    TRY(taker_.member(archive, member, data));
    if (taker_.in_own()) return {};
    for (const std::string_view name : kSealed) {
      if (member.is_regular() && last_part(member.name) == name) base_.sealed = member.name;
    }
    const auto index = files_.add(member, 0, ordinal_++, TRY(read_target(member, data)));
    TRY(check_size(files_));
    if (!index) return {};
    store_.drop(*index);
    const std::string path = files_.resolve(member.name);
    if (!is_wanted(path)) return {};
    return store_.take(*index, below_modules(path), member.size, data);
  }

  Status segment(const Segment& segment) override {
    TRY(taker_.segment(segment));
    if (segment.kind == Segment::Kind::kCompressed && !taker_.ended_own())
      base_.method = segment.method;
    return {};
  }

  void fault(const Finding& finding) override { taker_.fault(finding); }

  Result<BaseModules> finish(std::uint64_t size) {
    base_.tail = TRY(taker_.finish(size));
    find_directories();
    for (const auto& [path, name] : files_.names()) {
      if (path.empty()) continue;
      base_.paths.insert(path);
      if (path.starts_with(base_.directory + "/") && is_wanted(path))
        TRY(enter(path, path.substr(base_.directory.size() + 1)));
    }
    return std::move(base_);
  }

 private:
  // Behind lib/modules/KVER, wherever that is; empty: not there.
  std::string below_modules(const std::string& path) const {
    const std::string directory = "/modules/" + kernel_ + "/";
    const std::size_t at = path.find(directory);
    return at == path.npos ? "" : path.substr(at + directory.size());
  }

  void find_directories() {
    const RootFs::Name* const lib = files_.find("lib");
    const std::uint32_t type = lib == nullptr ? 0 : files_.inode(*lib).type();
    if (type == cpio::kModeSymlink && files_.resolve("lib/x") == "usr/lib/x") {
      base_.lib = LibKind::kLink;
    } else if (type == cpio::kModeSymlink || type == cpio::kModeDirectory) {
      base_.lib = LibKind::kDirectory;
    }
    const std::string top = base_.lib == LibKind::kNone ? "usr/lib" : "lib";
    base_.directory = parent_of(files_.resolve(top + "/modules/" + kernel_ + "/x"));
    base_.firmware = parent_of(files_.resolve(top + "/firmware/x"));
  }

  // What a path is in the end, through links of files.
  const RootFs::Name* follow(std::string path) {
    for (int followed = 0; followed < kLinksFollowed; ++followed) {
      const RootFs::Name* const name = files_.find(path);
      if (name == nullptr || files_.inode(*name).type() != cpio::kModeSymlink) return name;
      const std::string& target = files_.inode(*name).target;
      path = target.starts_with('/') ? target : parent_of(path) + "/" + target;
    }
    return nullptr;
  }

  // Kernels drop a file whose directory is not there.
  bool has_parents(std::string path) const {
    for (path = parent_of(path); !path.empty(); path = parent_of(path)) {
      const auto found = files_.names().find(path);
      if (found == files_.names().end()) return false;
      if (files_.inode(found->second).type() != cpio::kModeDirectory) return false;
    }
    return true;
  }

  Status enter(const std::string& path, const std::string& relative) {
    const RootFs::Name* const name = follow(path);
    const digest::Sha256* const digest = name == nullptr ? nullptr : store_.digest(name->inode);
    if (digest == nullptr || !has_parents(path)) return {};
    TRY(store_.place(name->inode, relative));
    base_.files[relative] = *digest;
    const auto module = module_of(relative);
    if (!module) return {};
    const auto [entry, is_new] = base_.modules.try_emplace(*module);
    if (is_new || entry->second.path.starts_with("kernel/")) entry->second = {relative, *digest};
    return {};
  }

  std::string kernel_;
  BaseStore store_;
  BaseModules base_;
  RootFs files_;
  TailTaker taker_;
  std::uint64_t ordinal_ = 0;
};

}  // namespace

Result<BaseModules> read_base_modules(int descriptor, const std::string& kernel,
                                      const std::string& scratch, const std::string& host_modules) {
  if (kernel.empty() || kernel.starts_with('.') || kernel.find('/') != kernel.npos)
    return fail(Errc::kInvalid, quote(kernel) + " is no kernel's release");
  Visitor visitor(kernel, TRY(BaseStore::make(scratch, kernel, host_modules)));
  const auto source = [&](std::uint64_t offset) -> Result<std::unique_ptr<Input>> {
    return std::make_unique<FileInput>(descriptor, offset);
  };
  TRY(segments::walk(source, {}, visitor));
  struct stat status;
  if (::fstat(descriptor, &status) != 0) return fail_errno("cannot be looked at");
  return visitor.finish(static_cast<std::uint64_t>(status.st_size));
}

}  // namespace kip::image
