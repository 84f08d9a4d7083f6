#include <gmock/gmock.h>

#include "src/boot/entry.h"
#include "tests/base/must.h"
#include "tests/support/pe_blob.h"
#include "tests/support/temp_dir.h"

namespace kip::boot {
namespace {

const std::string kName = "token-6.12.0+b1";

struct Machine {
  support::TempDir dir;

  std::optional<Entry> find(const std::string& layout) const {
    return must(find_entry(must(Root::at(dir.path())), "/boot", layout, kName));
  }
  void write(const std::string& name, std::string_view text) const {
    dir.write("boot/loader/entries/" + name, text);
  }
};

TEST(Options, AreTheLinesOfThatKeyBehindEachOther) {
  EXPECT_EQ(options_of("title x\noptions root=/dev/sda1  quiet \nlinux /vmlinuz\n"),
            "root=/dev/sda1  quiet");
  EXPECT_EQ(options_of("options\ta\r\n# options no\nOptions no\noptionsno\noptions b"), "a b");
  EXPECT_EQ(options_of("options\n"), "");
  EXPECT_EQ(options_of("title options\n"), std::nullopt);
  EXPECT_EQ(options_of(""), std::nullopt);
}

TEST(Count, IsWhatStandsBetweenAPlusAndTheSuffix) {
  EXPECT_EQ(without_count("/boot/a+3.efi"), "/boot/a.efi");
  EXPECT_EQ(without_count("a+3-12.conf"), "a.conf");
  EXPECT_EQ(without_count("6.12.0+b1.conf"), "6.12.0+b1.conf");
  EXPECT_EQ(without_count("6.12.0+b1+2.conf"), "6.12.0+b1.conf");
  EXPECT_EQ(without_count("a+3-.conf"), "a+3-.conf");
  EXPECT_EQ(without_count("a+.conf"), "a+.conf");
  EXPECT_EQ(without_count("/x+3/a"), "/x+3/a");
  EXPECT_EQ(without_count("/x+3.d/a"), "/x+3.d/a");
}

TEST(Entry, OfALoaderIsFoundWhateverItsCount) {
  const Machine machine;
  EXPECT_FALSE(machine.find("bls"));
  machine.write("token-6.12.0.conf", "options other\n");
  machine.write("other-" + kName + ".conf", "options other\n");
  EXPECT_FALSE(machine.find("bls"));
  machine.write(kName + "+2-1.conf", "options counted\n");
  EXPECT_EQ(machine.find("bls")->file, "/boot/loader/entries/" + kName + "+2-1.conf");
  EXPECT_EQ(machine.find("bls")->options, "counted");
  machine.write(kName + ".conf", "options good\n");
  EXPECT_EQ(machine.find("bls")->options, "good");
}

TEST(Entry, OfAUnifiedImageHasTheCommandLineInIt) {
  const Machine machine;
  const support::Blob image = support::PeBlob()
                                  .section(".linux", support::noise(600, 1))
                                  .section(".cmdline", support::text("root=LABEL=x quiet\n"))
                                  .bytes();
  machine.dir.write("boot/EFI/Linux/" + kName + "+3.efi", image);
  EXPECT_EQ(machine.find("uki")->file, "/boot/EFI/Linux/" + kName + "+3.efi");
  EXPECT_EQ(machine.find("uki")->options, "root=LABEL=x quiet");
  machine.dir.write("boot/EFI/Linux/" + kName + ".efi", support::noise(600, 2));
  EXPECT_EQ(machine.find("uki")->options, std::nullopt) << "no PE program at all";
}

TEST(Entry, OfALayoutThatIsNotKnownIsNone) {
  const Machine machine;
  machine.write(kName + ".conf", "options a\n");
  EXPECT_FALSE(machine.find("grub"));
  EXPECT_FALSE(machine.find(""));
}

TEST(Entry, WhoseTextCannotBeReadHasNoOptions) {
  const Machine machine;
  machine.dir.sparse("boot/loader/entries/" + kName + ".conf", kEntryLimit + 1);
  ASSERT_TRUE(machine.find("bls"));
  EXPECT_EQ(machine.find("bls")->options, std::nullopt);
}

}  // namespace
}  // namespace kip::boot
