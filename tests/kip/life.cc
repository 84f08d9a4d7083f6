#include <filesystem>
#include <gtest/gtest.h>
#include <sstream>

#include "tests/kip/life.h"

namespace kip::kip_test {
namespace {

namespace fs = std::filesystem;
using plugins_test::kImage;
using plugins_test::kMicrocode;
using plugins_test::Told;

const std::string kToken = "0123456789abcdef0123456789abcdef";
const std::string kRecord = "95-kip-record";

}  // namespace

Life::Life() : ModuleStage(plugins_test::directories().front()) {
  for (const char* const name : {"tree", "boot", "entry"}) {
    fs::remove_all(dir() / name);
    fs::create_directories(below_root(dir() / name));
    dir().link(name, below_root(dir() / name));
  }
  serve(plugins_test::kIntel);
  firmware("intel", support::IntelBlob().bytes());
}

std::string Life::below_root(const std::string& path) const {
  return dir() / "root" + path;
}

void Life::firmware(const std::string& name, support::View bytes) const {
  dir().write("tree/" + name, bytes);
}

void Life::install() {
  for (const std::string& name : names()) fs::remove_all(staged(name));
  write("initrd", generated());
  for (const std::string& plugin : {kMicrocode, kImage}) {
    const Told told = run(plugin);
    ASSERT_EQ(told.code, 0) << told.err;
  }
  publish();
  const Told told = run(kRecord);
  EXPECT_EQ(told.code, 0);
  EXPECT_EQ(told.err, "");
}

void Life::publish() const {
  for (const std::string& name : names()) {
    if (!fs::is_regular_file(staged(name))) continue;
    fs::copy_file(staged(name), dir() / ("entry/" + name), fs::copy_options::overwrite_existing);
  }
  dir().write("boot/loader/entries/" + kToken + "-" + kKernel + ".conf", "options quiet\n");
  dir().write("boot/EFI/Linux/" + kToken + "-" + kKernel + "+3.efi", read());
}

void Life::remove() const {
  const Told told = run(kRecord, {"remove", kKernel, dir() / "entry"});
  EXPECT_EQ(told.code, 0);
  EXPECT_EQ(told.err, "");
}

std::string Life::image() const {
  return dir() / "entry/initrd";
}

Said Life::status(std::vector<std::string> arguments) const {
  return kip("status", std::move(arguments));
}

Said Life::kip(const std::string& verb, std::vector<std::string> arguments) const {
  std::vector<std::string> argv = {std::string(KIP_PROGRAM_DIR) + "/kip", verb, "--root",
                                   dir() / "root"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  support::RunOptions options;
  for (const char* const name : {"KIP_CPU", "KIP_FIRMWARE", "NO_COLOR"})
    options.env.emplace_back(name, std::nullopt);
  const support::RunResult result = support::run_program(argv, options);
  Said said{result.exit_code, result.out, {}};
  std::istringstream lines(result.err);
  std::string line;
  while (std::getline(lines, line)) {
    EXPECT_TRUE(line.starts_with("kip: ")) << line;
    line.erase(0, 5);
    if (line.starts_with("error: ") || line.starts_with("warning: "))
      said.complaints.push_back(line);
  }
  return said;
}

nlohmann::json Life::status_json() const {
  return nlohmann::json::parse(status({"--json"}).out);
}

std::vector<std::string> Life::changes(const std::string& state) const {
  const Said said = status();
  EXPECT_EQ(said.code, state == "current" ? 0 : 1);
  EXPECT_EQ(said.complaints, std::vector<std::string>());
  std::istringstream lines(said.out);
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line, kKernel + ": " + state);
  std::vector<std::string> found;
  while (std::getline(lines, line)) found.push_back(line.substr(line.find_first_not_of(' ')));
  return found;
}

}  // namespace kip::kip_test
