#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <sstream>

#include "tests/plugins/stage.h"
#include "tests/support/kernel_amd.h"
#include "tests/support/kernel_finder.h"
#include "tests/support/kernel_intel.h"

namespace kip::plugins_test {
namespace {

bool is_plain(unsigned char c) {
  return c >= 0x20 && c != 0x7f;
}

Told sorted(const std::string& plugin, const support::RunResult& result) {
  Told told{result.exit_code, result.err, {}, {}};
  EXPECT_TRUE(told.code == 0 || told.code == 1) << told.code << "\n" << told.err;
  EXPECT_EQ(result.out, "");
  EXPECT_TRUE(told.err.empty() || told.err.back() == '\n') << told.err;
  std::istringstream lines(told.err);
  std::string line;
  while (std::getline(lines, line)) {
    EXPECT_TRUE(line.starts_with(plugin + ": ")) << line;
    EXPECT_TRUE(std::all_of(line.begin(), line.end(), is_plain)) << line;
    line.erase(0, std::min(line.size(), plugin.size() + 2));
    const bool complaint = line.starts_with("error: ") || line.starts_with("warning: ");
    (complaint ? told.complaints : told.notes).push_back(line);
  }
  EXPECT_TRUE(told.code == 0 || !told.complaints.empty()) << "it fails, and does not say why";
  return told;
}

support::View member_of(support::View image, std::string_view path) {
  const auto found = support::find_early(image, path);
  return found ? image.subspan(found->offset, found->size) : support::View();
}

}  // namespace

std::vector<std::string> directories() {
  std::vector<std::string> found = {KIP_PROGRAM_DIR};
  const char* const more = std::getenv("KIP_PROGRAMS");
  if (more == nullptr || *more == '\0') return found;
  const std::string other = std::filesystem::absolute(more).string();
  for (const std::string& plugin : {kMicrocode, kImage}) {
    if (!std::filesystem::exists(other + "/" + plugin))
      throw std::runtime_error("KIP_PROGRAMS: no " + other + "/" + plugin);
  }
  if (!std::filesystem::equivalent(other, found.front())) found.push_back(other);
  return found;
}

Stage::Stage(std::string programs, const std::string& below)
    : dir_(below), programs_(std::move(programs)) {
  for (const char* const name : {"staging", "tree", "root/etc/kip/kip.conf.d", "conf"})
    dir_.directory(name);
  std::filesystem::permissions(dir_ / "staging", std::filesystem::perms::owner_all);
  for (const char* const name :
       {"KIP_CPU", "SOURCE_DATE_EPOCH", "NO_COLOR", "KERNEL_INSTALL_BOOT_ENTRY_TYPE",
        "KERNEL_INSTALL_ENTRY_NAME", "INSTALLKERNEL_STAGING_AREA", "INSTALLKERNEL_LAYOUT",
        "INSTALLKERNEL_VERBOSE", "INSTALLKERNEL_CONF_ROOT"})
    environment_[name] = std::nullopt;
  environment_["KERNEL_INSTALL_VERBOSE"] = "0";
  environment_["KERNEL_INSTALL_MACHINE_ID"] = "0123456789abcdef0123456789abcdef";
  environment_["KERNEL_INSTALL_ENTRY_TOKEN"] = "0123456789abcdef0123456789abcdef";
  environment_["KERNEL_INSTALL_BOOT_ROOT"] = dir_ / "boot";
  environment_["KERNEL_INSTALL_LAYOUT"] = "bls";
  environment_["KERNEL_INSTALL_INITRD_GENERATOR"] = "";
  environment_["KERNEL_INSTALL_UKI_GENERATOR"] = "";
  environment_["KERNEL_INSTALL_STAGING_AREA"] = dir_ / "staging";
  environment_["KERNEL_INSTALL_IMAGE_TYPE"] = "pe";
  environment_["KERNEL_INSTALL_CONF_ROOT"] = dir_ / "conf";
  environment_["KIP_ROOT"] = dir_ / "root";
  environment_["KIP_FIRMWARE"] = dir_ / "tree";
}

std::string Stage::staged(const std::string& name) const {
  return dir_ / ("staging/" + name);
}

void Stage::set(const std::string& variable, std::optional<std::string> value) {
  environment_[variable] = std::move(value);
}

void Stage::configure(const std::string& text) const {
  dir_.write("root/etc/kip/kip.conf.d/test.conf", text);
}

void Stage::become_systemd_251() {
  set("KERNEL_INSTALL_IMAGE_TYPE", std::nullopt);
  set("KERNEL_INSTALL_UKI_GENERATOR", std::nullopt);
}

void Stage::become_gentoo() {
  for (auto& [name, value] : environment_) {
    if (name.starts_with("KERNEL_INSTALL_")) value.reset();
  }
  set("INSTALLKERNEL_STAGING_AREA", dir_ / "staging");
  set("INSTALLKERNEL_LAYOUT", "grub");
  set("INSTALLKERNEL_INITRD_GENERATOR", "dracut");
  set("INSTALLKERNEL_VERBOSE", "0");
  set("INSTALLKERNEL_CONF_ROOT", dir_ / "conf");
  gentoo_ = true;
}

std::vector<std::string> Stage::call() const {
  if (gentoo_) return {kKernel, dir_ / "vmlinuz"};
  std::vector<std::string> arguments = {"add", kKernel, dir_ / "entry", dir_ / "vmlinuz"};
  arguments.insert(arguments.end(), initrds_.begin(), initrds_.end());
  return arguments;
}

Told Stage::run(const std::string& plugin) const {
  return run(plugin, call());
}

Told Stage::run(const std::string& plugin, const std::vector<std::string>& arguments) const {
  std::vector<std::string> argv = launcher_;
  argv.push_back(programs_ + "/" + plugin);
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  support::RunOptions options;
  options.cwd = dir_.path();
  options.env.assign(environment_.begin(), environment_.end());
  Told told = sorted(plugin, support::run_program(argv, options));
  const auto& verbose =
      environment_.at(gentoo_ ? "INSTALLKERNEL_VERBOSE" : "KERNEL_INSTALL_VERBOSE");
  if (!verbose || *verbose == "0") {
    EXPECT_EQ(told.notes, std::vector<std::string>()) << plugin;
  }
  return told;
}

void Stage::add() const {
  for (const std::string& plugin : {kMicrocode, kImage}) {
    const Told told = run(plugin);
    EXPECT_EQ(told.code, 0);
    EXPECT_EQ(told.err, "");
  }
}

std::vector<std::string> Stage::names() const {
  return support::names_in(dir_ / "staging");
}

std::vector<std::string> Stage::names_but_notes() const {
  std::vector<std::string> found = names();
  if (std::erase(found, "kip.d") != 0) {
    for (const std::string& name : support::names_in(staged("kip.d")))
      EXPECT_FALSE(name.ends_with(".cpio")) << name;
  }
  return found;
}

support::Blob Stage::read(const std::string& name) const {
  return support::read_file(staged(name));
}

void Stage::write(const std::string& name, support::View content) const {
  dir_.write("staging/" + name, content);
}

void with_each_program(const std::function<void(const std::string& programs)>& body) {
  for (const std::string& programs : directories()) {
    SCOPED_TRACE(programs);
    body(programs);
  }
}

support::Blob generated() {
  support::Blob bytes = {0x1f, 0x8b, 0x08};
  support::append(bytes, support::noise(998, 77));
  return bytes;
}

support::Blob early_archive(std::string_view member, support::View data) {
  return support::NewcBlob()
      .directory("kernel")
      .directory("kernel/x86")
      .directory("kernel/x86/microcode")
      .file(member, data)
      .pad_to(512)
      .bytes();
}

support::Blob amd(std::uint32_t revision) {
  return support::AmdBlob().zen(support::AmdPatch(revision)).bytes();
}

std::uint32_t intel_revision(support::View image, std::uint32_t signature, std::uint32_t flags) {
  const support::View member = member_of(image, support::kIntelPath);
  const auto pick = support::kernel_intel(member, signature, flags, 0);
  EXPECT_EQ(pick.fault, support::IntelFault::kNone) << support::to_string(pick.fault);
  return pick.picked ? pick.picked->revision : 0;
}

std::uint32_t amd_revision(support::View image, std::uint32_t cpuid) {
  const auto pick = support::kernel_amd(member_of(image, support::kAmdPath), cpuid, 0,
                                        support::KernelRules::linux_6_1());
  return pick.loaded() ? pick.candidate->revision : 0;
}

support::Blob early_part(support::View image, support::View base) {
  EXPECT_GT(image.size(), base.size());
  if (image.size() <= base.size()) return {};
  const support::View early = image.first(image.size() - base.size());
  EXPECT_TRUE(std::ranges::equal(image.last(base.size()), base)) << "the base is not what it was";
  EXPECT_EQ(early.size() % 512, 0U);
  const auto verdict = support::unpack_verdict(early);
  EXPECT_EQ(verdict.error, "");
  EXPECT_FALSE(verdict.ends_inside_member);
  for (const std::string_view path : {support::kIntelPath, support::kAmdPath}) {
    const auto found = support::find_early(early, path);
    EXPECT_EQ(found ? found->offset % 16 : 0, 0U) << path;
  }
  return {early.begin(), early.end()};
}

bool may_mount() {
  return support::run_program({"unshare", "-m", "true"}).ok();
}

}  // namespace kip::plugins_test
