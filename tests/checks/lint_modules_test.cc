// The files of modules: builds, signatures, twins, the index, what is not there.
#include <gtest/gtest.h>

#include "src/checks/near.h"
#include "tests/checks/lint_scene.h"

namespace kip::checks {
namespace {

class LintModulesTest : public testing::TestWithParam<LintCase> {};

TEST_P(LintModulesTest, Finds) {
  expect_lint(GetParam());
}

std::string name_of(const testing::TestParamInfo<LintCase>& row) {
  return row.param.name;
}

constexpr char kOther[] = "6.1.0-56-amd64 SMP preempt mod_unload modversions";
const SceneFile kIncluded = kip_etc("10.conf", "Include=zfs");
const std::string kZfs = "/lib/modules/6.12.0-amd64/extra/zfs.ko";

const std::vector<LintCase> kReleases = {
    {"OfAnotherKernel",
     {.files = {kIncluded}, .modules = {{"extra/zfs.ko", {}, kOther}}},
     {{"error lint-vermagic " + kZfs,
       {"zfs was built for kernel 6.1.0-56-amd64, and does not load into 6.12.0-amd64",
        "dkms autoinstall -k 6.12.0-amd64"}}}},
    {"OfNone",
     {.files = {kIncluded}, .modules = {{"extra/zfs.ko", {}, ""}}},
     {{"error lint-vermagic " + kZfs, {"does not say for which kernel"}}}},
    {"OfAnotherKernelAndOut", {.modules = {{"extra/zfs.ko", {}, kOther}}}, {}},
    {"WeakUpdate",
     {.files = {kIncluded}, .modules = {{"weak-updates/zfs/zfs.ko", {}, kOther}}},
     {}},
    {"WeakUpdateWithoutVersionsOfSymbols",
     {.files = {kIncluded}, .modules = {{"weak-updates/zfs/zfs.ko", {}, "6.1.0 SMP mod_unload"}}},
     {{"error lint-vermagic /lib/modules/6.12.0-amd64/weak-updates/zfs/zfs.ko", {"6.1.0"}}}},
    {"OfWhatIsBroughtAlong",
     {.files = {kIncluded},
      .modules = {{"extra/spl.ko", {}, kOther}, {"extra/zfs.ko"}},
      .along = {{{"spl", "extra/spl.ko"}, modules::Cause::kDepends, "zfs"}}},
     {{"error lint-vermagic /lib/modules/6.12.0-amd64/extra/spl.ko", {"spl was built for"}}}},
};

INSTANTIATE_TEST_SUITE_P(Releases, LintModulesTest, testing::ValuesIn(kReleases), name_of);

const std::vector<LintCase> kSignatures = {
    {"UnsignedAndRefused",
     {.files = {kIncluded}, .signatures = Signatures::kForced},
     {{"warning lint-signature " + kZfs,
       {"takes only signed modules", "the kernel refuses it",
        "sign it with a key that this kernel trusts"}}}},
    {"Signed",
     {.files = {kIncluded},
      .modules = {{.path = "extra/zfs.ko", .is_signed = true}},
      .signatures = Signatures::kForced},
     {}},
    {"UnsignedAndOut", {.signatures = Signatures::kForced}, {}},
    {"UnsignedAndSkipped",
     {.files = {kip_etc("10.conf", "Include=zfs\nUnsigned=skip")},
      .signatures = Signatures::kForced},
     {{"warning lint-signature " + kZfs, {"left out (Unsigned=skip)"}}}},
    {"UnsignedAndAFault",
     {.files = {kip_etc("10.conf", "Include=zfs\nUnsigned=fail")},
      .signatures = Signatures::kForced},
     {{"error lint-signature " + kZfs, {"no image is installed (Unsigned=fail)"}}}},
    {"UnsignedAndRequired",
     {.files = {kip_etc("10.conf", "Require=zfs")}, .signatures = Signatures::kForced},
     {{"error lint-signature " + kZfs, {}}}},
    {"UnsignedAndOfTheRoot",
     {.files = {kIncluded}, .root = "zfs", .signatures = Signatures::kForced},
     {{"error lint-signature " + kZfs, {}}}},
    {"NotKnownAndNothingAsked", {.files = {kIncluded}, .signatures = Signatures::kNotKnown}, {}},
    {"NotKnownAndAskedFor",
     {.files = {kip_etc("10.conf", "Include=zfs\nUnsigned=skip")},
      .signatures = Signatures::kNotKnown},
     {{"note lint-signature " + kZfs, {"no configuration", "/boot/config-6.12.0-amd64"}}}},
};

INSTANTIATE_TEST_SUITE_P(Signatures, LintModulesTest, testing::ValuesIn(kSignatures), name_of);

constexpr char kHdaps[] = "kernel/drivers/platform/x86/hdaps.ko";

const std::vector<LintCase> kTwins = {
    {"StandsForAnInTreeOne",
     {.modules = {{"updates/dkms/hdaps.ko"}}},
     {{"note lint-twin /lib/modules/6.12.0-amd64/updates/dkms/hdaps.ko",
       {"of two files of module hdaps", "modprobe loads this one, not kernel/drivers"}}}},
    {"SelectedAndNotLoaded",
     {.files = {kip_etc("10.conf", "Include=hdaps")},
      .modules = {{"misc/hdaps.ko"}},
      .names = {{"hdaps", {KnownName::Kind::kFile, kHdaps}}}},
     {{"warning lint-twin /lib/modules/6.12.0-amd64/misc/hdaps.ko",
       {"modprobe loads the other: kernel/drivers", "search line in /etc/depmod.d",
        "depmod -a 6.12.0-amd64"}}}},
    {"TwoOutOfTree",
     {.modules = {{"extra/zfs.ko"}, {"updates/zfs.ko.xz"}},
      .names = {{"zfs", {KnownName::Kind::kFile, "updates/zfs.ko.xz"}}}},
     {{"warning lint-twin " + kZfs,
       {"modprobe loads the other: updates/zfs.ko.xz", "remove the one"}}}},
    {"TwoOutOfTreeTheFirstWins",
     {.modules = {{"extra/zfs.ko"}, {"misc/zfs.ko"}},
      .names = {{"zfs", {KnownName::Kind::kFile, "extra/zfs.ko"}}}},
     {{"warning lint-twin " + kZfs, {"modprobe loads this one, not misc/zfs.ko"}}}},
    {"SelectedAndBuiltIn",
     {.files = {kip_etc("10.conf", "Include=fat")},
      .modules = {{"extra/fat.ko"}},
      .names = {{"fat", {KnownName::Kind::kBuiltin}}}},
     {{"warning lint-twin /lib/modules/6.12.0-amd64/extra/fat.ko", {"built into the kernel"}}}},
};

INSTANTIATE_TEST_SUITE_P(Twins, LintModulesTest, testing::ValuesIn(kTwins), name_of);

const std::vector<LintCase> kIndexes = {
    {"Missing",
     {.index = Index::kMissing},
     {{"warning lint-index /lib/modules/6.12.0-amd64", {"depmod -a 6.12.0-amd64"}}}},
    {"Old",
     {.index = Index::kOld},
     {{"warning lint-index /lib/modules/6.12.0-amd64", {"older", "depmod -a"}}}},
    {"WithoutAModule",
     {.names = {{"zfs", {}}}, .index = Index::kOld},
     {{"warning lint-index " + kZfs, {"does not list zfs"}}}},
    {"MissingDependency",
     {.files = {kIncluded}, .missing = {{"spl", modules::Cause::kDepends, "zfs"}}},
     {{"error lint-missing " + kZfs,
       {"zfs depends on spl, which is not there", "build spl for this kernel"}}}},
    {"MissingSoftdepAndFirmware",
     {.files = {kIncluded},
      .missing = {{"zlua", modules::Cause::kSoftdep, "zfs"},
                  {"zfs/x.bin", modules::Cause::kFirmware, "zfs"}}},
     {{"note lint-missing " + kZfs, {"firmware that is not there: zfs/x.bin"}},
      {"note lint-missing " + kZfs, {"zlua"}}}},
    {"MissingWeakdepAndFirmwareOfTheKernelsOwn",
     {.files = {kIncluded},
      .missing = {{"x", modules::Cause::kWeakdep, "zfs"},
                  {"x.bin", modules::Cause::kFirmware, "videodev"}}},
     {}},
    {"SortedBySeverityThenByPlace",
     {.files = {kip_etc("10.conf", "Include=zfs spl\nOmit=nothing"),
                kip_etc("20.conf", "Require=none")},
      .modules = {{"extra/spl.ko", {}, kOther}, {"extra/zfs.ko", {}, kOther}}},
     {{"error lint-required /etc/kip/kip.conf.d/20.conf:2", {}},
      {"error lint-vermagic /lib/modules/6.12.0-amd64/extra/spl.ko", {}},
      {"error lint-vermagic " + kZfs, {}},
      {"note lint-unknown-name /etc/kip/kip.conf.d/10.conf:3", {}}}},
};

INSTANTIATE_TEST_SUITE_P(Indexes, LintModulesTest, testing::ValuesIn(kIndexes), name_of);

TEST(Nearest, IsTheFirstOfThoseWithTheFewestChanges) {
  const std::vector<modules::ModuleFile> files = {
      {"dm_mod", ""}, {"v4l2loopbacks", ""}, {"v4l2loopback", ""}, {"zfs", ""}, {"zfx", ""}};
  EXPECT_EQ(nearest("v4l2lopback", files), "v4l2loopback");
  EXPECT_EQ(nearest("v4l2lopbac", files), "v4l2loopback");
  EXPECT_EQ(nearest("v4l2loba", files), std::nullopt);  // four letters
  EXPECT_EQ(nearest("zfa", files), "zfs");
  EXPECT_EQ(nearest("zz", files), std::nullopt);  // too short to guess
  EXPECT_EQ(nearest("", files), std::nullopt);
  EXPECT_EQ(nearest("dm_mod", files), "dm_mod");
  EXPECT_EQ(nearest(std::string(1 << 20, 'z'), files), std::nullopt);
}

}  // namespace
}  // namespace kip::checks
