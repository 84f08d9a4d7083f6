#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <tuple>

#include "src/checks/content_sum.h"
#include "src/checks/late_links.h"
#include "src/checks/tallies.h"
#include "src/checks/unpack.h"
#include "src/image/inventory.h"

namespace kip::checks {
namespace {

using segments::Segment;
using Type = Tree::Type;

/// Steps of paths that are followed before the check gives up: names made of links can cost any time.
constexpr std::uint64_t kStepsLimit = 50'000'000;

constexpr std::size_t kPiece = 64 * 1024;  // bytes read and summed at a time
constexpr std::uint32_t kModeLink = 0120000;
constexpr std::uint32_t kTargetLimit = 4096;  // bytes; Linux's PATH_MAX

// What the loader reads, and early archives leave without directories on purpose.
bool is_early_path(std::string_view path) {
  while (path.starts_with("./") || path.starts_with('/'))
    path.remove_prefix(path[0] == '/' ? 1 : 2);
  return path.starts_with("kernel/") || path.starts_with("kip/");
}

// Indexes of modules: an overlay brings its own.
bool is_index(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash != path.npos && path.substr(slash + 1).starts_with("modules.") &&
         path.find("lib/modules/") != path.npos;
}

}  // namespace

class UnpackCheck::Unpacker {
 public:
  Status member(const Segment& archive, const cpio::Member& member, Input& data);

  std::vector<Finding> findings();

 private:
  using LinkKey = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>;

  bool gave_up(std::uint64_t offset);
  void note(Severity severity, const char* rule, const std::string& text,
            const std::string& remedy = "");
  bool clear(const std::string& name, Tree::Spot& spot, std::optional<Type> wanted);
  void note_change(const std::string& name, const Tree::Spot& spot, std::optional<Type> wanted);
  void directory(const std::string& name);
  void link(const std::string& name, std::string target);
  Status file(const cpio::Member& member, Input& data);
  void other(const std::string& name);
  std::optional<bool> hard_link(const cpio::Member& member);
  Status fill(const cpio::Member& member, Tree::Id id, bool linked, bool existed, Input& data);
  void note_replaced(const cpio::Member& member, Tree::Id id, std::uint64_t sum);
  void note_no_parent(const std::string& name);

