#include <filesystem>
#include <gtest/gtest.h>
#include <sstream>

#include "tests/kip/refresh_machine.h"

namespace kip::kip_test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kKernelInstall = R"sh(#!/bin/sh
set -eu
at=%AT% programs=%PROGRAMS% verb=$1 kver=$2 image=$3
echo "$* ENTRY_TOKEN=${ENTRY_TOKEN-} BOOT_ROOT=${BOOT_ROOT-} KIP_REFRESH=${KIP_REFRESH-} KIP_CPU=${KIP_CPU-}" >> "$at/log"
echo "installing $kver"
[ ! -e "$at/fail-$kver" ] || exit 3
staging=$(mktemp -d "$at/staging.XXXXXX"); trap 'rm -rf "$staging"' EXIT
entry=$at/boot/token/$kver
mkdir -p "$entry" "$at/boot/loader/entries"
export KERNEL_INSTALL_STAGING_AREA=$staging KERNEL_INSTALL_BOOT_ROOT=$at/boot KERNEL_INSTALL_LAYOUT=bls
export KERNEL_INSTALL_ENTRY_TOKEN=token KERNEL_INSTALL_MACHINE_ID=none KERNEL_INSTALL_VERBOSE=0
export KERNEL_INSTALL_INITRD_GENERATOR= KERNEL_INSTALL_UKI_GENERATOR=
cp "$at/base-$kver" "$staging/initrd"
"$programs/45-kip-microcode" "$verb" "$kver" "$entry" "$image"
"$programs/58-kip-image" "$verb" "$kver" "$entry" "$image"
install -m 0644 "$staging/initrd" "$entry/initrd"
options=$(cat /etc/kernel/cmdline 2>/dev/null || cat /proc/cmdline)
echo "options $options" > "$at/boot/loader/entries/token-$kver.conf"
"$programs/95-kip-record" "$verb" "$kver" "$entry" "$image"
[ ! -e "$at/half-$kver" ] || truncate -s "$(($(stat -c %s "$entry/initrd") / 2))" "$entry/initrd"
)sh";

std::string replaced(std::string text, const std::string& word, const std::string& value) {
  return text.replace(text.find(word), word.size(), value);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

Refreshed told(const support::RunResult& result) {
  Refreshed it{result.exit_code, {}, {}, result.err};
  for (const std::string& line : lines_of(result.out)) {
    const bool file = line.starts_with("    image ") || line.starts_with("    entry ");
    (file ? it.files : it.out).push_back(line);
  }
  return it;
}

}  // namespace

RefreshMachine::RefreshMachine() {
  for (const char* const name : {"var/lib", "firmware", "boot"}) dir_.directory(name);
  const std::string script = dir_.write(
      "bin/kernel-install",
      replaced(replaced(kKernelInstall, "%AT%", dir_.path()), "%PROGRAMS%", KIP_PROGRAM_DIR));
  fs::permissions(script, fs::perms::owner_all);
  dir_.write("vmlinuz", "a kernel");
  dir_.write("etc/kip/kip.conf.d/test.conf",
             "[Microcode]\nCpu=" + plugins_test::kIntel + "\nFirmware=" + dir_ / "firmware" + "\n");
  dir_.write("log", "");
  command_line("quiet");
  firmware(0x3A);
}

support::RunResult RefreshMachine::run(const std::vector<std::string>& argv) const {
  const std::string enter =
      "set -e; mount --bind \"$0/etc\" /etc; mount --bind \"$0/var/lib\" /var/lib; exec \"$@\"";
  std::vector<std::string> words = {"unshare", "-m", "sh", "-c", enter, dir_.path()};
  words.insert(words.end(), argv.begin(), argv.end());
  support::RunOptions options;
  for (const char* const name : {"KIP_CPU", "KIP_FIRMWARE", "NO_COLOR", "KERNEL_INSTALL_CONF_ROOT",
                                 "SOURCE_DATE_EPOCH", "KIP_ROOT"})
    options.env.emplace_back(name, std::nullopt);
  options.env.emplace_back("KERNEL_INSTALL_PLUGINS", plugins_);
  options.env.emplace_back("PATH", dir_ / "bin" + ":/usr/sbin:/usr/bin:/sbin:/bin");
  return support::run_program(words, options);
}

void RefreshMachine::install(const std::string& kernel, const std::string& environment) const {
  if (!fs::exists(dir_ / ("base-" + kernel)))
    dir_.write("base-" + kernel, plugins_test::generated());
  std::vector<std::string> words = {"env"};
  if (!environment.empty()) words.push_back(environment);
  for (const std::string& word :
       {std::string("kernel-install"), std::string("add"), kernel, dir_ / "vmlinuz"})
    words.push_back(word);
  const support::RunResult result = run(words);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  dir_.write("log", "");
}

void RefreshMachine::firmware(std::uint32_t revision) const {
  dir_.write("firmware/intel", support::IntelBlob().revision(revision).bytes());
}

void RefreshMachine::command_line(const std::string& text) const {
  dir_.write("etc/kernel/cmdline", text + "\n");
}

Refreshed RefreshMachine::refresh(const std::vector<std::string>& arguments) const {
  std::vector<std::string> argv = {std::string(KIP_PROGRAM_DIR) + "/kip", "refresh"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  const support::RunResult result = run(argv);
  return told(result);
}

Refreshed RefreshMachine::status() const {
  const support::RunResult result = run({std::string(KIP_PROGRAM_DIR) + "/kip", "status"});
  return told(result);
}

Refreshed RefreshMachine::doctor() const {
  const support::RunResult result = run({std::string(KIP_PROGRAM_DIR) + "/kip", "doctor"});
  return told(result);
}

std::vector<std::string> RefreshMachine::calls() const {
  const auto text = support::read_file(dir_ / "log");
  dir_.write("log", "");
  return lines_of({text.begin(), text.end()});
}

std::string RefreshMachine::image(const std::string& kernel) const {
  return dir_ / ("boot/token/" + kernel + "/initrd");
}

support::Blob RefreshMachine::bytes(const std::string& kernel) const {
  return support::read_file(image(kernel));
}

std::uint32_t RefreshMachine::revision(const std::string& kernel) const {
  return plugins_test::intel_revision(bytes(kernel));
}

}  // namespace kip::kip_test
