// kmod-pack emit, from outside: the text, and what the shell that reads it makes of it.
#include <filesystem>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/kmod-pack/desk.h"

namespace kip::kmod_pack_test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// zfs is in and brings spl, hdaps and nvidia-drm are out.
class KmodPackEmit : public testing::Test {
 protected:
  KmodPackEmit() {
    desk.root()
        .in_tree("kernel/fs/ext4/ext4.ko")
        .out_of_tree("extra/spl.ko")
        .out_of_tree("extra/zfs.ko", {{"depends", "spl"}})
        .out_of_tree("updates/hdaps.ko")
        .out_of_tree("video/nvidia-drm.ko")
        .index();
    desk.policy("Include=zfs\n");
  }

  // Without the comments.
  std::string emit(const std::string& generator) {
    const Said said = desk.run({"emit", generator});
    EXPECT_EQ(said.code, 0);
    EXPECT_THAT(said.complaints, IsEmpty());
    std::string text;
    for (const std::string& line : lines_of(said.out)) {
      if (!line.starts_with("#")) text += line + "\n";
    }
    return text;
  }

  Desk desk;
};

TEST_F(KmodPackEmit, WritesForDracut) {
  EXPECT_EQ(emit("dracut"),
            "add_drivers+=\" spl zfs \"\n"
            "omit_drivers+=\" hdaps nvidia_drm \"\n");
}

TEST_F(KmodPackEmit, WritesForMkinitcpio) {
  EXPECT_EQ(emit("mkinitcpio"), "MODULES+=(spl zfs)\n");
  EXPECT_THAT(desk.run({"emit", "mkinitcpio"}).out, HasSubstr("\n# Out: hdaps nvidia_drm\n"));
}

TEST_F(KmodPackEmit, WritesForInitramfsTools) {
  EXPECT_EQ(emit("initramfs-tools"), "spl\nzfs\n");
  EXPECT_THAT(desk.run({"emit", "initramfs-tools"}).out, HasSubstr("\n# Out: hdaps nvidia_drm\n"));
}

TEST_F(KmodPackEmit, SaysWhatItIs) {
  using Row = std::tuple<const char*, const char*, const char*>;
  for (const auto& [generator, place, next] :
       {Row{"dracut", "/etc/dracut.conf.d/90-kip-modules.conf",
            "dracut --force --kver 6.12.0-example"},
        Row{"mkinitcpio", "/etc/mkinitcpio.conf.d/kip-modules.conf", "mkinitcpio -P"},
        Row{"initramfs-tools", "/etc/initramfs-tools/modules",
            "update-initramfs -u -k 6.12.0-example"}}) {
    const bool one = std::string_view(generator) == "initramfs-tools";
    Lines lines = lines_of(desk.run({"emit", generator}).out);
    if (one) lines.erase(lines.begin());  // the mark
    ASSERT_GE(lines.size(), 4u);
    EXPECT_EQ(lines[0],
              "# Which out-of-tree modules of kernel 6.12.0-example go into its initrd, as kip's "
              "policy decides.");
    EXPECT_THAT(lines[1],
                EndsWith(fmt::format(": kmod-pack emit {} --kernel 6.12.0-example --root root",
                                     generator)));
    EXPECT_THAT(lines[2], HasSubstr(fmt::format("elong{} into {}.", one ? "" : "s", place)));
    EXPECT_EQ(lines[3], fmt::format("# Then make the initrd: {}", next));
  }
}

TEST_F(KmodPackEmit, MarksWhatIsItsOwnInTheAdministratorsFile) {
  const Lines lines = lines_of(desk.run({"emit", "initramfs-tools"}).out);
  EXPECT_EQ(lines.front(), "# BEGIN kip-modules");
  EXPECT_EQ(lines.back(), "# END kip-modules");
  EXPECT_THAT(lines,
              Contains("# If the file has these two marks already, replace the lines between "
                       "them; else add all of this to it."));
}

TEST_F(KmodPackEmit, EndsNoCommentWithinARootsName) {
  const std::string bad = "a\nspl2";
  std::filesystem::rename(desk.root().path(), desk.dir() / bad);
  const Said said = desk.run_bare({"emit", "initramfs-tools", "--root", bad});
  EXPECT_EQ(said.code, 0);
  EXPECT_THAT(lines_of(said.out), Not(Contains("spl2")));
}

