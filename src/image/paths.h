// Names of members as paths, and choosing members by path.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kip::image {

/// Without leading and trailing "/", without ".", with ".." resolved: what a name means from '/'. Empty:
/// '/' itself.
std::string plain_path(std::string_view name);

/// The files and directories asked for, and which of them were found.
class PathFilter {
 public:
  /// None: everything is wanted.
  explicit PathFilter(const std::vector<std::string>& paths);

  /// Whether `name` is one of the paths or below one.
  bool wants(std::string_view name);

  /// As they were given.
  std::vector<std::string> missing() const;

 private:
  struct Wanted {
    std::vector<std::string> given;
    bool found = false;
  };
  std::map<std::string, Wanted, std::less<>> wanted_;
};

}  // namespace kip::image
