// unpack_verdict: the state machine of init/initramfs.c (write_buffer and its do_* actions) for
// uncompressed archives. `at_` is the kernel's this_header while the whole initrd is in memory, so
// the "collect" states never wait: what is not there now will not come.
#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>

#include "tests/support/kernel_finder.h"

namespace kip::support {
namespace {

constexpr std::size_t kHeaderSize = 110;
constexpr std::uint32_t kPathMax = 4096;
constexpr std::uint32_t kTypeMask = 0170000;
constexpr std::uint32_t kRegular = 0100000;
constexpr std::uint32_t kDirectory = 0040000;
constexpr std::uint32_t kSymlink = 0120000;

// First two bytes of what lib/decompress.c knows: gzip (two), bzip2, lzma, xz, lzo, lz4, zstd.
constexpr std::array<std::array<std::uint8_t, 2>, 8> kCompressedMagics = {{{0x1F, 0x8B},
                                                                           {0x1F, 0x9E},
                                                                           {0x42, 0x5A},
                                                                           {0x5D, 0x00},
                                                                           {0xFD, 0x37},
                                                                           {0x89, 0x4C},
                                                                           {0x02, 0x21},
                                                                           {0x28, 0xB5}}};

bool compressed_magic(View bytes) {
  return bytes.size() >= 2 &&
         std::any_of(kCompressedMagics.begin(), kCompressedMagics.end(), [&](const auto& magic) {
           return bytes[0] == magic[0] && bytes[1] == magic[1];
         });
}

// simple_strtoul(field, 16): as many hex digits as there are; anything else ends the number.
// (Later kernels may refuse non-hex outright; the catalogue says "error or zero, by version".)
std::uint32_t lenient_hex(View field) {
  std::uint32_t value = 0;
  for (const std::uint8_t byte : field) {
    std::uint32_t digit = 0;
    if (byte >= '0' && byte <= '9') {
      digit = byte - std::uint32_t{'0'};
    } else if ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f') {
      digit = (byte | std::uint32_t{0x20}) - 'a' + 10;
    } else {
      break;
    }
    value = value << 4 | digit;
  }
  return value;
}

// Rootfs resolves from "/": leading and doubled slashes and "." steps do not matter.
std::string plain_name(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    const std::size_t slash = std::min(name.find('/'), name.size());
    const std::string_view step = name.substr(0, slash);
    name.remove_prefix(std::min(slash + 1, name.size()));
    if (step.empty() || step == ".") continue;
    if (!out.empty()) out += '/';
    out += step;
  }
  return out;
}

struct Header {
  std::uint32_t ino, mode, nlink, filesize, devmajor, devminor, namesize, check;
};

class Unpacker {
 public:
  Unpacker(View image, const UnpackRules& rules) : image_(image), rules_(rules) {}

  UnpackVerdict run();

 private:
  void archive();
  bool member();  // false: the run of uncompressed members is over
  bool after_member();
  bool named_member(const Header& header, std::size_t data_at, bool summed);
  // True if the file exists now because of this member.
  bool create(const std::string& name, const Header& header, Extent data);
  bool create_file(const std::string& name, const Header& header, Extent data);
  bool make_way(const std::string& name);
  bool parent_exists(const std::string& name) const;
  void place(const std::string& name, std::uint32_t mode, std::size_t inode);
  std::optional<Header> read_header();

  std::size_t left() const { return image_.size() - at_; }
  bool run_dry() {
    at_ = image_.size();
    verdict_.ends_inside_member = true;
    return false;
  }

  using LinkKey = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>;

  View image_;
  UnpackRules rules_;
  std::size_t at_ = 0;
  // What follows a member that was skipped unread: the kernel leaves next_state alone then, and it
  // is Start until the first name was read, Reset ever after (even across segments).
  bool any_name_read_ = false;
  UnpackVerdict verdict_;
  std::map<std::string, std::size_t> inode_of_;  // name -> index into inodes_
  std::vector<Extent> inodes_;
  std::map<LinkKey, std::string> links_;  // hard-link table, until a trailer clears it
  std::set<std::string> directories_ = {"", "dev", "root"};  // the built-in archive makes two
};

UnpackVerdict Unpacker::run() {
  while (verdict_.error.empty() && left() > 0) {
    if (image_[at_] == '0' && at_ % 4 == 0) {
      archive();
    } else if (image_[at_] == 0) {
      ++at_;
    } else if (compressed_magic(image_.subspan(at_))) {
      verdict_.compressed_at = at_;
      break;
    } else {
      verdict_.error = "invalid magic at start of compressed archive";
    }
  }
  for (UnpackedFile& file : verdict_.files) {
    const auto inode = inode_of_.find(file.name);
    if (inode != inode_of_.end()) file.data = inodes_[inode->second];
  }
  return std::move(verdict_);
}

void Unpacker::archive() {
  while (member()) {
  }
}

std::optional<Header> Unpacker::read_header() {
  if (left() < kHeaderSize) {
    run_dry();
    return std::nullopt;
  }
  const View raw = image_.subspan(at_, kHeaderSize);
  const std::string magic(raw.begin(), raw.begin() + 6);
  if (magic == "070707") {
    verdict_.error = "incorrect cpio method used: use -H newc option";
    return std::nullopt;
  }
  if (magic != "070701" && !(magic == "070702" && rules_.checksums)) {
    verdict_.error = "no cpio magic";
    return std::nullopt;
  }
  const auto field = [&](std::size_t i) { return lenient_hex(raw.subspan(6 + 8 * i, 8)); };
  at_ += kHeaderSize;
  return Header{field(0), field(1), field(4), field(6), field(7), field(8), field(11), field(12)};
}