TEST_F(KmodPackEmit, IsReadByBashAsItIsMeant) {
  desk.write("dracut", support::text(desk.run({"emit", "dracut"}).out));
  desk.write("mkinitcpio", support::text(desk.run({"emit", "mkinitcpio"}).out));
  const std::string script =
      "set -eu; add_drivers=' a ' omit_drivers= MODULES=(b); . ./dracut; . ./mkinitcpio; "
      "echo \"$add_drivers|$omit_drivers|${MODULES[*]}\"";
  EXPECT_EQ(support::must_run({"bash", "-c", script}, {.cwd = desk.dir().path()}),
            " a  spl zfs | hdaps nvidia_drm |b spl zfs\n");
}

TEST_F(KmodPackEmit, MeansTheSameWhenKipReadsItAsAnybodysSnippet) {
  const std::string before = desk.run({"emit", "dracut"}).out;
  desk.root().file("etc/dracut.conf.d/99-snippet.conf", before);
  desk.policy("");
  EXPECT_EQ(desk.run({"emit", "dracut"}).out, before);
}

TEST_F(KmodPackEmit, DoesNotOutliveTheRuleThatItCameFrom) {
  desk.root().file("etc/dracut.conf.d/90-kip-modules.conf", desk.run({"emit", "dracut"}).out);
  desk.policy("");
  EXPECT_EQ(emit("dracut"), "omit_drivers+=\" hdaps nvidia_drm spl zfs \"\n");
}

TEST_F(KmodPackEmit, SaysWhatDracutWillNotFollow) {
  desk.root().file("etc/dracut.conf", "add_drivers+=\" hdaps \"\n");
  desk.policy("Omit=hdaps\n");
  const Said said = desk.run({"emit", "dracut"});
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.out, HasSubstr("omit_drivers+=\" hdaps nvidia_drm spl zfs \""));
  EXPECT_THAT(
      said.complaints,
      ElementsAre("warning: 'hdaps' is out, and dracut includes it all the same: with it, "
                  "add_drivers=hdaps at /etc/dracut.conf:1 beats any omit_drivers; take that "
                  "line away"));
}

TEST_F(KmodPackEmit, LeavesOutWhatCannotBeHad) {
  desk.root().out_of_tree("updates/hdaps.ko", {{"vermagic", vermagic_of("6.11.0")}}).index();
  desk.policy("Include=hdaps\n");
  const Said said = desk.run({"emit", "dracut"});
  EXPECT_EQ(said.code, 0);
  EXPECT_THAT(said.out, HasSubstr("omit_drivers+=\" hdaps nvidia_drm spl zfs \""));
  EXPECT_THAT(said.complaints,
              ElementsAre(HasSubstr("is left out: was built for kernel '6.11.0'")));
}

TEST_F(KmodPackEmit, ReportsAsJson) {
  const auto report = nlohmann::json::parse(desk.run({"emit", "dracut", "--json"}).out);
  EXPECT_EQ(report["report"], "emit");
  EXPECT_EQ(report["generator"], "dracut");
  EXPECT_EQ(report["in"], (Lines{"spl", "zfs"}));
  EXPECT_EQ(report["out"], (Lines{"hdaps", "nvidia_drm"}));
  EXPECT_EQ(report["text"], desk.run({"emit", "dracut"}).out);
}

class KmodPackEmitRefuses : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Names, KmodPackEmitRefuses,
                         testing::Values("x;touch executed", "$(touch executed)",
                                         "`touch executed`", "a\"b", "a b", "a\nb", "a.*", "x)",
                                         "#x", "ü"));

TEST_P(KmodPackEmitRefuses, NamesThatAShellCouldRead) {
  Desk desk;
  const std::string path = std::string("extra/") + GetParam() + ".ko";
  desk.root().out_of_tree(path).out_of_tree("extra/good.ko");  // depmod ends badly at some
  for (const char* const generator : {"dracut", "mkinitcpio", "initramfs-tools"}) {
    const Said said = desk.run({"emit", generator});
    EXPECT_EQ(said.code, 4);
    EXPECT_EQ(said.out, "");
    EXPECT_THAT(said.complaints, ElementsAre(HasSubstr("cannot be written down safely")));
  }
}

}  // namespace
}  // namespace kip::kmod_pack_test
