#include <cstring>
#include <gtest/gtest.h>
#include <sstream>

#include "tests/codec/compress.h"
#include "tests/initrd-pack/desk.h"

namespace kip::initrd_pack_test {
namespace {

constexpr const char* kProgram = KIP_PROGRAM_DIR "/initrd-pack";
constexpr std::string_view kName = "initrd-pack: ";

// A new process counts its parent's memory as its own until it has a program; Python's is small.
constexpr const char* kMeasure = R"(
import os, resource, sys
code = os.waitstatus_to_exitcode(os.wait4(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ), 0)[1])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
)";

}  // namespace

long Desk::peak(const std::vector<std::string>& arguments) const {
  std::vector<std::string> words = {"python3", "-I", "-S", "-c", kMeasure, kProgram};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return std::stol(support::must_run(words, {.input = {}, .cwd = dir_.path(), .env = {}}));
}

Said Desk::run(const std::vector<std::string>& arguments) const {
  std::vector<std::string> words = {kProgram};
  words.insert(words.end(), arguments.begin(), arguments.end());
  const support::RunResult result = support::run_program(
      words, {.input = {},
              .cwd = dir_.path(),
              .env = {{"SOURCE_DATE_EPOCH", std::nullopt}, {"NO_COLOR", std::nullopt}}});
  Said said{result.exit_code, result.out, {}, {}};
  std::istringstream lines(result.err);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_TRUE(line.starts_with(kName)) << line;
    line.erase(0, std::min(line.size(), kName.size()));
    const bool complaint = line.starts_with("error: ") || line.starts_with("warning: ");
    (complaint ? said.complaints : said.notes).push_back(line);
  }
  return said;
}

bool is_instrumented() {
  static const bool known = [] {
    const Blob bytes = support::read_file(kProgram);
    for (const std::string_view sign : {"__asan_init", "__gcov_init", "__ubsan_handle"}) {
      if (::memmem(bytes.data(), bytes.size(), sign.data(), sign.size()) != nullptr) return true;
    }
    return false;
  }();
  return known;
}

Blob files(std::string_view name) {
  return support::NewcBlob().file(name, support::noise(700, 5)).bytes();
}

Blob compressed_files(std::string_view name) {
  return codec::compress(codec::Method::kZstd, files(name));
}

Blob acpi_archive() {
  return support::NewcBlob()
      .directory("kernel")
      .directory("kernel/firmware")
      .directory("kernel/firmware/acpi")
      .file("kernel/firmware/acpi/ssdt.aml", support::noise(99, 8))
      .bytes();
}

}  // namespace kip::initrd_pack_test
