// predict: from firmware, from images, for one CPU or many; its words are in tests/checks/predict_test.cc.
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"
#include "tests/support/kernel_finder.h"
#include "tests/support/newc_blob.h"
#include "tests/ucode-pack/archive.h"
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

const Blob kMilanPair = AmdBlob().zen(AmdPatch(0x0A0011D5)).zen(AmdPatch(0x0A0011DE)).bytes();

Blob early_amd(const Blob& data) {
  return support::NewcBlob().file(support::kAmdPath, data).bytes();
}

class Predicting : public Scene {
 public:
  explicit Predicting(const std::string& program) : Scene(program) {}

  [[nodiscard]] Told ask(std::vector<std::string> more) const {
    more.insert(more.begin(), "predict");
    return run(more);
  }
};

TEST(PredictVerb, ReadsFirmwareAndImagesAlike) {
  with_each_program([](const std::string& program) {
    Predicting scene(program);
    scene.dir().write("fw/amd.bin", kMilanPair);
    scene.dir().write("image", early_amd(kMilanPair));
    const std::vector<std::string> about = {"--cpu",      "cpu00A00F11", "--current-rev",
                                            "0x0a0011db", "--kernel",    "6.1.131"};
    auto firmware = about, image = about;
    firmware.insert(firmware.end(), {"--firmware", "fw"});
    image.push_back("image");
    for (const auto& arguments : {firmware, image}) {
      const Told told = scene.ask(arguments);
      EXPECT_EQ(told.code, 0) << told.err;
      EXPECT_THAT(told.out, HasSubstr("kernel 6.1.131: 0x0a0011de loads\n"));
      EXPECT_THAT(told.out, HasSubstr("is superseded by 0x0a0011de"));
    }
  });
}

TEST(PredictVerb, FailsWhereACpuIsRefused) {
  Predicting scene(quick_program());
  scene.dir().write("fw/amd.bin", kMilanPair);
  const Told told = scene.ask({"--cpu", "cpu00A00F11", "--current-rev", "0x0a0011ce", "--kernel",
                               "6.14.2", "--firmware", "fw"});
  EXPECT_EQ(told.code, 1);
  EXPECT_THAT(told.out, HasSubstr("remedy: install a BIOS"));
}

TEST(PredictVerb, GivesBothBranchesWhereTheBiosIsUnknown) {
  Predicting scene(quick_program());
  scene.dir().write("fw/amd.bin", kMilanPair);
  const Told told = scene.ask({"--cpu", "cpu00A00F11", "--kernel", "6.14.2", "--firmware", "fw"});
  EXPECT_EQ(told.code, 1);
  EXPECT_THAT(told.out, HasSubstr("with a BIOS without the EntrySign fix\n  kernel 6.14.2: nothing "
                                  "loads: 0x0a0011de is refused"));
  EXPECT_THAT(told.out,
              HasSubstr("with a BIOS with the EntrySign fix\n  kernel 6.14.2: 0x0a0011de loads"));
}

// The bytes are noise under an id that the kernel lists.
TEST(PredictVerb, ComparesTheDigestOfAListedPatch) {
  Predicting scene(quick_program());
  scene.dir().write("image", early_amd(AmdBlob().zen(AmdPatch(0x0A0011D5)).bytes()));
  const Told told = scene.ask(
      {"--cpu", "cpu00A00F11", "--current-rev", "0x0a0011ce", "--kernel", "6.14.2", "image"});
  EXPECT_EQ(told.code, 1);
  EXPECT_THAT(told.out, HasSubstr("SHA256 digest mismatch"));
}

