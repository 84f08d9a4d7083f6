#include <algorithm>

#include "src/checks/tree.h"

namespace kip::checks {
namespace {

/// Links that Linux follows in one path.
constexpr unsigned kLinksLimit = 40;

// Behind what is there, so that the first step is the last element.
void push_steps(std::vector<std::string>& steps, std::string_view path) {
  const auto begin = static_cast<std::ptrdiff_t>(steps.size());
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (end != 0) steps.emplace_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  std::reverse(steps.begin() + begin, steps.end());
}

}  // namespace

Tree::Tree() {
  nodes_.emplace_back();
  const Id dev = add({0, "dev", std::nullopt}, Type::kDirectory);
  add({dev, "console", std::nullopt}, Type::kOther);
  add({0, "root", std::nullopt}, Type::kDirectory);
}

std::optional<Tree::Id> Tree::child(Id directory, std::string_view name) const {
  const auto found = names_.find(KeyView{directory, name});
  if (found == names_.end()) return std::nullopt;
  return found->second;
}

std::optional<Tree::Spot> Tree::find(std::string_view path) {
  return follow(0, path, /*last_too=*/false);
}

std::optional<Tree::Id> Tree::directory_behind(Id from, std::string_view target) {
  const auto spot = follow(from, target, /*last_too=*/true);
  if (!spot || !spot->node || nodes_[*spot->node].type != Type::kDirectory) return std::nullopt;
  return spot->node;
}

std::optional<Tree::Spot> Tree::follow(Id from, std::string_view path, bool last_too) {
  std::vector<std::string> steps;
  push_steps(steps, path);
  Id here = path.starts_with('/') ? 0 : from;
  Spot spot{here, "", here};
  unsigned links = 0;
  while (!steps.empty()) {
    const std::string step = std::move(steps.back());
    steps.pop_back();
    ++steps_;
    if (nodes_[here].type != Type::kDirectory) return std::nullopt;
    if (step == "." || step == "..") {
      if (step == "..") here = nodes_[here].parent;
      spot = {here, "", here};
      continue;
    }
    const bool last = steps.empty();
    const auto next = child(here, step);
    if (next && nodes_[*next].type == Type::kLink && (!last || last_too)) {
      if (++links > kLinksLimit) return std::nullopt;
      const std::string& target = nodes_[*next].target;
      push_steps(steps, target);
      if (target.starts_with('/')) here = 0;
      spot = {here, "", here};
      continue;
    }
    if (!next && !last) return std::nullopt;
    spot = {here, step, next};
    if (next) here = *next;
  }
  return spot;
}

Tree::Id Tree::add(const Spot& spot, Type type, std::string target) {
  const Id id = static_cast<Id>(nodes_.size());
  const auto entry = names_.emplace(Key{spot.directory, spot.name}, id).first;
  Node node;
  node.type = type;
  node.parent = spot.directory;
  node.name = &entry->first.name;
  size_ += target.size();
  node.target = std::move(target);
  nodes_.push_back(std::move(node));
  ++nodes_[spot.directory].children;
  constexpr std::uint64_t kEntry = sizeof(Node) + sizeof(Key) + sizeof(File) + 4 * sizeof(void*);
  size_ += kEntry + spot.name.size();
  return id;
}

Tree::Id Tree::add_file(const Spot& spot, std::optional<std::uint32_t> of) {
  const Id id = add(spot, Type::kFile);
  if (!of) {
    of = static_cast<std::uint32_t>(files_.size());
    files_.push_back({0, 0, 0, id});
  }
  nodes_[id].file = *of;
  ++files_[*of].names;
  return id;
}

void Tree::remove(Id id) {
  const Node& gone = nodes_[id];
  if (gone.type == Type::kFile) --files_[gone.file].names;
  --nodes_[gone.parent].children;
  names_.erase(names_.find(KeyView{gone.parent, *gone.name}));
  nodes_[id].name = nullptr;
}

std::string Tree::path_of(Id id) const {
  std::string path;
  while (id != 0 && nodes_[id].name != nullptr && path.size() < 4096) {
    path = path.empty() ? *nodes_[id].name : *nodes_[id].name + "/" + path;
    id = nodes_[id].parent;
  }
  return path;
}

}  // namespace kip::checks
