// 58-kip-image: modules for initrds that stay as they are, in a file of their own.
#include <algorithm>
#include <gmock/gmock.h>

#include "tests/plugins/module_stage.h"

namespace kip::plugins_test {
namespace {

using support::Blob;
using support::NewcBlob;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kInclude = "[Modules]\nInclude=wanted\n";
const std::string kApart = "initrd.zz-kip-modules";

void expect_quiet(const Told& told) {
  EXPECT_EQ(told.code, 0);
  EXPECT_EQ(told.err, "");
}

TEST(InitrdsGiven, GetModulesInAFileOfTheirOwn) {
  with_each_program([](const std::string& programs) {
    for (const bool old : {false, true}) {
      ModuleStage stage(programs);
      const Blob base = stage.base();
      if (old) stage.become_systemd_251();
      stage.configure(kInclude);
      const std::string given = stage.dir().write("boot/given.img", base);
      stage.set_initrds({given});
      expect_quiet(stage.run(kImage));
      EXPECT_THAT(stage.names(), ElementsAre(kApart, "kip.d"));
      EXPECT_TRUE(support::read_file(given) == base);
      const Blob overlay = stage.read(kApart);
      EXPECT_EQ(overlay.size() % 4, 0U);
      EXPECT_TRUE(std::all_of(overlay.begin(), overlay.begin() + 4, [](auto b) { return b == 0; }));
      EXPECT_THAT(Unpacked({base, overlay}).needs("wanted"), ElementsAre("helper.ko", "wanted.ko"));
      expect_quiet(stage.run(kImage));
      EXPECT_TRUE(stage.read(kApart) == overlay) << "and once more, at 86";
    }
  });
}

TEST(SeveralInitrds, GetModulesBuiltAgainstThemTogether) {
  with_each_program([](const std::string& programs) {
    ModuleStage stage(programs);
    const Blob base = stage.base();
    const Blob more = NewcBlob()
                          .directory("usr/lib/modules/" + kKernel + "/kernel/lib")
                          .file("usr/lib/modules/" + kKernel + "/kernel/lib/helper.ko",
                                stage.root().module("kernel/lib/helper.ko", {{"intree", "Y"}}))
                          .bytes();
    stage.configure(kInclude);
    stage.write("initrd", base);
    stage.write("initrd-more", more);
    expect_quiet(stage.run(kImage));
    EXPECT_THAT(stage.names(), ElementsAre("initrd", "initrd-more", kApart, "kip.d"));
    EXPECT_TRUE(stage.read() == base);
    EXPECT_TRUE(stage.read("initrd-more") == more);
    EXPECT_THAT(Unpacked({base, more, stage.read(kApart)}).needs("wanted"),
                ElementsAre("helper.ko", "wanted.ko"));
  });
}

// systemd-boot up to 256 puts no zeros between files.
TEST(InitrdOfOddLength, GetsNoRawFileBehindIt) {
  with_each_program([](const std::string& programs) {
    ModuleStage stage(programs);
    stage.configure(std::string(kInclude) + "[Image]\nCompression=none\n");
    const std::string plain = stage.dir().write("plain", stage.base());
    support::must_run({"sh", "-c",
                       "gzip -nc \"$0\" >\"$0.gz\"; "
                       "while [ $(($(stat -c %s \"$0.gz\") % 4)) -eq 0 ]; do "
                       "echo >>\"$0\"; gzip -nc \"$0\" >\"$0.gz\"; done",
                       plain});
    stage.set_initrds({plain + ".gz"});
    expect_quiet(stage.run(kImage));
    const Blob overlay = stage.read(kApart);
    EXPECT_NE(overlay.at(4), '0');
    EXPECT_THAT(Unpacked({stage.base(), overlay}).needs("wanted"),
                ElementsAre("helper.ko", "wanted.ko"));
  });
}

TEST(InitrdsGiven, AreAWarningWhereNobodyTakesAnotherFile) {
  with_each_program([](const std::string& programs) {
    ModuleStage stage(programs);
    stage.set("KERNEL_INSTALL_LAYOUT", "grub");
    stage.configure(kInclude);
    stage.set_initrds({stage.dir().write("boot/given.img", stage.base())});
    EXPECT_THAT(stage.run(kImage).complaints,
                ElementsAre(AllOf(StartsWith("warning: no modules are added: "),
                                  HasSubstr("initrds of the command line"))));
    EXPECT_THAT(stage.names(), ElementsAre("kip.d"));
  });
}

}  // namespace
}  // namespace kip::plugins_test
