// What the options of pack change: which CPUs, which updates, from where, and how much is said.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"
#include "tests/ucode-pack/cases.h"

namespace kip::ucode_pack_test {
namespace {

using nlohmann::json;
using support::Blob;
using support::IntelBlob;
using support::TempDir;

Blob revision(std::uint32_t value, std::uint32_t signature = 0x000B06F2) {
  return IntelBlob().signature(signature).revision(value).seed(value).bytes();
}

// Three revisions for our CPU, and another CPU's update.
Case choice(std::string name, std::vector<std::string> ask, int code, Blob intel,
            std::vector<std::string> complaints = {}) {
  return {
      std::move(name),
      [](const TempDir& dir) {
        dir.write("tree/06-bf-02", support::join({revision(0x38), revision(0x3A), revision(0x39)}));
        dir.write("tree/06-8f-08", revision(0x10, 0x806F8));
      },
      std::move(ask),
      code,
      std::move(complaints),
      std::move(intel),
      {},
      {}};
}

std::vector<Case> choices() {
  const Blob newest = revision(0x3A), middle = revision(0x39), oldest = revision(0x38);
  const Blob other = revision(0x10, 0x806F8);
  const auto none = [](const std::string& cpu, const std::string& why) {
    return std::vector<std::string>{"error: " + cpu + ": no microcode found for it; revision " +
                                    why};
  };
  const std::string ours = "0xb06f2";
  const std::vector<std::string> ask = {"--cpu", ours};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), ask.begin(), ask.end());
    return more;
  };
  return {
      choice("Newest", ask, 0, newest),
      choice("Bound less", {"--cpu", "0xb06f2,,lt:0x3a"}, 0, middle),
      choice("Bound equal", {"--cpu", "0xb06f2,0x07,eq:0x38"}, 0, oldest),
      choice("Bound greater", {"--cpu", "0xb06f2,,gt:0x39"}, 0, newest),
      choice("Bound that nothing meets", {"--cpu", "0xb06f2,,gt:0x3a"}, 3, {},
             none("0xb06f2,,gt:0x3a",
                  "0x00000038 in 'tree/06-bf-02' is not taken: outside the revision bound")),
      choice("Hold the newest", with({"--hold", "0xb06f2,,eq:0x3a"}), 0, middle),
      choice("Hold what is above", with({"--hold", "06-bf-02,,gt:0x38"}), 2, {},
             {"error: '06-bf-02,,gt:0x38': no CPU, which is written as 06-8f-08, 0x806f8 or "
              "cpu00A20F12"}),
      choice("Hold two", with({"--hold", "0xb06f2,,eq:0x3a", "--hold", "0xb06f2,,eq:0x39"}), 0,
             oldest),
      choice("Hold all", with({"--hold", "06-bf-02"}), 3, {},
             none(ours, "0x00000038 in 'tree/06-bf-02' is not taken: held back")),
      choice("Hold another CPU", with({"--hold", "0x806f8"}), 0, newest),
      choice("Pin the middle", with({"--pin", "0xb06f2,,eq:0x39"}), 0, middle),
      choice("Pin below", with({"--pin", "0xb06f2,,lt:0x3a"}), 0, middle),
      choice("Pin one of two", with({"--pin", "0xb06f2,,eq:0x38", "--pin", "0xb06f2,,eq:0x39"}), 0,
             middle),
      choice("Pin what is not there", with({"--pin", "0xb06f2,,eq:0x37"}), 3, {},
             none(ours, "0x00000038 in 'tree/06-bf-02' is not taken: another revision is pinned")),
      choice("Pin another CPU", with({"--pin", "0x806f8,,eq:0x1"}), 0, newest),
      choice("Hold goes before pin", with({"--pin", "0xb06f2,,eq:0x39", "--hold", "06-bf-02"}), 3,
             {}, none(ours, "0x00000038 in 'tree/06-bf-02' is not taken: held back")),
      choice("Two CPUs", with({"--cpu", "06-8f-08"}), 0, support::join({other, newest})),
      choice("One of two is not served", with({"--cpu", "06-55-04"}), 3, {},
             {"error: 06-55-04: no microcode found for it"}),
      choice("One of two is not served and need not be",
             with({"--cpu", "06-55-04", "--allow-none"}), 0, newest,
             {"warning: 06-55-04: no microcode found for it"}),
      choice(
          "Nothing for anybody and nothing needed", {"--cpu", "06-55-04", "--allow-none"}, 0, {},
          {"warning: 06-55-04: no microcode found for it", "warning: there is nothing to write"}),
      choice("All but one", {"--cpu", "all", "--cpu", "!0xb06f2", "--cpu", "!0xb0671"}, 0, other),
      choice("Exclusions alone stand for all but these", {"--cpu", "!0x806f8", "--cpu", "!0xb0671"},
             0, newest),
      choice("Exclude a revision", {"--cpu", "0xb06f2", "--cpu", "!0xb06f2,,eq:0x3a"}, 0, middle),
      choice("The same CPU in three ways",
             {"--cpu", ours, "--cpu", "06-bf-02", "--cpu", "intel:0xb06f2"}, 0, newest),
      choice("The other vendor's CPU", {"--cpu", "amd:0xb06f2"}, 3, {},
             {"error: amd:0xb06f2: no microcode found for it"}),
      choice("A broken file is left out of all",
             {"--cpu", "all", "--cpu", "!0xb0671", "--cpu", "!0x806f8"}, 0, newest),
  };
}

class OptionCases : public testing::TestWithParam<Case> {};

