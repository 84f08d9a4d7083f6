#include <chrono>
#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sstream>
#include <sys/utsname.h>

#include "tests/support/newc_blob.h"
#include "tests/ucode-pack/booted_machine.h"

namespace kip::ucode_pack_test {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kBoot = 1'700'000'000;  // seconds since 1970
constexpr std::int64_t kDay = 86'400;

constexpr const char* kEnter = R"sh(set -e
mount --bind "$0/cpuinfo" /proc/cpuinfo
mount --bind "$0/cmdline" /proc/cmdline
mount --bind "$0/stat" /proc/stat
mount --bind "$0/sys" /sys/devices/system/cpu
mount --bind "$0/lib" /var/lib
journal=$0/journal
exec 3<"$journal"
mount -t tmpfs none /run
mkdir -p /run/systemd/journal
mount --bind /proc/self/fd/3 /run/systemd/journal
exec 3<&-
cd "$0"
exec "$@")sh";

void set_time(const std::string& path, std::int64_t seconds) {
  const auto system = std::chrono::system_clock::from_time_t(static_cast<std::time_t>(seconds));
  fs::last_write_time(path, std::chrono::file_clock::from_sys(system));
}

}  // namespace

BootedMachine::BootedMachine() {
  for (const char* const name : {"sys", "lib", "journal"}) dir_.directory(name);
  dir_.write("stat", fmt::format("cpu  1 2 3\nintr 7 0 0\nctxt 9\nbtime {}\nprocesses 1\n", kBoot));
  command_line("quiet");
}

void BootedMachine::cpus(const std::vector<BootedCpu>& cpus) const {
  std::string text;
  std::size_t number = 0;
  for (const BootedCpu& cpu : cpus) {
    text += fmt::format("processor\t: {}\nvendor_id\t: {}\ncpu family\t: {}\nmodel\t\t: {}\n",
                        number, cpu.vendor, cpu.family, cpu.model);
    text += fmt::format("stepping\t: {}\n", cpu.stepping);
    if (cpu.shown) text += fmt::format("microcode\t: {:#x}\n", cpu.running);
    text += fmt::format("flags\t\t: fpu{} msr\n\n", cpu.hypervisor ? " hypervisor" : "");
    const std::string directory = fmt::format("sys/cpu{}/microcode/", number++);
    if (!cpu.flags) continue;
    dir_.write(directory + "processor_flags", fmt::format("{:#x}\n", *cpu.flags));
    if (cpu.shown) dir_.write(directory + "version", fmt::format("{:#x}\n", cpu.running));
  }
  dir_.write("cpuinfo", text);
}

void BootedMachine::command_line(const std::string& text) const {
  dir_.write("cmdline", text + "\n");
}

std::string BootedMachine::image(const std::string& name, std::string_view member,
                                 const support::Blob& data) const {
  std::string path = dir_.write(name, support::NewcBlob().file(member, data).pad_to(512).bytes());
  set_time(path, kBoot - kDay);
  return path;
}

void BootedMachine::written_after_the_boot(const std::string& path) const {
  set_time(path, kBoot + 1);
}

void BootedMachine::record(const std::string& token,
                           const std::vector<std::pair<std::string, std::string>>& files) const {
  using Json = nlohmann::json;
  const Json none = Json::array();
  Json list = none;
  for (const auto& [name, path] : files) {
    list.push_back({{"name", name}, {"path", path}, {"size", 1}, {"mtime", 1}, {"parts", none}});
  }
  const Json call = {{"caller", ""},           {"arguments", none},   {"layout", "bls"},
                     {"initrd_generator", ""}, {"uki_generator", ""}, {"entry_directory", ""},
                     {"boot_root", ""}};
  const Json modules = {{"in_image", none}, {"firmware", none}, {"decisions", none}};
  const Json settings = {
      {"compression", ""}, {"conflict", "union"}, {"holds", none}, {"pins", none}};
  const Json manifest = {{"schema", 1},
                         {"token", token},
                         {"kernel", running_kernel()},
                         {"kip_version", "0"},
                         {"zstd_version", ""},
                         {"call", call},
                         {"inputs", {{"modules", modules}, {"settings", settings}}},
                         {"files", list},
                         {"entry", ""}};
  dir_.write("lib/kip/manifests/" + token + "@" + running_kernel() + ".json", manifest.dump());
}

Told BootedMachine::check(const std::vector<std::string>& arguments) const {
  std::vector<std::string> argv = {"unshare",          "-m",        "sh", "-c", kEnter, dir_.path(),
                                   programs().front(), "check-boot"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  const support::RunResult result = support::run_program(argv);
  Told told{result.exit_code, result.out, result.err, {}, {}};
  std::istringstream lines(result.err);
  constexpr std::string_view kName = "ucode-pack: ";
  for (std::string line; std::getline(lines, line);) {
    EXPECT_TRUE(line.starts_with(kName)) << line;
    line.erase(0, std::min(line.size(), kName.size()));
    const bool complaint = line.starts_with("error: ") || line.starts_with("warning: ");
    (complaint ? told.complaints : told.notes).push_back(line);
  }
  return told;
}

std::string running_kernel() {
  utsname names{};
  return ::uname(&names) == 0 ? names.release : "";
}

bool may_mount() {
  return support::run_program({"unshare", "-m", "true"}).ok();
}

}  // namespace kip::ucode_pack_test
