#include <gtest/gtest.h>
#include <sstream>

#include "tests/kmod-pack/desk.h"

namespace kip::kmod_pack_test {
namespace {

constexpr const char* kProgram = KIP_PROGRAM_DIR "/kmod-pack";
constexpr std::string_view kName = "kmod-pack: ";

}  // namespace

Said Desk::run_bare(const Lines& arguments, const support::RunOptions& options) const {
  Lines words = {kProgram};
  words.insert(words.end(), arguments.begin(), arguments.end());
  support::RunOptions all = options;
  all.cwd = dir_.path();
  for (const char* const name : {"SOURCE_DATE_EPOCH", "NO_COLOR"}) {
    if (options.env.empty()) all.env.emplace_back(name, std::nullopt);
  }
  const support::RunResult result = support::run_program(words, all);
  Said said{result.exit_code, result.out, {}, {}};
  for (std::string line : lines_of(result.err)) {
    EXPECT_TRUE(line.starts_with(kName)) << line;
    line.erase(0, std::min(line.size(), kName.size()));
    const bool complaint = line.starts_with("error: ") || line.starts_with("warning: ");
    (complaint ? said.complaints : said.notes).push_back(line);
  }
  return said;
}

Said Desk::run(Lines arguments, const support::RunOptions& options) const {
  arguments.insert(arguments.begin() + 1, {"--root", "root"});
  return run_bare(arguments, options);
}

Desk& Desk::policy(const std::string& rules) {
  root_.file("etc/kip/kip.conf.d/10.conf", "[Modules]\n" + rules);
  return *this;
}

Blob Desk::base(bool merged) const {
  support::NewcBlob archive;
  archive.directory("usr").directory("usr/lib");
  if (merged)
    archive.symlink("lib", "usr/lib");
  else
    archive.directory("lib");
  return archive.file("init", support::text("#!/bin/sh\n")).bytes();
}

Lines lines_of(const std::string& text) {
  Lines lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string vermagic_of(const std::string& kernel) {
  return kernel + " SMP preempt mod_unload ";
}

}  // namespace kip::kmod_pack_test
