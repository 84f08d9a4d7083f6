#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <set>

#include "src/policy/dracut_doubt.h"
#include "src/policy/drop_ins.h"

namespace kip::policy {
namespace {

constexpr char kFile[] = "/etc/dracut.conf";

/// An earlier one replaces files of a later one.
constexpr const char* kDirectories[] = {"/etc/dracut.conf.d", "/usr/lib/dracut/dracut.conf.d"};

struct DropIn {
  std::string name, path;
};

DracutFile only(const std::string& path, std::string what) {
  Finding finding;
  finding.rule = "dracut-file";
  finding.place = path;
  finding.text = std::move(what);
  return {path, {}, {finding}};
}

// What dracut finds in there is not known to us.
DracutFile unread(const std::string& path, const Error& error) {
  DracutFile file = only(path, error.what + "; no list of drivers is known from here on");
  for (const std::string_view name : kDracutVariables)
    file.statements.push_back({DracutStatement::Kind::kUnknown, std::string(name), {}, {path, 0}});
  return file;
}

// One that is empty, or a mask, is no file that counts.
void read(const Root& root, const std::string& path, std::vector<DracutFile>& files) {
  const auto bytes = read_drop_in(root, path);
  if (!bytes) {
    files.push_back(unread(path, bytes.error()));
  } else if (!bytes->empty()) {
    files.push_back(parse_dracut(as_text(*bytes), path));
  }
}

Result<std::vector<DropIn>> list(const Root& root, const std::string& directory) {
  std::vector<std::string> names = TRY(drop_in_names(root, directory));
  std::sort(names.begin(), names.end());
  std::vector<DropIn> listed;
  for (std::string& name : names) {
    std::string path = fmt::format("{}/{}", directory, name);
    if (drop_in_exists(root, path)) listed.push_back({std::move(name), std::move(path)});
  }
  return listed;
}

}  // namespace

Result<DracutFiles> read_dracut_files(const Root& root) {
  DracutFiles found;
  if (drop_in_exists(root, kFile)) read(root, kFile, found.files);
  std::vector<DropIn> all;
  std::set<std::string> names;
  for (const char* const directory : kDirectories) {
    for (DropIn& each : TRY(list(root, directory))) {
      if (!names.insert(each.name).second) {
        read(root, each.path, found.replaced);
      } else {
        all.push_back(std::move(each));
      }
    }
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const DropIn& a, const DropIn& b) { return version_before(a.name, b.name); });
  const DropIn* before = nullptr;
  for (const DropIn& each : all) {
    // dracut sorts with -u, to which 10-a.conf and 010-a.conf are one.
    if (before != nullptr && !version_before(before->name, each.name)) {
      found.files.push_back(only(
          each.path,
          fmt::format("dracut does not read it, since {} sorts the same", quote(before->path))));
      continue;
    }
    before = &each;
    if (each.name.find_first_of(" \t\n") != each.name.npos) {
      found.files.push_back(
          only(each.path, "dracut does not read a file with a blank in its name"));
    } else {
      read(root, each.path, found.files);
    }
  }
  return found;
}

}  // namespace kip::policy
