#include <fmt/format.h>

#include "src/checks/late_links.h"
#include "src/checks/unpack.h"

namespace kip::checks {
namespace {

/// Most that are remembered, of each kind.
constexpr std::size_t kLimit = 256;

bool leads_somewhere(Tree& tree, const std::string& directory, const std::string& target) {
  const auto spot = tree.find(target.starts_with('/') ? target : directory + "/" + target);
  return spot && spot->node;
}

// It may have been replaced again.
bool is_link(Tree& tree, const std::string& directory, const std::string& name) {
  const auto spot = tree.find(directory + "/" + name.substr(name.rfind('/') + 1));
  return spot && spot->node && tree.node(*spot->node).type == Tree::Type::kLink;
}

}  // namespace

void LateLinks::refused(Tree::Id directory, const std::string& name, std::string target,
                        std::uint64_t offset) {
  if (refused_.size() == kLimit) return;
  std::string text =
      fmt::format("link {} to {} is not created: a directory of that name has something in it",
                  quote(name), quote(target));
  refused_.push_back({directory, std::move(target), std::move(text), offset});
}

void LateLinks::replaced_file(std::string directory, std::string name, std::string target,
                              std::uint64_t offset) {
  if (replaced_.size() == kLimit) return;
  replaced_.push_back({std::move(directory), std::move(name), std::move(target), offset});
}

void LateLinks::judge(Tree& tree, std::vector<Finding>& findings) const {
  for (const Refused& link : refused_) {
    const auto behind = tree.directory_behind(tree.node(link.directory).parent, link.target);
    const bool loses = behind && *behind != link.directory && tree.node(*behind).children != 0;
    findings.push_back(
        {loses ? Severity::kWarning : Severity::kNote, kRuleLinkOverDirectory, "", link.offset,
         link.text + (loses ? "; what the link leads to is not found below it" : ""), ""});
  }
  for (const Replaced& link : replaced_) {
    if (!is_link(tree, link.directory, link.name) ||
        leads_somewhere(tree, link.directory, link.target))
      continue;
    findings.push_back({Severity::kError, kRuleDanglingLink, "", link.offset,
                        fmt::format("{} was a file, and becomes a link to {}, which leads nowhere",
                                    quote(link.name), quote(link.target)),
                        ""});
  }
}

}  // namespace kip::checks