TEST(PredictVerb, TellsWhatNoLoaderGetsToSee) {
  Predicting scene(quick_program());
  const Blob good = IntelBlob().bytes();
  scene.dir().write("void", support::NewcBlob()
                                .file(support::kIntelPath, support::join({good, support::zeros(4)}))
                                .bytes());
  const Told told = scene.ask({"--cpu", "0xb06f2,0x02", "--kernel", "6.12.1", "void"});
  EXPECT_EQ(told.code, 1);
  EXPECT_THAT(told.out, HasSubstr("nothing loads: the file that the loader takes is void"));
  EXPECT_THAT(told.out, HasSubstr("is not loaded: the file is void, since "));
  const Blob two = support::join(
      {support::NewcBlob().file(support::kIntelPath, good).bytes(),
       support::NewcBlob().file(support::kIntelPath, IntelBlob().revision(0x50).bytes()).bytes()});
  scene.dir().write("two", two);
  const Told shadowed = scene.ask({"--cpu", "0xb06f2,0x02", "--kernel", "6.12.1", "two"});
  EXPECT_EQ(shadowed.code, 0);
  EXPECT_THAT(shadowed.out, HasSubstr("0x0000003a loads"));
  EXPECT_THAT(shadowed.out, HasSubstr("is not looked at: an earlier file of that name counts"));
}

TEST(PredictVerb, NamesKernelsByTheirRanges) {
  Predicting scene(quick_program());
  scene.dir().write("fw/u", IntelBlob().platform_flags(0).bytes());
  const Told told = scene.ask({"--cpu", "0xb06f2,0x02", "--kernel", "all", "--firmware", "fw"});
  EXPECT_THAT(told.out,
              HasSubstr("  kernels before 7.1: nothing loads: 0x0000003a is for other platforms\n"
                        "  kernels 7.1 and later: 0x0000003a loads\n"));
  const Told list =
      scene.ask({"--cpu", "0xb06f2,0x02", "--kernel", "7.0.2,7.1", "--firmware", "fw"});
  EXPECT_THAT(list.out, HasSubstr("  kernel 7.0.2: nothing loads"));
  EXPECT_THAT(list.out, HasSubstr("  kernel 7.1: 0x0000003a loads"));
}

TEST(PredictVerb, HasTheSameInJson) {
  Predicting scene(quick_program());
  scene.dir().write("fw/amd.bin", kMilanPair);
  const Told told = scene.ask({"--json", "--cpu", "cpu00A00F11", "--current-rev", "0x0a0011ce",
                               "--kernel", "6.14.2", "--firmware", "fw"});
  const auto json = nlohmann::json::parse(told.out);
  EXPECT_EQ(json["report"], "predict");
  const auto& cpu = json["cpus"][0];
  EXPECT_EQ(cpu["signature"], "0x00a00f11");
  const auto& only = cpu["cases"][0];
  EXPECT_EQ(only["bios_revision"], "0x0a0011ce");
  const auto& answer = only["answers"][0];
  EXPECT_EQ(answer["kernel"], "6.14.2");
  EXPECT_EQ(answer["outcomes"][0]["result"], "refused");
  EXPECT_EQ(answer["outcomes"][0]["revision"], "0x0a0011de");
  EXPECT_EQ(answer["updates"][0]["verdicts"][0]["verdict"], "superseded");
  EXPECT_EQ(answer["updates"][1]["verdicts"][0]["verdict"], "no-digest");
}

TEST(PredictVerb, NotesWhatTheKernelWillCallOld) {
  Predicting scene(quick_program());
  scene.dir().write(
      "fw/u", IntelBlob().signature(0x806f8).platform_flags(0x10).revision(0x2c000390).bytes());
  std::vector<std::string> about = {"--cpu",  "0x806f8,0x10", "--kernel",
                                    "6.18.2", "--firmware",   "fw"};
  const Told told = scene.ask(about);
  EXPECT_EQ(told.code, 0);
  EXPECT_THAT(
      told.out,
      HasSubstr(
          "  kernel 6.18.2: 0x2c000390 loads\n"
          "  note: kernel 6.18.2: 0x2c000390 is called old, since the list there has 0x2c0003f7"));
  about.push_back("--json");
  const auto json = nlohmann::json::parse(scene.ask(about).out);
  EXPECT_EQ(json["cpus"][0]["cases"][0]["answers"][0]["remarks"].size(), 1U);
}

