// What is in an overlay, and why not the rest.
#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "src/base/sink.h"
#include "tests/base/must.h"
#include "tests/codec/compress.h"
#include "tests/image/overlay_scene.h"
#include "tests/support/run_program.h"

namespace kip::image {
namespace {

using codec::Method;
using support::Blob;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;

const std::string kModules = std::string("lib/modules/") + kKernel;

class Overlay : public testing::Test {
 protected:
  Made make(LibKind lib, const std::vector<OverlayFile>& files,
            const OverlayOptions& options = {}) {
    return scene_.add(scene_.base(lib), files, options);
  }
  // Names as in the archive, with links marked; indexes left out.
  static std::vector<std::string> names(const OverlayPlan& plan) {
    std::vector<std::string> names;
    for (const OverlayMember& member : plan.members) {
      if (member.name.find("/modules.") != member.name.npos) continue;
      names.push_back(member.name + (member.mode == 0120777 ? " -> " + member.content : ""));
    }
    return names;
  }
  static std::vector<std::string> index_names(const OverlayPlan& plan) {
    std::vector<std::string> names;
    for (const OverlayMember& member : plan.members) {
      const std::size_t at = member.name.find("/modules.");
      if (at != member.name.npos)
        names.push_back(member.name.substr(at + 1) + (member.mode == 0120777 ? " link" : ""));
    }
    return names;
  }
  static std::vector<std::string> findings(const OverlayPlan& plan) {
    std::vector<std::string> lines;
    for (const Finding& finding : plan.findings)
      lines.push_back(finding.rule + " " + to_line(finding));
    return lines;
  }

