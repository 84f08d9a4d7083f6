// A case of policy: files as text below a root of its own, a module, and what is decided about it and why.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace kip::policy {

// Beginnings of paths.
inline const std::string kDracut = "etc/dracut.conf";
inline const std::string kDracutPackage = "usr/lib/dracut/dracut.conf.d/";
inline const std::string kDracutAdmin = "etc/dracut.conf.d/";
inline const std::string kKipPackage = "usr/lib/kip/kip.conf.d/";
inline const std::string kKipAdmin = "etc/kip/kip.conf.d/";

struct PolicyFile {
  std::string path;
  std::string text;  // "-> x": a link to x
};

struct PolicyCase {
  const char* name;
  std::vector<PolicyFile> files;
  const char* module;
  const char* decision;  // "out", "in" or "required", and behind a blank the winning rule
  std::vector<std::string> beaten = {};
  std::vector<std::string> findings = {};
  std::vector<std::string> aliases = {};
};

void PrintTo(const PolicyCase& row, std::ostream* out);

void expect_decided(const PolicyCase& row);

}  // namespace kip::policy
