#include <algorithm>
#include <unistd.h>

#include "src/base/finding.h"
#include "src/image/base_store.h"
#include "src/image/contents.h"
#include "src/image/overlay_index.h"
#include "src/modules/depmod.h"

namespace kip::image {
namespace {

/// Largest index, or list of modules, that is read, in bytes: a distribution's has less than 2 MiB.
constexpr std::uint64_t kIndexLimit = 64 << 20;

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// Nothing there: no lines.
Result<std::vector<std::string>> read_lines(const std::string& path) {
  const auto bytes = read_file(Root(), path, kIndexLimit);
  if (bytes) return lines_of(as_text(*bytes));
  if (bytes.error().system_errno == ENOENT) return std::vector<std::string>();
  return fail(bytes.error().code, quote(path) + ": " + bytes.error().what);
}

}  // namespace

Status make_indexes(const std::string& scratch, const std::string& kernel,
                    const std::string& host_modules, const std::string& search) {
  const std::string directory = scratch + "/lib/modules/" + kernel + "/";
  for (const char* const name : kDepmodReads) {
    const std::string there = directory + name, host = absolute(host_modules) + "/" + name;
    if (::access(there.c_str(), F_OK) == 0 || ::access(host.c_str(), R_OK) != 0) continue;
    if (::symlink(host.c_str(), there.c_str()) != 0) return fail_errno(quote(there));
  }
  return modules::run_depmod(scratch, kernel, search);
}

Result<Index> read_index(const std::string& directory) {
  Index index;
  for (const std::string& line : TRY(read_lines(directory + "/modules.dep"))) {
    const std::size_t colon = line.find(':');
    if (colon == line.npos) continue;
    const std::string path = line.substr(0, colon);
    std::set<std::string>& depends = index.depends[path];
    for (std::size_t at = colon + 1; at < line.size();) {
      const std::size_t end = std::min(line.find(' ', at), line.size());
      if (auto name = module_of(std::string_view(line).substr(at, end - at)))
        depends.insert(std::move(*name));
      at = end + 1;
    }
    if (auto name = module_of(path)) index.paths.emplace(std::move(*name), path);
  }
  for (const std::string& line : TRY(read_lines(directory + "/modules.builtin"))) {
    if (auto name = module_of(line)) index.builtin.insert(std::move(*name));
  }
  return index;
}

}  // namespace kip::image
