// predict --for xen: what of the same images and firmware Xen takes; its words are in tests/checks/predict_xen_test.cc.
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"
#include "tests/support/kernel_finder.h"
#include "tests/support/newc_blob.h"
#include "tests/ucode-pack/scene.h"

namespace kip::ucode_pack_test {
namespace {

using support::AmdBlob;
using support::AmdPatch;
using support::Blob;
using support::IntelBlob;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const Blob kMilanPair =
    AmdBlob().zen(AmdPatch(0x0A0011D5)).zen(AmdPatch(0x0A0011DE).min_base(0x0A0011D9)).bytes();

Blob early(std::string_view path, const Blob& data) {
  return support::NewcBlob().file(std::string(path), data).bytes();
}

class Asking : public Scene {
 public:
  Asking() : Scene(quick_program()) {}

  [[nodiscard]] Told ask(std::vector<std::string> more) const {
    more.insert(more.begin(), {"predict", "--for", "xen"});
    return run(more);
  }
};

TEST(PredictForXen, KeepsWhatLinuxVoids) {
  Asking scene;
  scene.dir().write(
      "image", early(support::kIntelPath, support::join({IntelBlob().bytes(), support::zeros(4)})));
  const std::vector<std::string> about = {"--cpu", "0xb06f2,0x02", "image"};
  const Told xen = scene.ask(about);
  EXPECT_EQ(xen.code, 0) << xen.err;
  EXPECT_THAT(xen.out, HasSubstr("  0x0000003a loads\n"));
  const Told linux = scene.run(
      {"predict", "--for", "linux", "--kernel", "6.12", "--cpu", "0xb06f2,0x02", "image"});
  EXPECT_EQ(linux.code, 1);
  EXPECT_THAT(linux.out, HasSubstr("is void"));
}

TEST(PredictForXen, DoesNotReachWhatIsBehindAFault) {
  Asking scene;
  const Blob broken = IntelBlob().revision(0x3B).break_main_sum().bytes();
  scene.dir().write("image",
                    early(support::kIntelPath, support::join({broken, IntelBlob().bytes()})));
  const Told told = scene.ask({"--cpu", "0xb06f2,0x02", "image"});
  EXPECT_EQ(told.code, 1);
  EXPECT_THAT(told.out, HasSubstr("is not reached: the scan of the file ends in front of it"));
}

TEST(PredictForXen, HasALineForEachFormThatAnswersOtherwise) {
  Asking scene;
  scene.dir().write("image", early(support::kAmdPath, kMilanPair));
  const Told told = scene.ask({"--cpu", "cpu00A00F11", "--current-rev", "0x0a0011db", "--cmdline",
                               "dom0_mem=4G ucode=scan", "image"});
  EXPECT_EQ(told.code, 1);
  EXPECT_THAT(told.out,
              HasSubstr("  Xen 4.17 to 4.20 before XSN-2, since late 2025: 0x0a0011de loads\n"
                        "  Xen with XSN-2 (March 2025), with XSN-2 (October 2025): nothing "
                        "loads: 0x0a0011de is passed over: its digest is not in Xen's list"));
  EXPECT_THAT(told.notes, ElementsAre());
  const Told unasked = scene.ask({"--cpu", "cpu00A00F11", "--current-rev", "0x0a0011db",
                                  "--cmdline", "ucode=scan,digest-check=no", "image"});
  EXPECT_EQ(unasked.code, 0);
  EXPECT_THAT(unasked.out, HasSubstr("\n  0x0a0011de loads\n"));
}

TEST(PredictForXen, LoadsNothingUnlessItIsToldTo) {
  Asking scene;
  scene.dir().write("image", early(support::kIntelPath, IntelBlob().bytes()));
  scene.dir().write("fw/u", IntelBlob().bytes());
  const Told none = scene.ask({"--cpu", "0xb06f2,0x02", "--cmdline", "dom0_mem=4G", "image"});
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.out, HasSubstr("nothing loads: the loader is off: nothing asks for microcode "
                                  "(ucode=scan)\n"));
  const Told module = scene.ask({"--cpu", "0xb06f2,0x02", "--cmdline", "ucode=2", "image"});
  EXPECT_EQ(module.code, 1);
  EXPECT_THAT(module.out, HasSubstr("nothing loads: Xen is told to take module 2 as it is"));
  const Told assumed = scene.ask({"--cpu", "0xb06f2,0x02", "--firmware", "fw"});
  EXPECT_EQ(assumed.code, 0);
  EXPECT_THAT(assumed.err, HasSubstr("taken for granted: ucode=scan on Xen's command line"));
}

TEST(PredictForXen, OfFirmwareJudgesAnArchiveForThisCpu) {
  Asking scene;
  scene.dir().write("fw/odd", IntelBlob().signature(0x106C0).body_size(980).bytes());
  scene.dir().write("fw/u", IntelBlob().bytes());
  const Told told =
      scene.ask({"--cpu", "0xb06f2,0x02", "--cpu", "0x106c0,0x02", "--firmware", "fw"});
  EXPECT_EQ(told.code, 1);
  EXPECT_THAT(told.out, HasSubstr("  0x0000003a loads\n"));
  EXPECT_THAT(
      told.out,
      HasSubstr("nothing loads: 0x0000003a ends the scan: its size is no multiple of 1024"));
}

// Linux refuses a patch for one chipset, Xen does not look.
TEST(PredictForXen, SaysWhatItDoesNotJudge) {
  Asking scene;
  scene.dir().write(
      "image",
      early(support::kAmdPath,
            AmdBlob().zen(AmdPatch(0x0A0011D5)).zen(AmdPatch(0x0A0011D7).nb_dev(1)).bytes()));
  const Told told = scene.ask({"--cpu", "cpu00A00F11", "image"});
  EXPECT_THAT(told.err, HasSubstr("left out, though Xen may take it: patch 0x0a0011d7"));
}

TEST(PredictForXen, SaysSoInJson) {
  Asking scene;
  scene.dir().write("image", early(support::kAmdPath, kMilanPair));
  const Told told =
      scene.ask({"--json", "--cpu", "cpu00A00F11", "--current-rev", "0x0a0011db", "image"});
  const auto json = nlohmann::json::parse(told.out);
  EXPECT_EQ(json["for"], "xen");
  const auto& answer = json["cpus"][0]["cases"][0]["answers"][0];
  EXPECT_EQ(answer["outcomes"][0]["xen"], "4.17 to 4.20 before XSN-2, since late 2025");
  EXPECT_EQ(answer["outcomes"][0]["result"], "loads");
  EXPECT_EQ(answer["outcomes"][1]["result"], "refused");
  EXPECT_EQ(answer["updates"][1]["verdicts"][1]["verdict"], "no-digest");
  const Told linux =
      scene.run({"predict", "--json", "--kernel", "6.12", "--cpu", "cpu00A00F11", "image"});
  EXPECT_EQ(nlohmann::json::parse(linux.out)["for"], "linux");
}

struct WrongRow {
  std::vector<std::string> arguments;
  const char* message;
};

TEST(PredictForXen, RefusesWrongUsage) {
  Asking scene;
  scene.dir().write("fw/u", IntelBlob().bytes());
  const WrongRow rows[] = {
      {{"predict", "--for", "xen", "--kernel", "6.12", "--cpu", "0xb06f2", "--firmware", "fw"},
       "--kernel and --for xen exclude each other: Xen starts before any kernel"},
      {{"predict", "--for", "bsd", "--cpu", "0xb06f2", "--firmware", "fw"},
       "--for: 'bsd' is neither linux nor xen"},
  };
  for (const WrongRow& row : rows) {
    const Told told = scene.run(row.arguments);
    EXPECT_EQ(told.code, 2);
    ASSERT_EQ(told.complaints.size(), 1U) << told.err;
    EXPECT_THAT(told.complaints[0], HasSubstr(row.message));
    EXPECT_EQ(told.out, "");
  }
}

}  // namespace
}  // namespace kip::ucode_pack_test
