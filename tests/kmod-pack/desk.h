// A scratch directory with a system in it, `root`, for which kmod-pack is run, and what it said. Paths in arguments and
// messages are relative to the directory.
#pragma once

#include <string>
#include <vector>

#include "tests/support/module_root.h"
#include "tests/support/newc_blob.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"

namespace kip::kmod_pack_test {

using support::Blob;
using support::kExampleKernel;
using support::ModuleRoot;
using support::View;
using Lines = std::vector<std::string>;

struct Said {
  int code = 0;
  std::string out;
  Lines complaints;  // "error: …" and "warning: …", without the program's name
  Lines notes;       // every other line of standard error
};

class Desk {
 public:
  Desk() : root_(dir_ / "root") {}

  const support::TempDir& dir() const { return dir_; }
  ModuleRoot& root() { return root_; }

  /// With --root, and the environment's changes. Fails the test if a line of standard error is not the program's.
  Said run(Lines arguments, const support::RunOptions& options = {}) const;

  /// As it is.
  Said run_bare(const Lines& arguments, const support::RunOptions& options = {}) const;

  /// `rules`: lines of [Modules] in /etc/kip/kip.conf.d/10.conf.
  Desk& policy(const std::string& rules);

  /// An initrd with nothing but directories and /init; merged: lib is a link to usr/lib.
  Blob base(bool merged = true) const;

  std::string write(std::string_view name, View bytes) const { return dir_.write(name, bytes); }
  Blob read(std::string_view name) const { return support::read_file(dir_ / name); }
  Lines names() const { return support::names_in(dir_.path()); }

 private:
  support::TempDir dir_;
  ModuleRoot root_;
};

Lines lines_of(const std::string& text);

/// What stands in a packed file as its vermagic.
std::string vermagic_of(const std::string& kernel);

}  // namespace kip::kmod_pack_test