constexpr const char* kMilan =
    "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 1\nstepping\t: 1\n"
    "microcode\t: 0xa0011ce\nflags\t\t: fpu\n";

// What runs, what that proves of the BIOS, and that a cpuinfo does not tell platforms.
TEST(PredictVerb, SaysWhichCpuAnAnswerIsFor) {
  Predicting scene(quick_program());
  scene.dir().write("milan", kMilan);
  scene.dir().write("fw/amd.bin", kMilanPair);
  scene.dir().write("fw/u", IntelBlob().bytes());
  const Told amd = scene.ask({"--cpu", "@milan", "--kernel", "6.18.4", "--firmware", "fw"});
  EXPECT_THAT(amd.out, testing::StartsWith("19-01-01 0x00a00f11, running 0x0a0011ce, with a BIOS "
                                           "without the EntrySign fix\n"));
  const Told guessed = scene.ask({"--cpu", "0xb06f2", "--kernel", "6.12", "--firmware", "fw"});
  EXPECT_THAT(guessed.out, HasSubstr("06-bf-02 0x000b06f2, if its platform is of 0x"));
  const Told told = scene.ask({"--cpu", "0xb06f2,0x02", "--kernel", "6.12", "--firmware", "fw"});
  EXPECT_THAT(told.out, HasSubstr("06-bf-02 0x000b06f2, platform flags 0x02\n"));
}

// Of a fleet some may have nothing; an image that has nothing for any of them is the wrong image.
TEST(PredictVerb, FailsForAFleetWhereAnImageHasNothingForIt) {
  Predicting scene(quick_program());
  scene.dir().write("milan", kMilan);
  scene.dir().write("fw/u", IntelBlob().bytes());
  scene.dir().write("image", support::NewcBlob()
                                 .file("kernel/x86/microcode/GenuineIntel.bin", IntelBlob().bytes())
                                 .bytes());
  EXPECT_EQ(scene.ask({"--cpu", "@milan", "--kernel", "6.12", "--firmware", "fw"}).code, 0);
  const Told told = scene.ask({"--cpu", "@milan", "--kernel", "6.12", "image"});
  EXPECT_EQ(told.code, 3);
  EXPECT_THAT(told.err, HasSubstr("no microcode for these CPUs in 'image'"));
}

TEST(PredictVerb, DoubtsARevisionOfAnotherCpu) {
  Predicting scene(quick_program());
  scene.dir().write("fw/amd.bin", kMilanPair);
  const Told told = scene.ask(
      {"--cpu", "cpu00A00F11", "--current-rev", "0x603", "--kernel", "6.1", "--firmware", "fw"});
  EXPECT_THAT(told.err, HasSubstr("0x00000603 is no revision of CPU 0x00a00f11"));
}

struct WrongRow {
  std::vector<std::string> arguments;
  int code;
  const char* message;
};

TEST(PredictVerb, RefusesWhatItCannotAnswer) {
  Predicting scene(quick_program());
  scene.dir().write("fw/amd.bin", kMilanPair);
  scene.dir().write("text", support::Blob(16, 0x41));
  const WrongRow rows[] = {
      {{"--cpu", "cpu00A00F11", "--kernel", "six", "--firmware", "fw"},
       2,
       "--kernel: 'six' is no kernel release"},
      {{"--cpu", "cpu00A00F11", "--current-rev", "new", "--firmware", "fw"},
       2,
       "--current-rev: 'new' is no hexadecimal number"},
      {{"--cpu", "cpu00A00F12", "--kernel", "6.1", "--firmware", "fw"}, 3, ""},
      {{"--cpu", "cpu00A00F11", "--firmware", "fw", "text"}, 2, "IMAGE and --firmware exclude"},
      {{"--cpu", "cpu00A00F11", "missing"}, 4, "'missing': "},
  };
  for (const WrongRow& row : rows) {
    const Told told = scene.ask(row.arguments);
    EXPECT_EQ(told.code, row.code) << told.err;
    EXPECT_THAT(told.err, HasSubstr(row.message));
  }
}

}  // namespace
}  // namespace kip::ucode_pack_test
