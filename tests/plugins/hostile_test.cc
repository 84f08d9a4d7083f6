// Staging areas that somebody else has been in: links, what is no file, garbage, no room. Nothing
// outside is touched, the generator's initrd stays, and kernel-install goes on.
#include <filesystem>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "tests/plugins/stage.h"
#include "tests/support/kernel_finder.h"

namespace kip::plugins_test {
namespace {

using support::Blob;
using support::IntelBlob;
using support::kIntelPath;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kEarly = "kip.d/early.cpio";
void prepare(Stage& stage) {
  stage.dir().write("tree/06-bf-02", IntelBlob().bytes());
  stage.serve(kIntel);
  stage.write("initrd", generated());
}

// The image stays, and that is said; kernel-install goes on.
void expect_error(const Stage& stage, const std::string& plugin, const std::string& path,
                  const std::string& what) {
  const Told told = stage.run(plugin);
  EXPECT_EQ(told.code, 0);
  EXPECT_THAT(told.complaints,
              ElementsAre(testing::AllOf(StartsWith("error: '" + path + "'"), HasSubstr(what)),
                          plugin == kImage ? "warning: the image is left as it is"
                                           : "warning: no microcode is added"));
}

// A sound early part, made in another staging area.
Blob early_part_of_another(const std::string& programs) {
  Stage other(programs);
  prepare(other);
  EXPECT_EQ(other.run(kMicrocode).err, "");
  return other.read(kEarly);
}

TEST(OwnDirectoryAsALink, IsNotFollowed) {
  with_each_program([](const std::string& programs) {
    Stage stage(programs);
    prepare(stage);
    stage.dir().link("staging/kip.d", stage.dir().directory("elsewhere"));
    expect_error(stage, kMicrocode, stage.staged("kip.d"), "");
    EXPECT_TRUE(support::names_in(stage.dir() / "elsewhere").empty());
    // Not even for reading: whoever made the link is not who chose the microcode.
    stage.dir().write("elsewhere/early.cpio", early_part_of_another(programs));
    expect_error(stage, kImage, stage.staged("kip.d"), "");
    EXPECT_TRUE(stage.read() == generated());
    EXPECT_EQ(support::names_in(stage.dir() / "elsewhere").size(), 1U);
  });
}

TEST(OwnDirectoryAsAFile, IsAnError) {
  with_each_program([](const std::string& programs) {
    Stage stage(programs);
    prepare(stage);
    stage.write("kip.d", support::text("mine"));
    for (const std::string& plugin : {kMicrocode, kImage})
      expect_error(stage, plugin, stage.staged("kip.d"), "");
    EXPECT_TRUE(stage.read() == generated());
  });
}

TEST(EarlyPartAsALink, IsReplacedByTheOneAndRefusedByTheOther) {
  with_each_program([](const std::string& programs) {
    Stage stage(programs);
    prepare(stage);
    const Blob target = early_part_of_another(programs);
    const std::string elsewhere = stage.dir().write("elsewhere", target);
    stage.dir().link(std::string("staging/") + kEarly, elsewhere);
    expect_error(stage, kImage, stage.staged(kEarly), "");
    EXPECT_TRUE(stage.read() == generated());
    EXPECT_EQ(stage.run(kMicrocode).err, "");
    EXPECT_FALSE(std::filesystem::is_symlink(stage.staged(kEarly)));
    EXPECT_TRUE(support::read_file(elsewhere) == target);
    EXPECT_EQ(stage.run(kImage).err, "");
    EXPECT_EQ(intel_revision(stage.read()), 0x3AU);
  });
}

TEST(EarlyPartThatIsNone, IsAnErrorAndNotSilence) {
  with_each_program([](const std::string& programs) {
    const Blob sound = early_part_of_another(programs);
    const std::vector<std::pair<const char*, Blob>> cases = {
        {"empty", {}},
        {"noise", support::noise(4096, 9)},
        {"another's archive", early_archive(kIntelPath, IntelBlob().bytes())},
        {"cut off", Blob(sound.begin(), sound.begin() + 700)},
        {"compressed", generated()},
    };
    for (const auto& [name, bytes] : cases) {
      SCOPED_TRACE(name);
      Stage stage(programs);
      prepare(stage);
      stage.write(kEarly, bytes);
      expect_error(stage, kImage, stage.staged(kEarly), "is no early part of kip");
      EXPECT_TRUE(stage.read() == generated());
      EXPECT_EQ(stage.run(kMicrocode).err, "") << "it is replaced";
      EXPECT_TRUE(stage.read(kEarly) == sound);
    }
  });
}

// Bits of the updates that a disk lost between 45 and 58.
TEST(EarlyPartThatIsDamaged, NeverGetsIntoAnImage) {
  with_each_program([](const std::string& programs) {
    Stage stage(programs);
    prepare(stage);
    Blob bytes = early_part_of_another(programs);
    const auto member = support::find_early(bytes, kIntelPath);
    ASSERT_TRUE(member);
    bytes[member->offset + 500] ^= 1;
    stage.write(kEarly, bytes);
    expect_error(stage, kImage, stage.staged("initrd"), "the early part for it is damaged");
    EXPECT_TRUE(stage.read() == generated());
  });
}

TEST(EarlyPartThatIsNoFile, IsAnError) {
  with_each_program([](const std::string& programs) {
    for (const bool is_fifo : {false, true}) {
      Stage stage(programs);
      prepare(stage);
      const std::string name = std::string("staging/") + kEarly;
      is_fifo ? stage.dir().fifo(name) : stage.dir().directory(name);
      for (const std::string& plugin : {kMicrocode, kImage})
        expect_error(stage, plugin, stage.staged(kEarly), "");
      EXPECT_TRUE(stage.read() == generated());
    }
  });
}

TEST(InitrdAsALink, IsReplacedAndItsTargetStays) {
  with_each_program([](const std::string& programs) {
    Stage stage(programs);
    prepare(stage);
    std::filesystem::remove(stage.staged("initrd"));
    const std::string target = stage.dir().write("boot/initrd.img", generated());
    ::chmod(target.c_str(), 0444);
    stage.dir().link("staging/initrd", target);
    stage.add();
    EXPECT_FALSE(std::filesystem::is_symlink(stage.staged("initrd")));
    EXPECT_EQ(intel_revision(early_part(stage.read(), generated())), 0x3AU);
    EXPECT_TRUE(support::read_file(target) == generated());
    EXPECT_EQ(support::names_in(stage.dir() / "boot").size(), 1U);
  });
}

TEST(InitrdAsAHardLink, LeavesTheOtherNameAlone) {
  with_each_program([](const std::string& programs) {
    Stage stage(programs);
    prepare(stage);
    std::filesystem::create_hard_link(stage.staged("initrd"), stage.dir() / "other");
    stage.add();
    EXPECT_EQ(intel_revision(stage.read()), 0x3AU);
    EXPECT_TRUE(support::read_file(stage.dir() / "other") == generated());
  });
}

TEST(InitrdThatIsNoFile, IsLeftAlone) {
  with_each_program([](const std::string& programs) {
    for (const char* const kind : {"fifo", "directory", "dangling"}) {
      SCOPED_TRACE(kind);
      Stage stage(programs);
      prepare(stage);
      std::filesystem::remove(stage.staged("initrd"));
      if (kind == std::string("fifo")) stage.dir().fifo("staging/initrd");
      if (kind == std::string("directory")) stage.dir().directory("staging/initrd");
      if (kind == std::string("dangling"))
        stage.dir().link("staging/initrd", stage.dir() / "nowhere");
      stage.add();
      EXPECT_THAT(stage.names(), ElementsAre("initrd", "kip.d"));
      EXPECT_FALSE(std::filesystem::is_regular_file(stage.staged("initrd")));
      EXPECT_FALSE(support::exists(stage.dir() / "nowhere"));
    }
  });
}

TEST(StagingAreaThatIsMissing, IsAnError) {
  with_each_program([](const std::string& programs) {
    Stage stage(programs);
    prepare(stage);
    const std::string none = stage.dir() / "none";
    stage.set("KERNEL_INSTALL_STAGING_AREA", none);
    expect_error(stage, kMicrocode, none + "/kip.d", "No such file or directory");
    expect_error(stage, kImage, none, "No such file or directory");
    EXPECT_FALSE(support::exists(none));
  });
}

TEST(Modes, AreForRootAloneWhateverTheUmask) {
  with_each_program([](const std::string& programs) {
    for (const char* const mask : {"000", "022", "077"}) {
      SCOPED_TRACE(mask);
      Stage stage(programs);
      prepare(stage);
      stage.write("microcode-intel", early_archive(kIntelPath, IntelBlob().revision(1).bytes()));
      stage.dir().write("tree/amd.bin", amd());
      stage.serve(kIntel + " " + kAmd);
      stage.set_launcher({"sh", "-c", std::string("umask ") + mask + "; exec \"$0\" \"$@\""});
      stage.add();
      for (const char* const name : {kEarly, "initrd", "microcode-intel"}) {
        struct stat status;
        ASSERT_EQ(::stat(stage.staged(name).c_str(), &status), 0) << name;
        EXPECT_EQ(status.st_mode, S_IFREG | 0600U) << name;
      }
      struct stat status;
      ASSERT_EQ(::stat(stage.staged("kip.d").c_str(), &status), 0);
      EXPECT_EQ(status.st_mode, S_IFDIR | 0700U);
    }
  });
}

// A memory file system of 64 KiB, where staging areas often are.
class NoRoom : public testing::Test {
 protected:
  static void fill(Stage& stage, const std::string& prepare_more) {
    stage.set_launcher(
        {"unshare", "-m", "sh", "-c",
         "mount -t tmpfs -o size=64k,mode=700 tmpfs staging && cp early staging/ &&" +
             prepare_more +
             " && \"$0\" \"$@\"; code=$?\n"
             "rm -rf after; mkdir after; cp -a staging/. after/; exit $code"});
  }
};

TEST_F(NoRoom, LeavesTheInitrdAndNothingHalfWritten) {
  if (!may_mount()) GTEST_SKIP() << "NOT RUN: a mount needs root";
  with_each_program([](const std::string& programs) {
    Stage stage(programs);
    prepare(stage);
    const Blob base = support::noise(40 * 1024, 4);
    stage.dir().write("base", base);
    stage.dir().write("early", early_part_of_another(programs));
    fill(stage,
         "mkdir staging/kip.d && mv staging/early staging/kip.d/early.cpio && "
         "cp base staging/initrd");
    expect_error(stage, kImage, stage.staged("initrd"), "No space left on device");
    EXPECT_TRUE(support::read_file(stage.dir() / "after/initrd") == base);
    EXPECT_THAT(support::names_in(stage.dir() / "after"), ElementsAre("initrd", "kip.d"));
    // 45 says the same in its own words.
    fill(stage,
         "rm staging/early && head -c 64K base >staging/initrd; "
         "head -c 24K /dev/zero >staging/more; true");
    const Told told = stage.run(kMicrocode);
    EXPECT_EQ(told.code, 0);
    EXPECT_THAT(told.complaints, Contains(HasSubstr("No space left on device")));
    EXPECT_THAT(support::names_in(stage.dir() / "after"),
                testing::Not(Contains(StartsWith("microcode"))));
    EXPECT_TRUE(support::read_file(stage.dir() / "after/initrd") == base);
  });
}

}  // namespace
}  // namespace kip::plugins_test
