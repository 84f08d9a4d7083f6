#include <fmt/format.h>
#include <map>

#include "src/policy/conf.h"
#include "src/policy/drop_ins.h"

namespace kip::policy {
namespace {

/// A later one replaces files of an earlier one.
constexpr const char* kDirectories[] = {"/usr/lib/kip/kip.conf.d", "/etc/kip/kip.conf.d"};

ConfFile unread(const std::string& path, const Error& error) {
  Finding finding;
  finding.severity = Severity::kError;
  finding.rule = "conf-file";
  finding.place = path;
  finding.text = error.what;
  return {path, {}, {finding}};
}

}  // namespace

Result<std::vector<ConfFile>> read_conf_files(const Root& root) {
  std::map<std::string, std::string> paths;  // by name
  for (const char* const directory : kDirectories) {
    for (const std::string& name : TRY(drop_in_names(root, directory)))
      paths[name] = fmt::format("{}/{}", directory, name);
  }
  std::vector<ConfFile> files;
  for (const auto& [name, path] : paths) {
    const auto bytes = read_drop_in(root, path);
    if (!bytes) {
      files.push_back(unread(path, bytes.error()));
    } else if (!bytes->empty()) {
      files.push_back(parse_conf(as_text(*bytes), path));
    }
  }
  return files;
}

}  // namespace kip::policy
