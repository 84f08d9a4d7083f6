#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <map>
#include <openssl/sha.h>
#include <sstream>
#include <sys/resource.h>

#include "tests/ucode-pack/scene.h"

namespace kip::ucode_pack_test {
namespace {

constexpr std::string_view kName = "ucode-pack: ";

// What the environment of a test run must not decide.
const support::RunOptions& plain_environment() {
  static const support::RunOptions options = {
      .input = {},
      .cwd = {},
      .env = {{"SOURCE_DATE_EPOCH", std::nullopt}, {"NO_COLOR", std::nullopt}}};
  return options;
}

// A new process counts its parent's memory as its own until it has a program: a sanitized test has
// to start from something smaller. Python's first megabytes count instead.
constexpr const char* kMeasure = R"(
import os, signal, sys
child = os.fork()
if child == 0:
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.execvp(sys.argv[2], sys.argv[2:])
_, status, usage = os.wait4(child, 0)
with open(sys.argv[1], "w") as out:
    out.write(str(usage.ru_maxrss))
code = os.waitstatus_to_exitcode(status)
os._exit(code if code >= 0 else 128 - code)
)";

bool is_small_process() {
  rusage own{};
  return ::getrusage(RUSAGE_SELF, &own) == 0 && own.ru_maxrss < kPeakLimitKib / 2;
}

bool is_plain(unsigned char c) {
  return c >= 0x20 && c != 0x7f;
}

void sort_lines(Told& told) {
  std::istringstream lines(told.err);
  std::string line;
  while (std::getline(lines, line)) {
    EXPECT_TRUE(line.starts_with(kName)) << line;
    EXPECT_TRUE(std::all_of(line.begin(), line.end(), is_plain)) << line;
    line.erase(0, std::min(line.size(), kName.size()));
    const bool complaint = line.starts_with("error: ") || line.starts_with("warning: ");
    (complaint ? told.complaints : told.notes).push_back(line);
  }
  EXPECT_TRUE(told.err.empty() || told.err.back() == '\n') << told.err;
}

}  // namespace

std::vector<std::string> programs() {
  std::vector<std::string> found = {KIP_PROGRAM_DIR "/ucode-pack"};
  const char* const more = std::getenv("KIP_PROGRAMS");
  if (more == nullptr || *more == '\0') return found;
  const std::string other = std::filesystem::absolute(more).string() + "/ucode-pack";
  if (!std::filesystem::exists(other)) throw std::runtime_error("KIP_PROGRAMS: no " + other);
  if (!std::filesystem::equivalent(other, found.front())) found.push_back(other);
  return found;
}

std::string quick_program() {
  return programs().back();
}

bool is_instrumented(const std::string& program) {
  static std::map<std::string, bool> known;
  const auto [found, is_new] = known.emplace(program, false);
  if (is_new) {
    const support::Blob bytes = support::read_file(program);
    for (const std::string_view sign : {"__asan_init", "__gcov_init", "__ubsan_handle"}) {
      found->second |= ::memmem(bytes.data(), bytes.size(), sign.data(), sign.size()) != nullptr;
    }
  }
  return found->second;
}

Scene::Scene(std::string program, const std::string& below)
    : dir_(below), program_(std::move(program)) {
  dir_.directory("tree");
  dir_.directory("out");
}

Told Scene::listen(const std::vector<std::string>& argv, const support::RunOptions& options) const {
  support::RunOptions complete = options;
  if (complete.cwd.empty()) complete.cwd = dir_.path();
  for (const auto& change : plain_environment().env) {
    const bool given = std::any_of(options.env.begin(), options.env.end(),
                                   [&](const auto& own) { return own.first == change.first; });
    if (!given) complete.env.push_back(change);
  }
  const bool watched = !is_instrumented(program_);
  const std::string peak = dir_ / "peak";
  std::vector<std::string> words = argv;
  if (watched && !is_small_process()) {
    words.insert(words.begin(), {"python3", "-I", "-S", "-c", kMeasure, peak});
  }
  support::RunResult result = support::run_program(words, complete);
  if (words.size() != argv.size()) {
    result.peak_kib = std::stol(support::to_string(support::read_file(peak)));
  }
  Told told{result.exit_code, std::move(result.out), std::move(result.err), {}, {}};
  sort_lines(told);
  if (watched) {
    EXPECT_LT(result.peak_kib, kPeakLimitKib);
  }
  return told;
}

Told Scene::run(const std::vector<std::string>& arguments) const {
  return run(arguments, {});
}

Told Scene::run(const std::vector<std::string>& arguments,
                const support::RunOptions& options) const {
  std::vector<std::string> argv = {program_};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return listen(argv, options);
}

Told Scene::pack(const std::vector<std::string>& arguments) const {
  std::vector<std::string> all = {"--firmware", "tree", "-o", "out/early.cpio"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return run(all);
}

void Scene::remove_archive() const {
  std::filesystem::remove(archive());
}

Told Scene::shell(const std::string& command, const std::vector<std::string>& arguments) const {
  std::vector<std::string> argv = {"sh", "-c", command, program_};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return listen(argv, {});
}

void with_each_program(const std::function<void(const std::string& program)>& body) {
  for (const std::string& program : programs()) {
    SCOPED_TRACE(program);
    body(program);
  }
}

std::string sha256_hex(support::View bytes) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(bytes.data(), bytes.size(), digest);
  std::string hex;
  for (const unsigned char byte : digest) hex += fmt::format("{:02x}", byte);
  return hex;
}

}  // namespace kip::ucode_pack_test