  OverlayScene scene_;
};

TEST_F(Overlay, OfAMergedBaseHasOnlyDirectoriesThatAreMissing) {
  const std::string top = "usr/" + kModules;
  EXPECT_THAT(names(make(LibKind::kLink, scene_.files()).plan),
              ElementsAre("etc/modprobe.d", "etc/modprobe.d/kip.conf", "usr/lib/firmware",
                          "usr/lib/firmware/e2e", "usr/lib/firmware/e2e/blob.bin", top + "/extra",
                          top + "/" + kVpoll, top + "/updates", top + "/updates/dkms",
                          top + "/" + kWriteboost, top + "/" + kHdaps, top + "/" + kThinkpad));
}

TEST_F(Overlay, OfASplitBaseIsBelowLibWithoutAnEntryForIt) {
  EXPECT_THAT(names(make(LibKind::kDirectory, {scene_.module(kVpoll)}).plan),
              ElementsAre(kModules + "/extra", kModules + "/" + kVpoll));
}

TEST_F(Overlay, OfABaseWithoutLibMakesTheLink) {
  const std::string top = "usr/" + kModules;
  EXPECT_THAT(
      names(make(LibKind::kNone, {scene_.module(kVpoll)}).plan),
      ElementsAre("lib -> usr/lib", "usr/lib/modules", top, top + "/extra", top + "/" + kVpoll));
}

TEST_F(Overlay, HasIndexesThatTheBaseHasAsLinksFirst) {
  const auto indexes = index_names(make(LibKind::kLink, {scene_.module(kVpoll)}).plan);
  EXPECT_THAT(indexes, IsSupersetOf({"modules.dep link", "modules.dep", "modules.dep.bin",
                                     "modules.alias.bin", "modules.symbols.bin", "modules.softdep",
                                     "modules.devname", "modules.builtin.bin",
                                     "modules.builtin.alias.bin"}));
  EXPECT_TRUE(std::is_sorted(indexes.begin(), indexes.end(), [](const auto& a, const auto& b) {
    return a.substr(0, a.find(' ')) < b.substr(0, b.find(' '));
  }));
  const auto dep = std::find(indexes.begin(), indexes.end(), "modules.dep");
  EXPECT_EQ(*(dep - 1), "modules.dep link");
}

TEST_F(Overlay, BringsDepmodsInputsOnlyWhereTheBaseLacksThem) {
  EXPECT_THAT(index_names(make(LibKind::kLink, {scene_.module(kVpoll)}).plan),
              testing::AllOf(testing::Not(testing::Contains("modules.order")),
                             testing::Not(testing::Contains("modules.builtin")),
                             testing::Contains("modules.builtin.modinfo")));
  EXPECT_THAT(index_names(make(LibKind::kNone, {scene_.module(kVpoll)}).plan),
              IsSupersetOf({"modules.order", "modules.builtin", "modules.builtin.modinfo"}));
}

TEST_F(Overlay, DoesNotRepeatWhatTheBaseHas) {
  const Made made = make(LibKind::kLink, scene_.files());
  const auto& modules = made.plan.manifest.modules;
  const auto dm_mod = std::find_if(modules.begin(), modules.end(),
                                   [](const auto& it) { return it.name == "dm_mod"; });
  ASSERT_NE(dm_mod, modules.end());
  EXPECT_TRUE(dm_mod->in_base);
  EXPECT_EQ(
      std::count_if(modules.begin(), modules.end(), [](const auto& it) { return it.in_base; }), 1);
}

TEST_F(Overlay, SaysOfEachFileWhatItIsAndWhy) {
  const Made made = make(LibKind::kLink, scene_.files());
  const OverlayManifest& manifest = made.plan.manifest;
  EXPECT_EQ(manifest.kernel, kKernel);
  ASSERT_EQ(manifest.modules.size(), 5U);
  const OverlayModule& writeboost = manifest.modules[2];
  EXPECT_EQ(writeboost.name, "dm_writeboost");
  EXPECT_EQ(writeboost.path, kWriteboost);
  EXPECT_EQ(writeboost.version, "2.2.17");
  EXPECT_EQ(writeboost.digest, must(digest::sha256(scene_.host_bytes(kWriteboost))));
  EXPECT_EQ(writeboost.reason, (OverlayReason{"policy", "Include=dm-* in 10.conf:3"}));
  ASSERT_EQ(manifest.firmware.size(), 1U);
  EXPECT_EQ(manifest.firmware[0].digest, must(digest::sha256(support::noise(3000, 3))));
  ASSERT_EQ(manifest.config.size(), 1U);
}

TEST_F(Overlay, BeginsWithWhatItSaysOfItself) {
  for (const auto& method : {std::optional<Method>(), std::optional(Method::kXz)}) {
    const Made made = make(LibKind::kLink, scene_.files(), {0, method});
    const std::string path = scene_.directory().write("o", made.overlay);
    const Fd file = must(Root().open(path, 0));
    const OverlayFacts facts = must(read_overlay_facts(file.get()));
    EXPECT_EQ(facts.raw, !method);
    EXPECT_EQ(facts.manifest, made.plan.manifest);
  }
}

// What is wrong.

TEST_F(Overlay, ReplacesAStaleTwinAndSaysSo) {
  const Blob base = scene_.base(LibKind::kLink);
  const Blob rebuilt =
      support::elf_module({{"intree", "Y"}, {"version", "2"}}, {.exports = {"dm_register"}});
  scene_.write_host(kDmMod, rebuilt);
  const Made made = scene_.add(base, {scene_.module(kDmMod)});
  EXPECT_THAT(findings(made.plan), ElementsAre(std::string("overlay-stale-twin '") + kDmMod +
                                               "': the base has other bytes of it; the overlay's "
                                               "are loaded (run the generator again, so that "
                                               "the base has what is installed)"));
  const auto listed = names(made.plan);
  EXPECT_THAT(listed, testing::Contains("usr/" + kModules + "/" + kDmMod + " -> dm-mod.ko"));
  EXPECT_FALSE(made.plan.manifest.modules[0].in_base);
}

TEST_F(Overlay, ReplacesATwinOfAnotherCompression) {
  const std::string xz = std::string(kDmMod) + ".xz";
  scene_.write_host(xz,
                    codec::run_through({"xz", "-c", "--check=crc32"}, scene_.host_bytes(kDmMod)));
  const Made made = make(LibKind::kLink, {scene_.module(xz), scene_.module(kWriteboost)});
  ASSERT_EQ(made.plan.findings.size(), 1U);
  EXPECT_EQ(made.plan.findings[0].place, kDmMod);
  EXPECT_EQ(made.plan.findings[0].rule, "overlay-stale-twin");
}

TEST_F(Overlay, SaysWhatCannotBeLoaded) {
  EXPECT_THAT(findings(make(LibKind::kLink, {scene_.module(kHdaps)}).plan),
              ElementsAre(std::string("overlay-unresolved '") + kHdaps +
                          "': needs 'thinkpad_ec', which neither the base nor the overlay has"));
  EXPECT_THAT(make(LibKind::kNone, {scene_.module(kWriteboost)}).plan.findings.size(), 1U);
}

TEST_F(Overlay, SaysWhenATwinOfTheBaseWins) {
  scene_.write_host("misc/cfg.ko", support::elf_module({{"version", "2"}}));
  const Blob base = scene_.base(LibKind::kLink);
  const std::string scratch = scene_.directory().directory("s");
  const Fd file = must(Root().open(scene_.directory().write("b", base), 0));
  const BaseModules read =
      must(read_base_modules(file.get(), kKernel, scratch, scene_.host_modules()));
  const auto plan = must(plan_overlay(read, {scene_.module("misc/cfg.ko")}, kKernel,
                                      scene_.host_modules(), "built-in misc", scratch));
  EXPECT_THAT(
      findings(plan),
      ElementsAre(
          "overlay-unresolved 'misc/cfg.ko': modprobe would load 'kernel/net/cfg.ko' instead"));
}

TEST_F(Overlay, IsNotMadeWhereDepmodStumbles) {
  scene_.write_host("extra/junk.ko", support::text("junk"));
  const BaseModules base = scene_.read(scene_.base(LibKind::kLink));
  const auto plan = plan_overlay(base, {scene_.module("extra/junk.ko")}, kKernel,
                                 scene_.host_modules(), "", scene_.directory() / "scratch0");
  EXPECT_EQ(code_of(plan), Errc::kInvalid);
  EXPECT_THAT(error_of(plan), testing::HasSubstr("extra/junk.ko"));
}

TEST_F(Overlay, RefusesPathsThatLeadElsewhere) {
  const BaseModules base = scene_.read(scene_.base(LibKind::kLink));
  for (const char* const path :
       {"", "/x.ko", "../x.ko", "a/../../x.ko", "a//x.ko", "./x.ko", "a/"}) {
    OverlayFile file = scene_.module(kVpoll);
    file.path = path;
    EXPECT_EQ(code_of(plan_overlay(base, {file}, kKernel, scene_.host_modules(), "",
                                   scene_.directory() / "scratch0")),
              Errc::kInvalid)
        << path;
  }
}

TEST_F(Overlay, IsNotWrittenOfFilesThatChanged) {
  const Made made = make(LibKind::kLink, {scene_.module(kVpoll)});
  scene_.write_host(kVpoll, support::text("shorter"));
  MemorySink sink;
  EXPECT_EQ(error_of(write_overlay(made.plan, {}, sink)),
            quote(scene_.host_file(kVpoll)) + ": changed while it was being read");
}

// The same bytes.

TEST_F(Overlay, HasTheSameBytesWhateverTheOrderOfFiles) {
  std::vector<OverlayFile> files = scene_.files();
  const Blob first = make(LibKind::kLink, files).overlay;
  for (int i = 0; i < 5; ++i) {
    std::next_permutation(files.begin(), files.end(),
                          [](const auto& a, const auto& b) { return a.path < b.path; });
    EXPECT_TRUE(make(LibKind::kLink, files).overlay == first);
  }
  std::reverse(files.begin(), files.end());
  files.push_back(files.front());
  EXPECT_TRUE(make(LibKind::kLink, files).overlay == first);
}

TEST_F(Overlay, HasTheSameBytesInEveryDirectory) {
  const Blob first = make(LibKind::kLink, scene_.files()).overlay;
  // tmpfs lists what was made last first.
  const OverlayScene elsewhere("/dev/shm");
  for (const char* const path : {kVpoll, kThinkpad, kWriteboost, kHdaps}) {
    const Blob bytes = elsewhere.host_bytes(path);
    ASSERT_EQ(::unlink(elsewhere.host_file(path).c_str()), 0);
    elsewhere.write_host(path, bytes);
  }
  EXPECT_TRUE(elsewhere.add(elsewhere.base(LibKind::kLink), elsewhere.files()).overlay == first);
}

TEST_F(Overlay, CarriesTheTimeItWasGiven) {
  const Blob overlay = make(LibKind::kLink, scene_.files(), {0x12345678, {}}).overlay;
  EXPECT_EQ(as_text(overlay).substr(46, 8), "12345678");
}

TEST_F(Overlay, IsUnpackedByBsdtar) {
  const Made made = make(LibKind::kNone, scene_.files());
  const std::string listed =
      support::must_run({"bsdtar", "-tf", "-"}, {.input = support::to_string(made.overlay)});
  EXPECT_TRUE(listed.starts_with("kip\nkip/modules\n")) << listed;
}

// The method.

struct MethodRow {
  const char* name;
  std::string config;  // empty: none
  std::optional<Method> base, chosen;
  bool compressed = false;  // modules are
};

void PrintTo(const MethodRow& row, std::ostream* out) {
  *out << row.name;
}

class ChosenMethod : public testing::TestWithParam<MethodRow> {};

TEST_P(ChosenMethod, GoesByKernelBaseAndModules) {
  for (const char* const path : {"boot/config-6.12.0-test", "lib/modules/6.12.0-test/config"}) {
    const support::TempDir directory;
    if (!GetParam().config.empty()) directory.write(path, GetParam().config);
    BaseModules base;
    base.method = GetParam().base;
    OverlayFile file{OverlayFile::Kind::kModule, "x.ko", "/x.ko", "", {}};
    if (GetParam().compressed) file.source = "/x.ko.xz";
    const OverlayFile firmware{OverlayFile::Kind::kFirmware, "blob", "/blob", "", {}};
    EXPECT_EQ(choose_method(must(Root::at(directory.path())), kKernel, base, {firmware, file}),
              GetParam().chosen);
  }
}

const std::string kAll = "CONFIG_RD_GZIP=y\nCONFIG_RD_XZ=y\nCONFIG_RD_ZSTD=y\n";

INSTANTIATE_TEST_SUITE_P(
    Rows, ChosenMethod,
    testing::Values(MethodRow{"KernelHasZstd", kAll, Method::kXz, Method::kZstd},
                    MethodRow{"KernelHasZstdAndBaseIsRaw", kAll, {}, Method::kZstd},
                    MethodRow{"KernelLacksZstd", "CONFIG_RD_GZIP=y\n# CONFIG_RD_ZSTD is not set\n",
                              Method::kXz, Method::kXz},
                    MethodRow{"KernelHasOnlyGzip", "CONFIG_RD_GZIP=y\n", {}, Method::kGzip},
                    MethodRow{"BaseOfAnotherMethod", "CONFIG_RD_GZIP=y\nCONFIG_RD_LZ4=y\n",
                              Method::kLz4Legacy, Method::kGzip},
                    MethodRow{"NoConfigAndZstdBase", "", Method::kZstd, Method::kZstd},
                    MethodRow{"NoConfigAndXzBase", "", Method::kXz, Method::kXz},
                    MethodRow{"NoConfigAndLz4Base", "", Method::kLz4Legacy, std::nullopt},
                    MethodRow{"NoConfigAndRawBase", "", {}, std::nullopt},
                    MethodRow{"AModuleOnly", "CONFIG_RD_ZSTD=m\n", {}, std::nullopt},
                    MethodRow{"InAnotherWord", "XCONFIG_RD_ZSTD=y\n", {}, std::nullopt},
                    MethodRow{"ModulesAreCompressed", kAll, Method::kZstd, std::nullopt, true}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace kip::image
