#include <algorithm>

#include "src/modules/config.h"
#include "src/modules/facts.h"
#include "src/modules/lookup.h"

namespace kip::modules {
namespace {

constexpr const char* kDependencies = "modules.dep.bin";
constexpr const char* kAliases = "modules.alias.bin";
constexpr const char* kBuiltin = "modules.builtin.bin";
constexpr const char* kBuiltinAliases = "modules.builtin.alias.bin";

/// As in the keys: '_' for '-', but not in brackets, where it stands for a range.
std::string normal_alias(std::string_view alias) {
  std::string normal(alias);
  bool bracket = false;
  for (char& letter : normal) {
    if (letter == '[') bracket = true;
    if (letter == ']') bracket = false;
    if (letter == '-' && !bracket) letter = '_';
  }
  return normal;
}

}  // namespace

Meant Lookup::meant(const std::string& name_or_alias) {
  Meant meant;
  if (name_or_alias.empty() || name_or_alias.size() > kKeyLimit) return meant;
  const std::string name = normal_alias(name_or_alias);
  if (taken(kDependencies, index(kDependencies).find(name))) {
    meant.names = {name};
    return meant;
  }
  meant.names = taken(kAliases, index(kAliases).match(name));
  if (!meant.names.empty()) return meant;
  meant.builtin = true;
  if (taken(kBuiltin, index(kBuiltin).find(name))) {
    meant.names = {name};
  } else {
    meant.names = taken(kBuiltinAliases, index(kBuiltinAliases).match(name));
  }
  meant.builtin = !meant.names.empty();
  return meant;
}

std::optional<DependencyLine> Lookup::line(const std::string& name) {
  const auto text = taken(kDependencies, index(kDependencies).find(name));
  if (!text) return std::nullopt;
  const std::size_t colon = text->find(':');
  if (colon == text->npos) return std::nullopt;
  return DependencyLine{text->substr(0, colon), words_of(text->substr(colon + 1))};
}

const Index& Lookup::index(const char* file) {
  if (const auto known = indexes_.find(file); known != indexes_.end()) return known->second;
  auto bytes = read_file(root_, directory_ + "/" + file, kIndexLimit);
  Index& index = indexes_[file];
  if (!bytes && bytes.error().system_errno == ENOENT) return index;
  auto parsed = bytes ? Index::of(std::move(*bytes)) : tl::unexpected<Error>(bytes.error());
  index = taken(file, std::move(parsed));
  return index;
}

template <class T>
T Lookup::taken(const char* file, Result<T> result) {
  if (result) return *std::move(result);
  const std::string place = directory_ + "/" + file;
  const auto known = [&](const Finding& finding) { return finding.place == place; };
  if (std::none_of(findings_.begin(), findings_.end(), known)) {
    findings_.push_back({Severity::kWarning, "module-index", place, result.error().offset,
                         "the index of modules cannot be read: " + result.error().what,
                         "run depmod"});
  }
  return T();
}

}  // namespace kip::modules
