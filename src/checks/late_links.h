// Symbolic links of which only the end of the image tells whether they matter: where do they lead then?
#pragma once

#include <string>
#include <vector>

#include "src/base/finding.h"
#include "src/checks/tree.h"

namespace kip::checks {

class LateLinks {
 public:
  /// Not created, since `directory` stands there with something in it.
  void refused(Tree::Id directory, const std::string& name, std::string target,
               std::uint64_t offset);

  /// Created in place of a file; `directory` is the path of where it stands.
  void replaced_file(std::string directory, std::string name, std::string target,
                     std::uint64_t offset);

  void judge(Tree& tree, std::vector<Finding>& findings) const;

 private:
  struct Refused {
    Tree::Id directory;
    std::string target;
    std::string text;
    std::uint64_t offset;
  };
  struct Replaced {
    std::string directory, name, target;
    std::uint64_t offset;
  };
  std::vector<Refused> refused_;
  std::vector<Replaced> replaced_;
};

}  // namespace kip::checks
