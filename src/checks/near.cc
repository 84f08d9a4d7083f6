#include <algorithm>
#include <numeric>
#include <utility>

#include "src/checks/near.h"

namespace kip::checks {
namespace {

constexpr std::size_t kLongest = 64;  // MODULE_NAME_LEN is 56 with pointers of 64 bits

// Levenshtein's distance.
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t corner = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = corner + (a[i - 1] == b[j - 1] ? 0 : 1);
      corner = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::optional<std::string> nearest(const std::string& name,
                                   const std::vector<modules::ModuleFile>& files) {
  std::optional<std::string> best;
  std::size_t limit = std::min<std::size_t>(2, name.size() / 3);
  if (name.size() > kLongest) return best;
  for (const modules::ModuleFile& file : files) {
    const std::size_t size = file.name.size();
    if (limit == 0 || size > name.size() + limit || name.size() > size + limit) continue;
    const std::size_t far = distance(name, file.name);
    if (far > limit) continue;
    if (far == 0) return file.name;
    best = file.name;
    limit = far - 1;  // only what is nearer replaces it
  }
  return best;
}

}  // namespace kip::checks
