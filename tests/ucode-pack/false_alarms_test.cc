// What other tools raise a false alarm for, or miss: a table of it. Checkers of running microcode, generators that pick files by name.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"
#include "tests/support/newc_blob.h"
#include "tests/ucode-pack/archive.h"
#include "tests/ucode-pack/scene.h"

namespace kip::ucode_pack_test {
namespace {

using support::AmdBlob;
using support::AmdPatch;
using support::Blob;
using support::IntelBlob;
using support::TempDir;
using testing::HasSubstr;
using testing::Not;

struct Row {
  const char* what;
  std::function<void(const TempDir&)> make;
  std::vector<std::string> arguments;
  int code;
  std::string says;        // somewhere on stdout or stderr
  std::string never_says;  // empty: whatever
};

std::string cpu(int number, const char* vendor, int family, int model, int stepping,
                const char* revision, const char* flags = "fpu sse2") {
  return fmt::format(
      "processor\t: {}\nvendor_id\t: {}\ncpu family\t: {}\nmodel\t\t: {}\nstepping\t: {}\n"
      "microcode\t: {}\nflags\t\t: {}\n\n",
      number, vendor, family, model, stepping, revision, flags);
}

std::string raptor(int number, const char* revision, const char* flags = "fpu sse2") {
  return cpu(number, "GenuineIntel", 6, 0xbf, 2, revision, flags);
}

// For 06-bf-02 on platform 1, revision 3Ah.
Blob update() {
  return IntelBlob().bytes();
}

Blob xz(const Blob& plain) {
  return support::text(support::must_run({"xz", "-0", "-c"}, {.input = support::to_string(plain)}));
}

void one_file(const TempDir& dir, const std::string& cpuinfo) {
  dir.write("cpus", cpuinfo);
  dir.write("tree/06-bf-02", update());
}

const std::vector<std::string> kPack = {"pack", "--cpu", "@cpus", "--firmware",
                                        "tree", "-o",    "early", "--force"};
const std::vector<std::string> kPredict = {"predict", "--cpu",    "@cpus",  "--firmware",
                                           "tree",    "--kernel", "6.12.60"};

std::vector<Row> alarms() {
  return {
      {"a newer revision, for other platforms only",
       [](const TempDir& dir) {
         dir.write(
             "tree/06-bf-02",
             support::join({update(), IntelBlob().platform_flags(0x10).revision(0x50).bytes()}));
       },
       {"predict", "--cpu", "0xb06f2,0x02", "--current-rev", "0x3a", "--kernel", "6.12.60",
        "--firmware", "tree"},
       0,
       "nothing loads: 0x0000003a is not loaded: not newer than 0x0000003a",
       "0x00000050 loads"},
      {"a guest with whatever its hypervisor shows",
       [](const TempDir& dir) { one_file(dir, raptor(0, "0x1", "fpu hypervisor sse2")); }, kPredict,
       0, "in a guest the loader is off", "0x0000003a loads"},
      {"a guest is served by its CPUID",
       [](const TempDir& dir) { one_file(dir, raptor(0, "0xffffffff", "fpu hypervisor")); }, kPack,
       0, "loads outside this guest", "warning"},
      {"an AMD CPU that AMD publishes no patch for",
       [](const TempDir& dir) {
         dir.write("cpus", cpu(0, "AuthenticAMD", 0x19, 0x74, 1, "0x0a704103"));
         dir.write("tree/amd.bin", AmdBlob().zen(AmdPatch(0x0A0011DE)).bytes());
       },
       kPredict, 0, "no update is for this CPU", "remedy"},
      {"a machine that is no x86",
       [](const TempDir& dir) {
         one_file(dir, "processor\t: 0\nBogoMIPS\t: 50.00\nCPU implementer\t: 0x41\n");
       },
       kPack, 0, "not x86: no microcode loader", "error"},
      {"a vendor without a loader",
       [](const TempDir& dir) { one_file(dir, cpu(0, "HygonGenuine", 0x18, 0, 1, "0x1")); }, kPack,
       0, "no microcode loader for this vendor", "error"},
      {"a CPU that is offline is in no list",
       [](const TempDir& dir) { one_file(dir, raptor(0, "0x3a") + raptor(2, "0x3a")); }, kPack, 0,
       "runs now, and loads again where the BIOS left an older one", "warning"},
      {"microcode in a compressed file",
       [](const TempDir& dir) {
         dir.write("cpus", raptor(0, "0x20"));
         dir.write("tree/06-bf-02.xz", xz(update()));
       },
       kPack, 0, "newer than the running 0x00000020, loads", "warning"},
      {"no file of the CPU's name",
       [](const TempDir& dir) {
         dir.write("cpus", raptor(0, "0x20"));
         dir.write("tree/06-97-02",
                   IntelBlob().signature(0x90672).extended({{0x90672, 2}, {0xb06f2, 2}}).bytes());
       },
       kPack, 0, "newer than the running 0x00000020, loads", "warning"},
      {"a file of the CPU's name with another's update",
       [](const TempDir& dir) {
         dir.write("tree/06-bf-02", IntelBlob().signature(0x90672).bytes());
       },
       {"pack", "--cpu", "06-bf-02", "--firmware", "tree", "-o", "early"},
       3,
       "06-bf-02: no microcode found for it",
       ""},
      {"the newest runs since the last image brought it",
       [](const TempDir& dir) { one_file(dir, raptor(0, "0x3a")); }, kPack, 0, "1 update, ",
       "warning"},
      {"microcode of an image that is where no loader looks",
       [](const TempDir& dir) {
         const Blob inner =
             support::NewcBlob().file("kernel/x86/microcode/GenuineIntel.bin", update()).bytes();
         dir.write("image", xz(inner));
       },
       {"predict", "--cpu", "06-bf-02", "image"},
       1,
       "nothing loads: its microcode is where the loader does not find it",
       "0x0000003a loads"},
      {"a guest of AMD's is told nothing about its BIOS",
       [](const TempDir& dir) {
         dir.write("cpus", cpu(0, "AuthenticAMD", 0x19, 1, 1, "0x0a0011ce", "fpu hypervisor"));
         dir.write("tree/amd.bin", AmdBlob().zen(AmdPatch(0x0A0011DE)).bytes());
       },
       kPack, 0, "loads outside this guest", "BIOS"},
      {"two platforms of a CPU whose platform nobody told",
       [](const TempDir& dir) {
         dir.write("cpus", raptor(0, "0x3b"));
         dir.write(
             "tree/06-bf-02",
             support::join({update(), IntelBlob().platform_flags(0x10).revision(0x50).bytes()}));
       },
       kPack, 0, "loads if this is its platform, and the BIOS left an older revision",
       "than the running"},
      {"a newest patch that this BIOS will never take",
       [](const TempDir& dir) {
         dir.write("cpus", cpu(0, "AuthenticAMD", 0x19, 1, 1, "0x0a0011ce"));
         dir.write("tree/amd.bin", AmdBlob().zen(AmdPatch(0x0A0011DE)).bytes());
       },
       kPredict, 1, "remedy: install a BIOS", "0x0a0011de loads"},
  };
}

class FalseAlarm : public testing::TestWithParam<Row> {};

TEST_P(FalseAlarm, IsNotRaised) {
  const Row& row = GetParam();
  with_each_program([&](const std::string& program) {
    const Scene scene(program);
    row.make(scene.dir());
    const Told told = scene.run(row.arguments);
    EXPECT_EQ(told.code, row.code) << told.err;
    EXPECT_THAT(told.out + told.err, HasSubstr(row.says));
    if (!row.never_says.empty()) {
      EXPECT_THAT(told.out + told.err, Not(HasSubstr(row.never_says)));
    }
  });
}

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.what;
}

INSTANTIATE_TEST_SUITE_P(OfOtherTools, FalseAlarm, testing::ValuesIn(alarms()),
                         [](const auto& row) {
                           std::string name;
                           for (const char* c = row.param.what; *c != '\0'; ++c) {
                             if (std::isalnum(static_cast<unsigned char>(*c)) != 0) name += *c;
                           }
                           return name;
                         });

}  // namespace
}  // namespace kip::ucode_pack_test