TEST_P(OptionCases, ChangeTheChoice) {
  with_each_program([](const std::string& program) { run_case(GetParam(), program); });
}

INSTANTIATE_TEST_SUITE_P(Pack, OptionCases, testing::ValuesIn(choices()), case_name);

// With `all`, what turns out broken when it is read whole is left out, and the next best taken.
TEST(BrokenUpdate, IsLeftOutOfAll) {
  with_each_program([](const std::string& program) {
    const Scene scene(program);
    const Blob bad = IntelBlob().revision(0x3B).break_main_sum().bytes();
    scene.dir().write("tree/06-bf-02", support::join({bad, revision(0x3A)}));
    scene.dir().write("tree/06-8f-08", revision(0x10, 0x806F8));
    const Told told = scene.pack({"--cpu", "all"});
    EXPECT_EQ(told.code, 0) << told.err;
    EXPECT_NE(told.err.find("'tree/06-bf-02': offset 0x0: checksum is wrong"), std::string::npos);
    ASSERT_TRUE(support::exists(scene.archive()));
    EXPECT_TRUE(check_archive(scene.archive()).intel ==
                support::join({revision(0x10, 0x806F8), revision(0x3A)}));
  });
}

TEST(BrokenCopy, IsReplacedByASoundOne) {
  with_each_program([](const std::string& program) {
    const Scene scene(program);
    Blob bad = revision(0x3A);
    bad[500] ^= 1;
    scene.dir().write("tree/a", bad);
    scene.dir().write("tree/b", revision(0x3A));
    const Told told = scene.pack({"--cpu", "0xb06f2"});
    EXPECT_EQ(told.code, 0) << told.err;
    EXPECT_EQ(told.complaints,
              std::vector<std::string>{
                  "warning: 'tree/a': offset 0x0: checksum is wrong; another copy serves"});
    EXPECT_TRUE(check_archive(scene.archive()).intel == revision(0x3A));
  });
}

// The kernel's firmware search path below --root: a file hides its namesake in a later directory.
TEST(SearchPath, BelowRoot) {
  with_each_program([](const std::string& program) {
    const Scene scene(program);
    const auto put = [&](const std::string& directory, std::uint32_t value) {
      scene.dir().write("tree" + directory + "/intel-ucode/06-bf-02", revision(value));
    };
    const auto packed = [&](const std::vector<std::string>& more) {
      std::vector<std::string> arguments = {"--cpu", "0xb06f2",        "--root", "tree",
                                            "-o",    "out/early.cpio", "--force"};
      arguments.insert(arguments.end(), more.begin(), more.end());
      const Told told = scene.run(arguments);
      EXPECT_EQ(told.code, 0) << told.err;
      return check_archive(scene.archive()).intel;
    };
    put("/lib/firmware", 0x3A);
    EXPECT_TRUE(packed({}) == revision(0x3A));
    put("/lib/firmware/6.1.0", 0x39);
    EXPECT_TRUE(packed({}) == revision(0x3A));
    EXPECT_TRUE(packed({"--kernel", "6.1.0"}) == revision(0x39));
    put("/lib/firmware/updates", 0x38);
    EXPECT_TRUE(packed({"--kernel", "6.1.0"}) == revision(0x38));
    put("/lib/firmware/updates/6.1.0", 0x37);
    EXPECT_TRUE(packed({"--kernel", "6.1.0"}) == revision(0x37));
    EXPECT_TRUE(packed({"--kernel", "6.12.0"}) == revision(0x38));
    scene.dir().write("tree/sys/module/firmware_class/parameters/path", std::string_view("/own\n"));
    put("/own", 0x36);
    EXPECT_TRUE(packed({"--kernel", "6.1.0"}) == revision(0x36));
    // Links do not lead out of the root.
    scene.dir().write("intel-ucode/06-8f-08", revision(0x10, 0x806F8));
    scene.dir().link("tree/firmware", "../../../../..");
    const Told outside = scene.run({"list", "--root", "tree", "--firmware", "/firmware"});
    EXPECT_EQ(outside.out.find("06-8f-08"), std::string::npos) << outside.out;
  });
}

TEST(SearchPath, ThatIsEmptyServesNobody) {
  with_each_program([](const std::string& program) {
    const Scene scene(program);
    const Told told = scene.run({"--cpu", "0xb06f2", "--root", "tree", "-o", "out/early.cpio"});
    EXPECT_EQ(told.code, 3);
    EXPECT_EQ(told.complaints,
              std::vector<std::string>{"error: 0xb06f2: no microcode found for it below "
                                       "/lib/firmware (intel-ucode, amd-ucode)"});
    const Told all = scene.run({"--cpu", "all", "--root", "tree", "-o", "out/early.cpio"});
    EXPECT_EQ(all.code, 3);
    EXPECT_EQ(all.complaints, std::vector<std::string>{
                                  "error: no microcode found below /lib/firmware (intel-ucode, "
                                  "amd-ucode)"});
    EXPECT_TRUE(support::names_in(scene.dir() / "out").empty());
    const Told list = scene.run({"list", "--root", "tree"});
    EXPECT_EQ(list.code, 3);
    const Told verify = scene.run({"verify", "--root", "tree"});
    EXPECT_EQ(verify.code, 3);
    const Told missing = scene.run({"--cpu", "all", "--root", "missing", "-n"});
    EXPECT_EQ(missing.code, 4);
    EXPECT_EQ(missing.complaints,
              std::vector<std::string>{"error: 'missing': No such file or directory"});
  });
}

}  // namespace
}  // namespace kip::ucode_pack_test
