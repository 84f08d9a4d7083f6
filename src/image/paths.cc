#include "src/image/paths.h"

namespace kip::image {

std::string plain_path(std::string_view name) {
  std::string path;
  while (!name.empty()) {
    const std::size_t slash = name.find('/');
    const std::string_view part = name.substr(0, slash);
    name.remove_prefix(slash == name.npos ? name.size() : slash + 1);
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      const std::size_t last = path.rfind('/');
      path.resize(last == path.npos ? 0 : last);
      continue;
    }
    if (!path.empty()) path += '/';
    path += part;
  }
  return path;
}

PathFilter::PathFilter(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) wanted_[plain_path(path)].given.push_back(path);
}

bool PathFilter::wants(std::string_view name) {
  if (wanted_.empty()) return true;
  const std::string path = plain_path(name);
  bool any = false;
  const auto look = [&](std::string_view at) {
    const auto found = wanted_.find(at);
    if (found != wanted_.end()) any = found->second.found = true;
  };
  look("");
  for (std::size_t slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1))
    look(std::string_view(path).substr(0, slash));
  if (!path.empty()) look(path);
  return any;
}

std::vector<std::string> PathFilter::missing() const {
  std::vector<std::string> paths;
  for (const auto& [path, wanted] : wanted_) {
    if (!wanted.found) paths.insert(paths.end(), wanted.given.begin(), wanted.given.end());
  }
  return paths;
}

}  // namespace kip::image
