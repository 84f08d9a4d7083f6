#include <algorithm>

#include "src/modules/facts.h"

namespace kip::modules {
namespace {

constexpr std::string_view kSuffixes[] = {"", ".gz", ".xz", ".zst"};

}  // namespace

std::string_view uncompressed_name(std::string_view path) {
  for (const std::string_view suffix : kSuffixes) {
    if (path.size() < suffix.size() || !path.ends_with(suffix)) continue;
    const std::string_view plain = path.substr(0, path.size() - suffix.size());
    if (plain.ends_with(".ko")) return plain;
  }
  return {};
}

std::string module_name(std::string_view path_or_name) {
  std::string_view name = path_or_name.substr(path_or_name.rfind('/') + 1);
  if (const std::string_view plain = uncompressed_name(name); !plain.empty())
    name = plain.substr(0, plain.size() - 3);
  std::string normal(name);
  std::replace(normal.begin(), normal.end(), '-', '_');
  return normal;
}

}  // namespace kip::modules