  Tree tree_;
  std::map<LinkKey, std::string> links_;
  std::uint64_t links_size_ = 0;
  Tallies tallies_;
  std::optional<std::uint64_t> segment_;
  std::uint64_t at_ = 0;
  LateLinks late_;
  bool over_ = false;
  Scratch scratch_;
};

void UnpackCheck::Unpacker::note(Severity severity, const char* rule, const std::string& text,
                                 const std::string& remedy) {
  tallies_.add({severity, rule, "", at_, text, remedy});
}

bool UnpackCheck::Unpacker::gave_up(std::uint64_t offset) {
  if (over_) return true;
  if (tree_.size() + links_size_ <= kNamesLimit && tree_.steps() <= kStepsLimit) return false;
  over_ = true;
  at_ = offset;
  note(Severity::kNote, kRuleNames,
       "more names than are kept track of; what replaces what is not looked at from here on");
  return true;
}

Status UnpackCheck::Unpacker::member(const Segment& archive, const cpio::Member& member,
                                     Input& data) {
  const bool compressed = archive.kind == Segment::Kind::kCompressed;
  if (!archive.reached || gave_up(compressed ? archive.offset : member.offset)) return {};
  if (segment_ != archive.offset) {
    segment_ = archive.offset;
    tallies_.next_segment();
  }
  at_ = compressed ? archive.offset : member.offset;
  const std::uint32_t type = member.mode & cpio::kModeTypeMask;
  if (member.name_size == 0 || member.name_size > cpio::kNameLimit) {
    note(Severity::kWarning, kRuleNameLength,
         fmt::format("a member with a name of {} bytes is skipped", member.name_size));
    return {};
  }
  if (type == kModeLink) {
    if (member.size > kTargetLimit) return {};
    const auto target = TRY(read_rest(data, kTargetLimit));
    link(member.name, std::string(as_text(target).substr(0, as_text(target).find('\0'))));
    return {};
  }
  if (type != cpio::kModeRegular && member.size != 0) return {};
  if (member.is_trailer()) {
    links_.clear();
    links_size_ = 0;
    return {};
  }
  if (type == cpio::kModeRegular) return file(member, data);
  type == cpio::kModeDirectory ? directory(member.name) : other(member.name);
  return {};
}

// Of what is there and is to become something else.
void UnpackCheck::Unpacker::note_change(const std::string& name, const Tree::Spot& spot,
                                        std::optional<Type> wanted) {
  const Tree::Node& old = tree_.node(*spot.node);
  if (old.type == Type::kLink && wanted == Type::kDirectory) {
    const auto behind = tree_.directory_behind(spot.directory, old.target);
    const bool loses = behind && tree_.node(*behind).children != 0;
    note(loses ? Severity::kError : Severity::kNote, kRuleDirectoryOverLink,
         fmt::format("directory {} takes the place of the link to {}: {}", quote(name),
                     quote(old.target),
                     loses ? "what is in there is no longer found below that name"
                           : "there is nothing in there"),
         loses ? "pack it without an entry for " + quote(name) : "");
    return;
  }
  if (old.type == Type::kDirectory && old.children != 0) {
    if (wanted != Type::kLink) {
      note(Severity::kWarning, kRuleTypeChanged,
           fmt::format("{} is not created: a directory of that name has something in it",
                       quote(name)));
    }
    return;
  }
  const bool loses = old.type == Type::kFile && wanted == Type::kDirectory;
  note(loses ? Severity::kWarning : Severity::kNote, kRuleTypeChanged,
       fmt::format("{} becomes something else than it was", quote(name)));
}

// clean_path(): what is of another type goes. False if something is still there that is not wanted.
// Links (nullopt for hard ones) always take a fresh name.
bool UnpackCheck::Unpacker::clear(const std::string& name, Tree::Spot& spot,
                                  std::optional<Type> wanted) {
  if (!spot.node) return true;
  const Tree::Node& old = tree_.node(*spot.node);
  const bool fresh = !wanted || wanted == Type::kLink;
  if (!fresh && old.type == wanted) return true;
  if (fresh && old.type == Type::kLink && wanted == Type::kLink) {
    tree_.remove(*spot.node);
    spot.node.reset();
    return true;
  }
  note_change(name, spot, wanted);
  if (spot.name.empty() || (old.type == Type::kDirectory && old.children != 0)) return false;
  tree_.remove(*spot.node);
  spot.node.reset();
  return true;
}

void UnpackCheck::Unpacker::note_no_parent(const std::string& name) {
  if (is_early_path(name)) return;
  note(Severity::kWarning, kRuleNoParent,
       fmt::format("{} is not created: there is no directory for it", quote(name)),
       "pack the directories, too");
}

void UnpackCheck::Unpacker::directory(const std::string& name) {
  auto spot = tree_.find(name);
  if (!spot || !clear(name, *spot, Type::kDirectory) || spot->node) return;
  tree_.add(*spot, Type::kDirectory);
}

void UnpackCheck::Unpacker::link(const std::string& name, std::string target) {
  auto spot = tree_.find(name);
  if (!spot) return note_no_parent(name);
  const bool was_file = spot->node && tree_.node(*spot->node).type == Type::kFile;
  if (clear(name, *spot, Type::kLink)) {
    if (was_file) late_.replaced_file(tree_.path_of(spot->directory), name, target, at_);
    tree_.add(*spot, Type::kLink, std::move(target));
  } else {
    late_.refused(*spot->node, name, std::move(target), at_);
  }
}

void UnpackCheck::Unpacker::other(const std::string& name) {
  auto spot = tree_.find(name);
  if (!spot || !clear(name, *spot, Type::kOther) || spot->node) return;
  tree_.add(*spot, Type::kOther);
}

// maybe_link(): nullopt if the member is a file of its own, false if linking fails.
std::optional<bool> UnpackCheck::Unpacker::hard_link(const cpio::Member& member) {
  if (member.links < 2) return std::nullopt;
  const LinkKey key{member.device_major, member.device_minor, member.inode,
                    member.mode & cpio::kModeTypeMask};
  const auto [first, fresh] = links_.try_emplace(key, member.name);
  if (fresh) {
    links_size_ += sizeof(LinkKey) + sizeof(std::string) + member.name.size();
    return std::nullopt;
  }
  auto spot = tree_.find(member.name);
  if (!spot || !clear(member.name, *spot, std::nullopt)) return false;
  const auto old = tree_.find(first->second);
  if (!old || !old->node || tree_.node(*old->node).type != Type::kFile) return false;
  tree_.add_file(*spot, tree_.node(*old->node).file);
  return true;
}

Status UnpackCheck::Unpacker::file(const cpio::Member& member, Input& data) {
  auto spot = tree_.find(member.name);
  if (spot && !clear(member.name, *spot, Type::kFile)) return {};
  const auto linked = hard_link(member);
  if (linked == false) return {};
  if (linked) spot = tree_.find(member.name);
  if (!spot) {
    note_no_parent(member.name);
    return {};
  }
  const bool existed = spot->node.has_value();
  const Tree::Id id = existed ? *spot->node : tree_.add_file(*spot);
  return fill(member, id, linked.has_value(), existed, data);
}

Status UnpackCheck::Unpacker::fill(const cpio::Member& member, Tree::Id id, bool linked,
                                   bool existed, Input& data) {
  if (linked && member.size == 0) return {};
  ContentSum sum;
  if (!image::microcode_vendor(member.name)) {  // another visitor reads those
    const MutableBytes buffer = scratch_.take(kPiece);
    while (const std::size_t count = TRY(data.read(buffer))) sum.add(buffer.first(count));
  }
  if (existed && !linked) note_replaced(member, id, sum.value());
  Tree::File& file = tree_.file(tree_.node(id));
  file.size = member.size;
  file.sum = sum.value();
  return {};
}

void UnpackCheck::Unpacker::note_replaced(const cpio::Member& member, Tree::Id id,
                                          std::uint64_t sum) {
  const Tree::File& old = tree_.file(tree_.node(id));
  const std::string name = quote(member.name);
  if (old.size == member.size && old.sum == sum) {
    note(Severity::kNote, kRuleReplaced, name + " is replaced by the same content");
    return;
  }
  const bool meant = is_index(member.name) || is_early_path(member.name);
  note(meant ? Severity::kNote : Severity::kWarning, kRuleReplaced,
       name + " is replaced by other content");
  if (old.names < 2) return;
  const std::string first = tree_.path_of(old.first_name);
  note(Severity::kWarning, kRuleLinkedFile,
       first.empty() || old.first_name == id
           ? "writing " + name + " changes its other names, too: they are hard links"
           : fmt::format("writing {} changes {}, too: they are hard links", name, quote(first)),
       "put a symbolic link of that name in front, which the file then replaces");
}

std::vector<Finding> UnpackCheck::Unpacker::findings() {
  std::vector<Finding> all = tallies_.findings();
  late_.judge(tree_, all);
  std::stable_sort(all.begin(), all.end(), [](const Finding& x, const Finding& y) {
    return x.offset.value_or(0) < y.offset.value_or(0);
  });
  return all;
}

UnpackCheck::UnpackCheck() : unpacker_(std::make_unique<Unpacker>()) {}
UnpackCheck::~UnpackCheck() = default;

Status UnpackCheck::member(const Segment& archive, const cpio::Member& member, Input& data) {
  return unpacker_->member(archive, member, data);
}

Status UnpackCheck::segment(const Segment&) {
  return {};
}

void UnpackCheck::fault(const Finding&) {}

std::vector<Finding> UnpackCheck::findings() const {
  return unpacker_->findings();
}

}  // namespace kip::checks
