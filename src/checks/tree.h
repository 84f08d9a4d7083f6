// The root file system while an image is unpacked: names, types, links; of files their size and a sum.
//
// Paths are followed as the kernel follows them from "/": symbolic links in front of the last name,
// not the last name itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace kip::checks {

class Tree {
 public:
  using Id = std::uint32_t;

  enum class Type : std::uint8_t { kDirectory, kFile, kLink, kOther };

  struct File {  // what hard links share
    std::uint64_t size = 0;
    std::uint64_t sum = 0;
    std::uint32_t names = 0;
    Id first_name = 0;
  };

  struct Node {
    Type type = Type::kDirectory;
    Id parent = 0;
    std::uint32_t children = 0;
    std::uint32_t file = 0;             // into files, of a kFile
    std::string target;                 // of a kLink
    const std::string* name = nullptr;  // in its parent
  };

  /// Where a path leads: a directory that is there, and a name in it.
  struct Spot {
    Id directory = 0;
    std::string name;        // empty: the path is the root itself
    std::optional<Id> node;  // what is there
  };

  /// What a kernel starts with: /dev, /dev/console, /root.
  Tree();

  /// nullopt: a directory on the way is missing or none, or links lead in circles.
  std::optional<Spot> find(std::string_view path);

  /// The directory that a link in `from` leads to.
  std::optional<Id> directory_behind(Id from, std::string_view target);

  /// REQUIRES: nothing is at the spot.
  Id add(const Spot& spot, Type type, std::string target = "");

  /// A file of its own, or one more name of `of`.
  Id add_file(const Spot& spot, std::optional<std::uint32_t> of = std::nullopt);

  /// REQUIRES: no directory with something in it.
  void remove(Id id);

  Node& node(Id id) { return nodes_[id]; }
  File& file(const Node& node) { return files_[node.file]; }
  File& file_at(std::uint32_t index) { return files_[index]; }
  std::string path_of(Id id) const;

  /// Bytes that all this takes, roughly.
  std::uint64_t size() const { return size_; }

  /// Steps that were followed so far: names of hundreds of links cost time.
  std::uint64_t steps() const { return steps_; }

 private:
  struct Key {
    Id directory;
    std::string name;
  };
  struct KeyView {
    Id directory;
    std::string_view name;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const KeyView& key) const {
      return std::hash<std::string_view>()(key.name) ^ (key.directory * 0x9e3779b97f4a7c15U);
    }
    std::size_t operator()(const Key& key) const {
      return operator()(KeyView{key.directory, key.name});
    }
  };
  struct Equal {
    using is_transparent = void;
    static KeyView view(const Key& key) { return {key.directory, key.name}; }
    static KeyView view(const KeyView& key) { return key; }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return view(a).directory == view(b).directory && view(a).name == view(b).name;
    }
  };

  std::optional<Id> child(Id directory, std::string_view name) const;
  std::optional<Spot> follow(Id from, std::string_view path, bool last_too);

  std::vector<Node> nodes_;  // the first is the root; removed ones are not used again
  std::vector<File> files_;
  std::unordered_map<Key, Id, Hash, Equal> names_;
  std::uint64_t size_ = 0;
  std::uint64_t steps_ = 0;
};

}  // namespace kip::checks
