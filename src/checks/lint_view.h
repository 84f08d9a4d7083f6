// What the parts of lint share: each out-of-tree module with what policy says of it, and how findings are worded. Each part is
// a file of its own: lint_root.cc, lint_rules.cc, lint_defeated.cc, lint_modules.cc, lint_base.cc, lint_image.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "src/checks/lint.h"

namespace kip::checks {

struct Judged {
  const modules::Module* module = nullptr;
  policy::ModuleNames names;
  policy::Decision decision;
  bool wins = false;     // of the files of its name, the one that modprobe loads
  bool goes_in = false;  // selected, or brought along by one that is
};

struct LintView {
  const LintFacts& facts;
  const LintInput& input;
  std::vector<Judged> modules = {};    // as out_of_tree
  std::set<std::string> in_tree = {};  // names of in-tree and built-in modules
  std::vector<Finding> findings = {};
  std::set<std::string> out_of_root =
      {};                    // modules that the root needs, and that check_root() found out
  bool root_is_out = false;  // the file system's is among them, or there is none

  void add(Severity severity, const char* rule, std::string place, std::string text,
           std::string remedy = "") {
    findings.push_back({severity, rule, std::move(place), {}, std::move(text), std::move(remedy)});
  }

  /// What a name stands for; kNothing for one that nobody asked the tree for.
  KnownName known(const std::string& name) const;

  /// Whether in-tree modules or built-in ones are meant.
  bool is_in_tree(std::string_view pattern) const;

  std::string path_of(const modules::ModuleFile& file) const;
  const modules::Module* out_of_tree_at(std::string_view path) const;
};

/// Judges; the parts then add their findings.
LintView lint_view(const LintFacts& facts, const LintInput& input);

/// Of the files of a name that are out-of-tree: whether this is the one that counts.
bool wins(const modules::Module& module, const KnownName& name, const modules::OutOfTree& all);

/// First, since check_base() goes by what it found.
void check_root(LintView& view);
/// Require=, unknown names, contradictions.
void check_rules(LintView& view);
void check_defeated(LintView& view);
/// The files: vermagic, signatures, twins, the index, what is missing.
void check_modules(LintView& view);
/// What is in the initrd.
void check_base(LintView& view);
/// What it would have to have: modules that policy wants, of the generator's or in archives of kip's.
void check_image(LintView& view);

/// The module in the archives of kip's that the image has for this kernel, of which the last counts; nullptr: none.
const image::OverlayModule* in_overlay(const LintInput& input, const std::string& kernel,
                                       const std::string& name);

/// By Require=, or below the root file system: without it, it is an error.
bool is_needed(const LintView& view, const Judged& it);

/// The directory of a path, without the last '/'.
std::string_view directory_of(std::string_view path);

/// How an image is made anew.
std::string make_again(const LintView& view);

/// Files of packages in kip.conf.d that one of the same name in /etc stands for.
std::vector<policy::ConfFile> replaced_conf(const Root& root);
/// Of kip.conf.d and dracut.conf.d in /etc, links to /dev/null.
std::set<std::string> masks_in_etc(const Root& root);

/// The command that makes the indexes of this kernel's modules.
std::string depmod_command(const LintView& view);

bool is_glob(std::string_view pattern);
/// Of a file that a package installs.
bool is_of_package(const policy::Origin& origin);
bool includes(const policy::ModuleRule& rule);

/// Bytes of others, for a message.
std::string clean(std::string_view text);
std::string clean(const policy::ModuleRule& rule);
/// "a, b, c and 4 more".
std::string listed(const std::vector<std::string>& names);
/// The line that includes a module, whatever packages and dracut's files say.
std::string include_line(const std::string& name);

}  // namespace kip::checks