bool Unpacker::member() {
  const bool summed = left() >= 6 && image_[at_ + 5] == '2';
  const std::optional<Header> header = read_header();
  if (!header) return false;

  // N_ALIGN: room of the name so that 110 bytes of header and it end at a multiple of 4.
  const std::size_t name_room = (std::size_t{header->namesize} + 1) / 4 * 4 + 2;
  const std::size_t end = at_ + name_room + header->filesize;
  const std::uint32_t type = header->mode & kTypeMask;
  const bool name_fits = header->namesize > 0 && header->namesize <= kPathMax;
  const bool wanted =
      type == kSymlink ? header->filesize <= kPathMax : type == kRegular || header->filesize == 0;
  if (name_fits && wanted) {
    if (left() < name_room + (type == kSymlink ? header->filesize : 0)) return run_dry();
    any_name_read_ = true;
    if (!named_member(*header, at_ + name_room, summed)) return false;
  }
  // Missing pad bytes behind whole data are passed over without a word: only a cut is a cut.
  if (end > image_.size()) return run_dry();
  at_ = std::min((end + 3) / 4 * 4, image_.size());
  return after_member();
}

bool Unpacker::named_member(const Header& header, std::size_t data_at, bool summed) {
  const View area = image_.subspan(at_, header.namesize);
  if (rules_.name_must_end && area.back() != 0) {
    verdict_.error = "malformed archive";
    return false;
  }
  const std::string name(area.begin(), std::find(area.begin(), area.end(), std::uint8_t{0}));
  const std::uint32_t type = header.mode & kTypeMask;
  if (name == "TRAILER!!!" && type != kSymlink) {
    links_.clear();
    return true;
  }
  const std::size_t there = std::min<std::size_t>(header.filesize, image_.size() - data_at);
  const bool created = create(plain_name(name), header, {data_at, there});
  // do_copy compares the sum when all data went into the file; no file, no comparison.
  if (summed && created && type == kRegular && there == header.filesize) {
    std::uint32_t sum = 0;
    for (const std::uint8_t byte : image_.subspan(data_at, there)) sum += byte;
    if (sum != header.check) verdict_.error = "bad data checksum";
  }
  return verdict_.error.empty();
}

// do_reset: zeros are eaten; what follows them must stand at a multiple of 4, be it a member or a
// compressed stream.
bool Unpacker::after_member() {
  if (!any_name_read_) return left() > 0;
  while (left() > 0 && image_[at_] == 0) ++at_;
  if (left() > 0 && at_ % 4 != 0) verdict_.error = "broken padding";
  return false;
}

bool Unpacker::parent_exists(const std::string& name) const {
  const std::size_t slash = name.rfind('/');
  return directories_.contains(slash == std::string::npos ? "" : name.substr(0, slash));
}

// Enters the name, in place of an earlier one (clean_path and O_TRUNC together come to that).
void Unpacker::place(const std::string& name, std::uint32_t mode, std::size_t inode) {
  if (inode_of_.insert_or_assign(name, inode).second) {
    verdict_.files.push_back({name, mode, {}});
    return;
  }
  const auto same = [&](const UnpackedFile& file) { return file.name == name; };
  std::find_if(verdict_.files.begin(), verdict_.files.end(), same)->mode = mode;
}

bool Unpacker::create(const std::string& name, const Header& header, Extent data) {
  const std::uint32_t type = header.mode & kTypeMask;
  if (type == kRegular) return create_file(name, header, data);
  if (type != kDirectory && type != kSymlink) return false;
  if (name.empty() || !parent_exists(name)) return false;
  if (type == kDirectory) directories_.insert(name);
  inodes_.push_back({});
  place(name, header.mode, inodes_.size() - 1);
  return true;
}

bool Unpacker::create_file(const std::string& name, const Header& header, Extent data) {
  if (header.nlink >= 2) {
    const LinkKey key{header.devmajor, header.devminor, header.ino, header.mode & kTypeMask};
    const auto [first, fresh] = links_.try_emplace(key, name);
    if (!fresh) {
      const auto target = inode_of_.find(first->second);
      if (target == inode_of_.end() || !parent_exists(name)) return false;  // link(2) failed
      const std::size_t inode = target->second;
      place(name, header.mode, inode);
      if (data.size > 0) inodes_[inode] = data;
      return true;
    }
  }
  if (name.empty() || !parent_exists(name) || !make_way(name)) return false;
  // Opening an existing file truncates and rewrites that very inode: its other names follow.
  const auto old = inode_of_.find(name);
  const std::size_t inode = old != inode_of_.end() ? old->second : inodes_.size();
  if (inode == inodes_.size()) inodes_.push_back({});
  inodes_[inode] = data;
  place(name, header.mode, inode);
  return true;
}

// clean_path: a directory in a file's place is removed if it is empty.
bool Unpacker::make_way(const std::string& name) {
  const auto below = [&](const UnpackedFile& file) { return file.name.starts_with(name + "/"); };
  if (!directories_.contains(name)) return true;
  if (std::any_of(verdict_.files.begin(), verdict_.files.end(), below)) return false;
  directories_.erase(name);
  return true;
}

}  // namespace

const UnpackedFile* UnpackVerdict::find(std::string_view name) const {
  const auto found = std::find_if(files.begin(), files.end(),
                                  [&](const UnpackedFile& file) { return file.name == name; });
  return found == files.end() ? nullptr : &*found;
}

UnpackVerdict unpack_verdict(View image, const UnpackRules& rules) {
  return Unpacker(image, rules).run();
}

}  // namespace kip::support
