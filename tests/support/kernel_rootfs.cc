#include <algorithm>

#include "tests/support/kernel_rootfs.h"

namespace kip::support {
namespace {

constexpr std::size_t kHeaderSize = 110;
constexpr std::size_t kPathMax = 4096;
constexpr std::uint32_t kTypeMask = 0170000;
constexpr std::uint32_t kRegular = 0100000;
constexpr std::uint32_t kDirectory = 0040000;
constexpr std::uint32_t kSymlink = 0120000;
constexpr int kMostLinks = 40;

std::uint32_t hex(View digits) {
  std::uint32_t value = 0;
  for (const std::uint8_t c : digits) {
    const bool decimal = c >= '0' && c <= '9';
    const std::uint32_t digit =
        decimal ? c - std::uint32_t{'0'} : (c | std::uint32_t{0x20}) - 'a' + 10;
    value = value << 4 | (digit & 15);
  }
  return value;
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

std::size_t to_four(std::size_t at) {
  return (at + 3) / 4 * 4;
}

}  // namespace

struct KernelRoot::Header {
  std::uint32_t ino, mode, nlink, filesize, devmajor, devminor, namesize;
};

KernelRoot::KernelRoot(View image, StreamDecoder decode) : decode_(std::move(decode)) {
  // The archive that every kernel has built in.
  for (const char* const path : {"", "dev", "root"})
    nodes_[path] = std::make_shared<RootNode>(RootNode{kDirectory | 0755, {}, {}});
  unpack(image, /*plain=*/false);
}

// unpack_to_rootfs(); what came out of a decompressor is one buffer more, in which nothing is decompressed again.
void KernelRoot::unpack(View bytes, bool plain) {
  std::size_t at = 0;
  while (at < bytes.size() && error_.empty()) {
    if (bytes[at] == '0' && at % 4 == 0) {
      members(bytes, at);
    } else if (bytes[at] == 0) {
      ++at;
    } else if (plain) {
      error_ = "junk within compressed archive";
    } else if (const auto stream = decode_(bytes.subspan(at))) {
      unpack(stream->plain, /*plain=*/true);
      at += stream->used;
    } else {
      error_ = "invalid magic at start of compressed archive";
    }
  }
}

// One archive, and the zeros behind it: do_reset().
void KernelRoot::members(View bytes, std::size_t& at) {
  if (!member(bytes, at)) return;
  if (at < bytes.size() && bytes[at] == '0') return;  // the next member
  while (at < bytes.size() && bytes[at] == 0) ++at;
  if (at < bytes.size() && at % 4 != 0) error_ = "broken padding";
}

bool KernelRoot::member(View bytes, std::size_t& at) {
  const View rest = bytes.subspan(at);
  if (rest.size() < kHeaderSize) {
    at = bytes.size();
    return false;
  }
  if (!std::equal(rest.begin(), rest.begin() + 5, "07070") || (rest[5] != '1' && rest[5] != '2')) {
    error_ = "no cpio magic";
    return false;
  }
  const auto field = [&](std::size_t i) { return hex(rest.subspan(6 + 8 * i, 8)); };
  const Header header{field(0), field(1), field(4), field(6), field(7), field(8), field(11)};
  const std::size_t data_at = to_four(kHeaderSize + header.namesize);
  const std::size_t end = data_at + header.filesize;
  if (header.namesize == 0 || end > rest.size()) {
    at = bytes.size();
    return false;
  }
  const View name = rest.subspan(kHeaderSize, header.namesize);
  if (name.back() != 0) {
    error_ = "malformed archive";
    return false;
  }
  const std::uint32_t type = header.mode & kTypeMask;
  const bool wanted =
      type == kRegular || header.filesize == 0 || (type == kSymlink && header.filesize <= kPathMax);
  if (wanted && name.size() <= kPathMax)
    create(std::string(name.begin(), std::find(name.begin(), name.end(), 0)), header,
           rest.subspan(data_at, header.filesize));
  at += std::min(to_four(end), rest.size());
  return true;
}

void KernelRoot::create(const std::string& name, const Header& header, View data) {
  const std::uint32_t type = header.mode & kTypeMask;
  if (name == "TRAILER!!!" && type != kSymlink) {
    links_.clear();
    return;
  }
  const auto path = resolve(name, /*last=*/false);
  if (!path) return;  // a directory on the way is not there: mkdir, open and symlink fail
  clean(*path, type == kSymlink ? 0 : type);
  if (type == kRegular) {
    create_file(*path, header, data);
  } else if (type == kDirectory) {
    const auto [node, is_new] = nodes_.try_emplace(*path);
    if (is_new) node->second = std::make_shared<RootNode>();
    if (is_new || (node->second->mode & kTypeMask) == kDirectory) node->second->mode = header.mode;
  } else if (!nodes_.contains(*path)) {
    nodes_[*path] = std::make_shared<RootNode>(
        RootNode{header.mode, {}, std::string(data.begin(), data.end())});
  }
}

void KernelRoot::create_file(const std::string& path, const Header& header, View data) {
  bool linked = false;
  if (header.nlink >= 2) {
    const LinkKey key{header.devmajor, header.devminor, header.ino, header.mode & kTypeMask};
    const auto [first, is_new] = links_.try_emplace(key, path);
    if (!is_new) {
      clean(path, 0);
      const auto old = nodes_.find(first->second);
      if (old == nodes_.end() || nodes_.contains(path)) return;
      nodes_[path] = old->second;
      linked = true;
    }
  }
  auto& node = nodes_[path];
  if (!node) node = std::make_shared<RootNode>();
  if ((node->mode & kTypeMask) == kDirectory) return;
  node->mode = header.mode;
  // Opening one that is there truncates it, under all its names; a name more for it does not.
  if (!linked || !data.empty()) node->data = Blob(data.begin(), data.end());
}

// clean_path().
void KernelRoot::clean(const std::string& path, std::uint32_t type) {
  const auto found = nodes_.find(path);
  if (found == nodes_.end() || (found->second->mode & kTypeMask) == type) return;
  if ((found->second->mode & kTypeMask) == kDirectory && has_children(path)) return;
  nodes_.erase(found);
}

bool KernelRoot::has_children(const std::string& path) const {
  const auto next = nodes_.lower_bound(path + "/");
  return path.empty() || (next != nodes_.end() && next->first.starts_with(path + "/"));
}

// Where a path leads. Every directory on the way has to be there; of the last part only its parent, unless it is followed.
std::optional<std::string> KernelRoot::resolve(std::string_view path, bool last) const {
  std::string here;
  std::string rest(path);
  for (int followed = 0; !rest.empty();) {
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const std::string step = rest.substr(0, slash);
    rest.erase(0, std::min(slash + 1, rest.size()));
    if (step.empty() || step == ".") continue;
    const auto directory = nodes_.find(here);
    if (directory == nodes_.end() || (directory->second->mode & kTypeMask) != kDirectory)
      return std::nullopt;
    if (step == "..") {
      here = parent_of(here);
      continue;
    }
    const std::string next = here.empty() ? step : here + "/" + step;
    const auto node = nodes_.find(next);
    const bool is_link = node != nodes_.end() && (node->second->mode & kTypeMask) == kSymlink;
    if (!is_link || (rest.empty() && !last)) {
      here = next;
      continue;
    }
    if (++followed > kMostLinks) return std::nullopt;
    const std::string& target = node->second->target;
    if (target.starts_with('/')) here.clear();
    rest = rest.empty() ? target : target + "/" + rest;
  }
  return here;
}

const RootNode* KernelRoot::find(std::string_view path) const {
  const auto real = resolve(path, /*last=*/true);
  const auto found = real ? nodes_.find(*real) : nodes_.end();
  return found == nodes_.end() ? nullptr : found->second.get();
}

const RootNode* KernelRoot::find_itself(std::string_view path) const {
  const auto real = resolve(path, /*last=*/false);
  const auto found = real ? nodes_.find(*real) : nodes_.end();
  return found == nodes_.end() ? nullptr : found->second.get();
}

std::size_t KernelRoot::links(std::string_view path) const {
  const RootNode* const node = find_itself(path);
  return static_cast<std::size_t>(std::count_if(
      nodes_.begin(), nodes_.end(), [&](const auto& it) { return it.second.get() == node; }));
}

}  // namespace kip::support
