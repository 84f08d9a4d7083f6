#include <algorithm>
#include <fnmatch.h>

#include "src/modules/index.h"

namespace kip::modules {
namespace {

constexpr std::uint32_t kMagic = 0xb007f457;
constexpr std::uint32_t kMajor = 2;
constexpr std::size_t kHeader = 12;

constexpr std::uint32_t kHasPrefix = 0x80000000, kHasValues = 0x40000000, kHasChildren = 0x20000000;
constexpr std::uint32_t kOffset = 0x0fffffff;

struct Value {
  std::uint32_t priority;
  std::string_view text;
};

struct Node {
  std::string_view prefix;
  std::uint8_t first = 0;
  std::vector<std::uint32_t> children;
  std::vector<Value> values;  // as they stand, by priority
};

/// Reads nodes, and no more bytes in all than the index has: in a sound one, no byte belongs to two nodes.
class Nodes {
 public:
  explicit Nodes(Bytes bytes) : bytes_(bytes), left_(bytes.size()) {}

  /// REQUIRES: the reference is not 0.
  Result<Node> read(std::uint32_t reference) {
    at_ = reference & kOffset;
    if (at_ > bytes_.size()) return fail(Errc::kTruncated, "points beyond its end", at_);
    Node node;
    if ((reference & kHasPrefix) != 0) node.prefix = TRY(text(kKeyLimit));
    if ((reference & kHasChildren) != 0) {
      const Bytes range = TRY(take(2));
      if (range[0] > range[1]) return fail(Errc::kCorrupt, "letters from last to first", at_);
      node.first = range[0];
      for (unsigned letter = range[0]; letter <= range[1]; ++letter)
        node.children.push_back(TRY(number()));
    }
    if ((reference & kHasValues) != 0) {
      for (std::uint32_t count = TRY(number()); count != 0; --count) {
        const std::uint32_t priority = TRY(number());
        node.values.push_back({priority, TRY(text(kValueLimit))});
      }
    }
    return node;
  }

 private:
  Result<Bytes> take(std::size_t count) {
    if (count > bytes_.size() - at_) return fail(Errc::kTruncated, "ends early", at_);
    if (count > left_) return fail(Errc::kCorrupt, "has the same bytes in several places", at_);
    left_ -= count;
    at_ += count;
    return bytes_.subspan(at_ - count, count);
  }

  Result<std::uint32_t> number() {
    std::uint32_t value = 0;
    for (const std::uint8_t byte : TRY(take(4))) value = value << 8 | byte;
    return value;
  }

  Result<std::string_view> text(std::size_t limit) {
    const std::string_view rest = as_text(bytes_.subspan(at_)).substr(0, limit + 1);
    const std::size_t length = rest.find('\0');
    if (length == rest.npos && rest.size() <= limit)
      return fail(Errc::kTruncated, "ends early", at_);
    if (length == rest.npos) return fail(Errc::kLimit, "a text is too long", at_);
    return as_text(TRY(take(length + 1))).substr(0, length);
  }

  Bytes bytes_;
  std::size_t at_ = 0;
  std::size_t left_;
};

/// Whether `key`, and so what begins with it, may match: up to the first sign of a pattern it has to be the name's beginning.
bool may_match(std::string_view key, std::string_view name) {
  const std::string_view plain = key.substr(0, key.find_first_of("*?[\\"));
  return plain.size() < key.size() ? name.starts_with(plain) : name.starts_with(key);
}

/// Goes through the part of the tree in which patterns of a name can be.
class Matches {
 public:
  Matches(Bytes index, const std::string& name) : nodes_(index), name_(name) {}

  /// Each level adds a letter to the key, whose length is limited.
  Status below(std::uint32_t reference) {
    if ((reference & kOffset) == 0 || !may_match(key_, name_)) return {};
    const Node node = TRY(nodes_.read(reference));
    const std::size_t length = key_.size();
    key_ += node.prefix;
    if (key_.size() >= kKeyLimit) return fail(Errc::kLimit, "a key is too long");
    if (!node.values.empty() && ::fnmatch(key_.c_str(), name_.c_str(), 0) == 0)
      found_.insert(found_.end(), node.values.begin(), node.values.end());
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      key_ += static_cast<char>(node.first + i);
      TRY(below(node.children[i]));
      key_.pop_back();
    }
    key_.resize(length);
    return {};
  }

  std::vector<std::string> values() {
    std::stable_sort(found_.begin(), found_.end(),
                     [](const Value& a, const Value& b) { return a.priority < b.priority; });
    std::vector<std::string> values;
    values.reserve(found_.size());
    for (const Value& value : found_) values.emplace_back(value.text);
    return values;
  }

 private:
  Nodes nodes_;
  const std::string& name_;
  std::string key_;
  std::vector<Value> found_;
};

}  // namespace

Result<Index> Index::of(std::vector<std::uint8_t> bytes) {
  Index index;
  if (bytes.empty()) return index;
  if (bytes.size() > kIndexLimit) return fail(Errc::kLimit, "is too large");
  if (bytes.size() < kHeader) return fail(Errc::kTruncated, "ends early", 0);
  const auto number = [&](std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = at; i < at + 4; ++i) value = value << 8 | bytes[i];
    return value;
  };
  if (number(0) != kMagic || number(4) >> 16 != kMajor)
    return fail(Errc::kUnsupported, "is no index of depmod, or of another version");
  index.root_ = number(8);
  index.bytes_ = std::move(bytes);
  return index;
}

Result<std::optional<std::string>> Index::find(std::string_view key) const {
  std::optional<std::string> nothing;
  Nodes nodes(bytes_);
  std::uint32_t reference = root_;
  for (;;) {
    if ((reference & kOffset) == 0) return nothing;
    const Node node = TRY(nodes.read(reference));
    if (!key.starts_with(node.prefix)) return nothing;
    key.remove_prefix(node.prefix.size());
    if (key.empty() && node.values.empty()) return nothing;
    if (key.empty()) return std::optional<std::string>(node.values.front().text);
    const auto letter = static_cast<std::uint8_t>(key.front());
    if (letter < node.first || letter - node.first >= static_cast<int>(node.children.size()))
      return nothing;
    reference = node.children[letter - node.first];
    key.remove_prefix(1);
  }
}

Result<std::vector<std::string>> Index::match(const std::string& name) const {
  Matches matches(bytes_, name);
  TRY(matches.below(root_));
  return matches.values();
}

}  // namespace kip::modules
