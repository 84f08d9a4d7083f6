#include <algorithm>
#include <cctype>
#include <fmt/format.h>

#include "tests/support/intel_blob.h"
#include "tests/ucode-pack/cases.h"

namespace kip::ucode_pack_test {
namespace {

using support::Blob;
using support::TempDir;

constexpr std::string_view kUntouched = "an existing file";

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

void expect_archive(const Case& row, const Scene& scene) {
  ASSERT_EQ(support::names_in(scene.dir() / "out"), std::vector<std::string>{"early.cpio"});
  const Members members = check_archive(scene.archive());
  EXPECT_TRUE(members.intel == row.intel)
      << fmt::format("{} bytes of Intel, expected {}", members.intel.size(), row.intel.size());
  EXPECT_EQ(members.amd.empty(), row.patches.empty());
  const std::vector<Blob> patches = patches_of(members.amd);
  EXPECT_EQ(patches.size(), row.patches.size());
  EXPECT_TRUE(patches == row.patches);
}

bool writes(const Case& row) {
  return !row.intel.empty() || !row.patches.empty();
}

void expect_answer(const Case& row, const Scene& scene) {
  SCOPED_TRACE("asked for its CPU");
  const Told told = scene.pack(row.ask);
  EXPECT_EQ(told.code, row.code) << told.err;
  EXPECT_EQ(told.complaints, row.complaints);
  EXPECT_EQ(told.out, "");
  if (writes(row)) {
    expect_archive(row, scene);
  } else {
    EXPECT_TRUE(support::names_in(scene.dir() / "out").empty());
  }
}

void expect_existing_file_safe(const Case& row, const Scene& scene) {
  SCOPED_TRACE("with an existing FILE and --force");
  scene.dir().write("out/early.cpio", kUntouched);
  std::vector<std::string> ask = row.ask;
  ask.emplace_back("--force");
  const Told told = scene.pack(ask);
  EXPECT_EQ(told.code, row.code) << told.err;
  EXPECT_EQ(told.complaints, row.complaints);
  if (writes(row)) return expect_archive(row, scene);
  EXPECT_EQ(support::to_string(support::read_file(scene.archive())), kUntouched);
  EXPECT_EQ(support::names_in(scene.dir() / "out").size(), 1U);
}

void expect_rest_served(const Scene& scene) {
  SCOPED_TRACE("asked for the CPU of the good file beside");
  scene.remove_archive();
  const Told told = scene.pack({"--cpu", fmt::format("{:#x}", kBesideSignature)});
  EXPECT_EQ(told.code, 0) << told.err;
  for (const std::string& line : told.complaints) EXPECT_TRUE(line.starts_with("warning:")) << line;
  ASSERT_TRUE(support::exists(scene.archive()));
  EXPECT_TRUE(check_archive(scene.archive()).intel == beside());
}

void expect_verified(const Case& row, const Scene& scene) {
  SCOPED_TRACE("verify");
  const Told told = scene.run({"verify", "tree"});
  EXPECT_EQ(lines_of(told.out), row.faults);
  EXPECT_EQ(told.code == 0, row.faults.empty()) << told.err;
  EXPECT_EQ(told.complaints, std::vector<std::string>());
}

}  // namespace

void PrintTo(const Case& row, std::ostream* out) {
  *out << row.name;
}

std::string case_name(const testing::TestParamInfo<Case>& row) {
  std::string name;
  for (const char c : row.param.name) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) name += c;
  }
  return name;
}

std::function<void(const TempDir&)> file(std::string name, Blob bytes) {
  return [name = "tree/" + std::move(name), bytes = std::move(bytes)](const TempDir& dir) {
    dir.write(name, bytes);
  };
}

Blob beside() {
  return support::IntelBlob()
      .signature(kBesideSignature)
      .platform_flags(0x32)
      .revision(0x12F)
      .seed(99)
      .bytes();
}

void run_case(const Case& row, const std::string& program) {
  const Scene scene(program);
  scene.dir().write("tree/zz-beside", beside());
  row.make(scene.dir());
  expect_answer(row, scene);
  expect_existing_file_safe(row, scene);
  expect_rest_served(scene);
  expect_verified(row, scene);
}

}  // namespace kip::ucode_pack_test
