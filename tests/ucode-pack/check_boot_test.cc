// check-boot, on machines of all kinds: the line, the exit status, what is written, what the journal gets. What the model says by
// kernel: tests/checks/booted_test.cc. On real kernels: tests/boot.
#include <filesystem>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"
#include "tests/support/kernel_finder.h"
#include "tests/ucode-pack/booted_machine.h"

namespace kip::ucode_pack_test {
namespace {

using support::Blob;
using support::IntelBlob;
using support::kAmdPath;
using support::kIntelPath;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Blob intel(std::uint32_t revision, std::uint32_t flags = 7) {
  return IntelBlob().revision(revision).platform_flags(flags).bytes();
}

constexpr BootedCpu kRuns3a{.running = 0x3a};
constexpr const char* kLine = "06-bf-02 0x000b06f2,0x01, ";

struct Row {
  const char* name;
  std::vector<BootedCpu> cpus;
  Blob member;
  int code;
  std::string
      out;  // after "06-bf-02 0x000b06f2,0x01, ", unless it begins with "="; the image is "image"
  const char* command_line = "quiet";
  const char* path = kIntelPath.data();
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

class CheckBoot : public testing::TestWithParam<Row> {
 protected:
  void SetUp() override {
    if (!may_mount()) GTEST_SKIP() << "NOT RUN: a mount needs root";
  }
};

TEST_P(CheckBoot, SaysSo) {
  const Row& row = GetParam();
  const BootedMachine machine;
  machine.cpus(row.cpus);
  machine.command_line(row.command_line);
  machine.image("image", row.path, row.member);
  const Told told = machine.check({"image"});
  EXPECT_EQ(told.code, row.code);
  const std::string expected = row.out.empty()            ? ""
                               : row.out.starts_with('=') ? row.out.substr(1) + "\n"
                                                          : kLine + row.out + "\n";
  EXPECT_EQ(told.out, expected);
  EXPECT_EQ(told.err, "");
}

Blob with_broken(Blob updates) {
  const Blob broken = IntelBlob().signature(0x50657).break_main_sum().bytes();
  updates.insert(updates.end(), broken.begin(), broken.end());
  return updates;
}

Blob two(std::uint32_t first, std::uint32_t second) {
  Blob both = intel(first);
  const Blob more = intel(second);
  both.insert(both.end(), more.begin(), more.end());
  return both;
}

const BootedCpu kHygon{
    .running = 1, .vendor = "HygonGenuine", .family = 24, .model = 0, .stepping = 1};
const BootedCpu kOther{.running = 5, .model = 0x55, .stepping = 7};
const std::string kRefused =
    ": 0x0000003a is in the image, and the kernel should have loaded it (look into the kernel's "
    "log, and whether this image was booted)";

const Row kRows[] = {
    {"Taken", {kRuns3a, kRuns3a}, intel(0x3a), 0, "2 CPUs: runs 0x0000003a: taken"},
    {"TakenNewestOfTwo", {kRuns3a}, two(0x3a, 0x39), 0, "1 CPU: runs 0x0000003a: taken"},
    {"NewerBios",
     {kRuns3a},
     intel(0x39),
     0,
     "1 CPU: runs 0x0000003a: the image's 0x00000039 is not newer"},
    {"NotLoaded", {{.running = 0x39}}, intel(0x3a), 1, "1 CPU: runs 0x00000039" + kRefused},
    {"OlderOfTwo", {{.running = 0x39}}, two(0x39, 0x3a), 1, "1 CPU: runs 0x00000039" + kRefused},
    {"LoaderOff",
     {{.running = 0x39, .flags = std::nullopt}},
     intel(0x3a),
     1,
     "=06-bf-02 0x000b06f2, 1 CPU: runs 0x00000039: 0x0000003a is not looked at: dis_ucode_ldr "
     "turns the loader off "
     "(take it off the kernel's command line)",
     "quiet dis_ucode_ldr"},
    {"LoaderOffAndNothingNewer",
     {{.running = 0x3a, .flags = std::nullopt}},
     intel(0x3a),
     0,
     "=06-bf-02 0x000b06f2, 1 CPU: runs 0x0000003a: the image's 0x0000003a is not newer",
     "quiet dis_ucode_ldr"},
    {"OffBehindTheDashes",
     {kRuns3a},
     intel(0x3a),
     0,
     "1 CPU: runs 0x0000003a: taken",
     "quiet -- dis_ucode_ldr"},
    {"Void",
     {{.running = 0x39}},
     with_broken(intel(0x3a)),
     1,
     "1 CPU: runs 0x00000039: 0x0000003a is not loaded: the file is void, since checksum is wrong "
     "(initrd-pack inspect image)"},
    {"VoidAndNobodyKnowsForWhom",
     {{.running = 0x39}},
     with_broken({}),
     1,
     "1 CPU: runs 0x00000039: nothing is loaded: the file that the loader takes is void "
     "(initrd-pack inspect image)"},
    {"VoidAndNothingNewer",
     {kRuns3a},
     with_broken(intel(0x39)),
     0,
     "1 CPU: runs 0x0000003a: the image's 0x00000039 is not newer"},
    {"NotFound",
     {{.running = 0x39}},
     intel(0x3a),
     1,
     "1 CPU: runs 0x00000039: 0x0000003a is not found: the file's name is none that is looked for "
     "(initrd-pack inspect "
     "image)",
     "quiet",
     "./kernel/x86/microcode/GenuineIntel.bin"},
    {"NoUpdate",
     {kOther},
     intel(0x3a),
     0,
     "=06-55-07 0x00050657,0x01, 1 CPU: runs 0x00000005: the image has nothing for this CPU"},
    {"NoMicrocodeAtAll",
     {kRuns3a},
     intel(0x3a),
     0,
     "1 CPU: runs 0x0000003a: there is no microcode in the image",
     "quiet",
     "etc/hostname"},
    {"OtherPlatform",
     {{.running = 0x39, .flags = 0x10}},
     intel(0x3a),
     0,
     "=06-bf-02 0x000b06f2,0x10, 1 CPU: runs 0x00000039: the image has nothing for this CPU"},
    {"NoLoader",
     {kHygon},
     intel(0x3a),
     0,
     "=18-00-01 0x00900f01, 1 CPU: runs 0x00000001: no kernel loads microcode for this vendor or "
     "family"},
    {"TwoKinds",
     {kRuns3a, kOther},
     intel(0x3a),
     0,
     "1 CPU: runs 0x0000003a: taken\n06-55-07 0x00050657,0x01, 1 CPU: runs 0x00000005: the image "
     "has nothing for this CPU"},
    {"Guest",
     {{.running = 0x1, .hypervisor = true}},
     intel(0x3a),
     0,
     "1 CPU: runs 0x00000001: a hypervisor owns the microcode"},
    {"GuestWithoutAnUpdate",
     {{.running = 0x1, .flags = 0x10, .hypervisor = true}},
     intel(0x3a),
     0,
     "=06-bf-02 0x000b06f2,0x10, 1 CPU: runs 0x00000001: a hypervisor owns the microcode; the "
     "image "
     "has nothing for this CPU"},
    {"OneLags",
     {kRuns3a, kRuns3a, {.running = 0x39}},
     intel(0x3a),
     1,
     "2 CPUs: runs 0x0000003a: taken\n06-bf-02 0x000b06f2,0x01, 1 CPU: runs 0x00000039: 0x0000003a "
     "runs on "
     "others of its kind (look into the kernel's log)"},
    {"OneLagsWithNewerOnes",
     {{.running = 0x3b}, {.running = 0x3c}},
     intel(0x3a),
     1,
     "1 CPU: runs 0x0000003b: 0x0000003c runs on others of its kind (look into the kernel's log)\n"
     "06-bf-02 0x000b06f2,0x01, 1 CPU: runs 0x0000003c: the image's 0x0000003a is not newer"},
    {"PlatformsDoNotLag",
     {kRuns3a, {.running = 0x39, .flags = 0x10}},
     intel(0x3a),
     0,
     "1 CPU: runs 0x0000003a: taken\n06-bf-02 0x000b06f2,0x10, 1 CPU: runs 0x00000039: the image "
     "has nothing for this CPU"},
    {"NotShown",
     {{.shown = false}},
     intel(0x3a),
     4,
     "1 CPU: 0x0000003a is in the image, and the kernel does not show what runs"},
    {"NotShownAndNoUpdate",
     {{.model = 0x55, .shown = false}},
     intel(0x3a),
     0,
     "=06-55-02 0x00050652,0x01, 1 CPU: the image has nothing for this CPU"},
};
INSTANTIATE_TEST_SUITE_P(Table, CheckBoot, testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

class CheckBootOf : public testing::Test {
 protected:
  void SetUp() override {
    if (!may_mount()) GTEST_SKIP() << "NOT RUN: a mount needs root";
  }
};

TEST_F(CheckBootOf, AmdGoesByItsContainer) {
  const BootedMachine machine;
  machine.cpus({{.running = 0x07030106,
                 .vendor = "AuthenticAMD",
                 .family = 22,
                 .model = 48,
                 .stepping = 1}});
  const auto patch = [](std::uint32_t id) {
    return support::AmdBlob()
        .entry(0x730f01, 0x7301)
        .patch(support::AmdPatch(id).equivalence(0x7301))
        .bytes();
  };
  machine.image("same", kAmdPath, patch(0x07030106));
  machine.image("newer", kAmdPath, patch(0x07030107));
  EXPECT_EQ(machine.check({"same"}).out, "16-30-01 0x00730f01, 1 CPU: runs 0x07030106: taken\n");
  const Told told = machine.check({"newer"});
  EXPECT_EQ(told.code, 1);
  EXPECT_THAT(told.out, HasSubstr("runs 0x07030106: 0x07030107 is in the image, and the kernel"));
}

void compress(const std::string& path) {
  EXPECT_TRUE(support::run_program({"gzip", "-n", path}).ok());
}

// A name that was mistyped, or the wrong file, is not to look like health; in a guest, where it is tried first, neither.
TEST_F(CheckBootOf, WhatIsNoImageIsAFailure) {
  const BootedMachine machine;
  machine.dir().write("hostname", "rack1\n");
  machine.dir().write("empty", "");
  machine.dir().write("zeros", Blob(4096));
  machine.dir().write("start", "070701\n");
  compress(machine.dir().write("text", "no archive\n"));
  const std::string none = "': is no initrd, early archive or unified image: ";
  const std::pair<std::string, std::string> rows[] = {
      {"hostname", none + "neither an archive nor compressed data begins here"},
      {"empty", none + "it is empty"},
      {"zeros", none + "it has zero bytes only"},
      {"start", none + "archive member's header ends early"},
      {"text.gz", none + "no archive begins at 0x0 of the decompressed data"},
      {"missing", "': No such file or directory"},
  };
  for (const bool guest : {false, true}) {
    machine.cpus({{.running = 0x3a, .hypervisor = guest}});
    for (const auto& [file, why] : rows) {
      SCOPED_TRACE(file);
      const Told told = machine.check({"--textfile", "out.prom", file});
      EXPECT_EQ(told.code, 4);
      EXPECT_EQ(told.out, "");
      EXPECT_THAT(told.complaints, ElementsAre("error: '" + file + why));
      EXPECT_THAT(support::to_string(support::read_file(machine.dir() / "out.prom")),
                  HasSubstr("kip_microcode_checked 0\n"));
    }
  }
}

TEST_F(CheckBootOf, CompressedImagesWithoutMicrocodeAreImages) {
  const BootedMachine machine;
  machine.cpus({kRuns3a});
  compress(machine.image("image", "init", Blob(4096)));
  const Told told = machine.check({"image.gz"});
  EXPECT_EQ(told.code, 0) << told.err;
  EXPECT_EQ(told.out,
            kLine + std::string("1 CPU: runs 0x0000003a: there is no microcode in the image\n"));
}

TEST_F(CheckBootOf, ImageOfTheNextBootRaisesNoAlarm) {
  const BootedMachine machine;
  machine.cpus({{.running = 0x39}});
  machine.written_after_the_boot(machine.image("image", kIntelPath, intel(0x3a)));
  Told told = machine.check({"image"});
  EXPECT_EQ(told.code, 0);
  EXPECT_EQ(
      told.out,
      kLine + std::string("1 CPU: runs 0x00000039: 0x0000003a is for the next boot: the image was "
                          "written after this one (reboot)\n"));
  // What has nothing newer is what it is.
  machine.cpus({kRuns3a});
  told = machine.check({"image"});
  EXPECT_EQ(told.out, kLine + std::string("1 CPU: runs 0x0000003a: taken\n"));
  // One that lags does so whatever comes next.
  machine.cpus({{.running = 0x39}, {.running = 0x38}});
  EXPECT_EQ(machine.check({"image"}).code, 1);
}

TEST_F(CheckBootOf, TheRecordNamesTheImage) {
  const BootedMachine machine;
  machine.cpus({kRuns3a});
  machine.record("token", {{"initrd", machine.image("initrd", kIntelPath, intel(0x3a))}});
  const Told told = machine.check({});
  EXPECT_EQ(told.code, 0) << told.err;
  EXPECT_EQ(told.out, kLine + std::string("1 CPU: runs 0x0000003a: taken\n"));
  const auto json = nlohmann::json::parse(machine.check({"--json"}).out);
  EXPECT_EQ(json["images"], nlohmann::json::array({machine.dir() / "initrd"}));
  EXPECT_EQ(json["recorded"], true);
}

TEST_F(CheckBootOf, MicrocodeStandsInFrontOfTheInitrd) {
  const BootedMachine machine;
  machine.cpus({kRuns3a});
  machine.record(
      "token", {{"initrd", machine.image("initrd", kIntelPath, intel(0x3b))},
                {"microcode-amd",
                 machine.image("a", kAmdPath, support::AmdBlob().zen(support::AmdPatch()).bytes())},
                {"microcode-intel", machine.image("i", kIntelPath, intel(0x3a))}});
  EXPECT_EQ(machine.check({}).out, kLine + std::string("1 CPU: runs 0x0000003a: taken\n"));
}

TEST_F(CheckBootOf, TheFirstFileOfAVendorCounts) {
  const BootedMachine machine;
  machine.cpus({{.running = 0x39}});
  machine.record("token", {{"initrd", machine.image("initrd", kIntelPath, intel(0x3a))},
                           {"microcode-intel", machine.image("i", kIntelPath, intel(0x50, 0x10))}});
  const Told told = machine.check({});
  EXPECT_EQ(told.code, 1);
  EXPECT_EQ(told.out,
            kLine + ("1 CPU: runs 0x00000039: 0x0000003a is not looked at: an earlier file counts "
                     "(initrd-pack inspect " +
                     machine.dir() / "initrd" + ")\n"));
}

TEST_F(CheckBootOf, NothingIsRecorded) {
  const BootedMachine machine;
  machine.cpus({kRuns3a});
  const Told told = machine.check({"--textfile", "out.prom"});
  EXPECT_EQ(told.code, 3);
  EXPECT_EQ(told.out, "");
  EXPECT_THAT(told.complaints, ElementsAre("error: no image of kernel '" + running_kernel() +
                                           "' is recorded: name the one that was booted"));
  // The figures of the boot before are not to stay.
  EXPECT_EQ(support::to_string(support::read_file(machine.dir() / "out.prom")),
            "# HELP kip_microcode_checked Whether the last check of the running microcode could be "
            "done.\n"
            "# TYPE kip_microcode_checked gauge\nkip_microcode_checked 0\n");
}

TEST_F(CheckBootOf, RecordsThatCannotBeReadAreAFailure) {
  const BootedMachine machine;
  machine.cpus({kRuns3a});
  machine.dir().write("lib/kip/manifests/token@" + running_kernel() + ".json", "{}");
  const Told told = machine.check({});
  EXPECT_EQ(told.code, 4);
  ASSERT_EQ(told.complaints.size(), 1U);
  EXPECT_THAT(told.complaints[0], HasSubstr("manifests/token@"));
}

TEST_F(CheckBootOf, RecordedImageIsGone) {
  const BootedMachine machine;
  machine.cpus({kRuns3a});
  machine.record("token", {{"initrd", "/nowhere/initrd"}});
  const Told told = machine.check({});
  EXPECT_EQ(told.code, 4);
  EXPECT_THAT(told.complaints, ElementsAre("error: '/nowhere/initrd': No such file or directory"));
}

TEST_F(CheckBootOf, EntriesHaveToAgree) {
  const BootedMachine machine;
  machine.cpus({kRuns3a});
  const std::string a = machine.image("a", kIntelPath, intel(0x3a)),
                    b = machine.image("b", kIntelPath, intel(0x3a));
  machine.record("one", {{"initrd", a}});
  machine.record("two", {{"initrd", b}});
  EXPECT_EQ(machine.check({}).code, 0);
  machine.image("b", kIntelPath, intel(0x3b));
  const Told told = machine.check({});
  EXPECT_EQ(told.code, 3);
  EXPECT_EQ(told.out, "");
  ASSERT_EQ(told.complaints.size(), 1U);
  EXPECT_THAT(told.complaints[0], HasSubstr("has several entries with different answers, of '" + a +
                                            "', '" + b + "': name the image that was booted"));
}

TEST_F(CheckBootOf, GuestsNeedNoRecord) {
  const BootedMachine machine;
  machine.cpus({{.running = 0x1, .hypervisor = true}, {.running = 0x2, .hypervisor = true}});
  const Told told = machine.check({});
  EXPECT_EQ(told.code, 0);
  EXPECT_EQ(told.err, "");
}

TEST_F(CheckBootOf, AnotherRootIsWrongUsage) {
  const BootedMachine machine;
  machine.cpus({kRuns3a});
  EXPECT_EQ(machine.check({"--root", "/", "image"}).code, 2);
}

TEST_F(CheckBootOf, JsonSaysTheSame) {
  const BootedMachine machine;
  machine.cpus({kRuns3a, {.running = 0x39}, kOther});
  machine.image("image", kIntelPath, intel(0x3a));
  const Told told = machine.check({"--json", "image"});
  EXPECT_EQ(told.code, 1);
  const auto json = nlohmann::json::parse(told.out);
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["report"], "check-boot");
  EXPECT_EQ(json["kernel"], running_kernel());
  EXPECT_EQ(json["hypervisor"], false);
  EXPECT_EQ(json["recorded"], false);
  ASSERT_EQ(json["cpus"].size(), 3U);
  const nlohmann::json lags = {{"cpu", "06-bf-02 0x000b06f2,0x01"},
                               {"vendor", "intel"},
                               {"signature", "0x000b06f2"},
                               {"platform_flags", "0x01"},
                               {"count", 1},
                               {"running", "0x00000039"},
                               {"packed", "0x0000003a"},
                               {"verdict", "lags"},
                               {"text", "0x0000003a runs on others of its kind"},
                               {"remedy", "look into the kernel's log"}};
  EXPECT_EQ(json["cpus"][1], lags);
  EXPECT_EQ(json["cpus"][2]["verdict"], "nothing");
  EXPECT_FALSE(json["cpus"][2].contains("packed"));
}

TEST_F(CheckBootOf, FiguresAreForAllToRead) {
  const BootedMachine machine;
  machine.cpus({kOther, kRuns3a, {.running = 0x39}});
  machine.image("image", kIntelPath, intel(0x3a));
  machine.dir().write("out.prom", "old");
  std::filesystem::permissions(machine.dir() / "out.prom", std::filesystem::perms::owner_all);
  const Told told = machine.check({"--textfile", "out.prom", "image"});
  EXPECT_EQ(told.code, 1);
  struct stat status {};
  ASSERT_EQ(::stat((machine.dir() / "out.prom").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0644U);
  const std::string text = support::to_string(support::read_file(machine.dir() / "out.prom"));
  EXPECT_THAT(text, HasSubstr("kip_microcode_checked 1\n"));
  EXPECT_THAT(text, HasSubstr("kip_microcode_taken{vendor=\"intel\",signature=\"0x000b06f2\","
                              "platform_flags=\"0x01\"} 0\n"));
}

TEST_F(CheckBootOf, FiguresThatCannotBeWrittenAreAFailure) {
  const BootedMachine machine;
  machine.cpus({kRuns3a});
  machine.image("image", kIntelPath, intel(0x3a));
  const Told told = machine.check({"--textfile", "nowhere/out.prom", "image"});
  EXPECT_EQ(told.code, 4);
  EXPECT_EQ(told.complaints.size(), 1U);
}

// journald's end of the socket.
class Journal {
 public:
  explicit Journal(const BootedMachine& machine)
      : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = machine.dir() / "journal/socket";
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const void* const where = &address;
    if (::bind(socket_, static_cast<const sockaddr*>(where), sizeof address) != 0)
      throw std::runtime_error("bind " + path);
  }
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  ~Journal() { ::close(socket_); }

  /// The next datagram; empty: there is none.
  [[nodiscard]] std::string next() const {
    std::string bytes(1 << 17, '\0');
    const ssize_t got = ::recv(socket_, bytes.data(), bytes.size(), 0);
    bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return bytes;
  }

 private:
  int socket_;
};

TEST_F(CheckBootOf, TheJournalIsToldOnce) {
  const BootedMachine machine;
  const Journal journal(machine);
  machine.cpus({kRuns3a});
  const std::string image = machine.image("image", kIntelPath, intel(0x3a));
  const Told told = machine.check({"--journal", "image"});
  EXPECT_EQ(told.code, 0);
  EXPECT_EQ(told.err, "");
  EXPECT_EQ(journal.next(),
            "MESSAGE=06-bf-02 0x000b06f2,0x01, 1 CPU: runs 0x0000003a: taken\n"
            "MESSAGE_ID=6e31c838032f4cfdbf297d5226dc04a0\nPRIORITY=6\nSYSLOG_IDENTIFIER=ucode-"
            "pack\nKIP_KERNEL=" +
                running_kernel() +
                "\nKIP_IMAGE=image\n"
                "KIP_CPU=06-bf-02 0x000b06f2,0x01 count=1 running=0x0000003a packed=0x0000003a "
                "verdict=taken\n");
  EXPECT_EQ(journal.next(), "");
}

TEST_F(CheckBootOf, TheJournalGetsLinesWithTheirLength) {
  const BootedMachine machine;
  const Journal journal(machine);
  machine.cpus({kRuns3a, {.running = 0x39}});
  machine.image("image", kIntelPath, intel(0x3a));
  const Told told = machine.check({"--journal", "-q", "image"});
  EXPECT_EQ(told.code, 1);
  const std::string entry = journal.next();
  const std::string message = told.out.substr(0, told.out.size() - 1);
  ASSERT_NE(message.find('\n'), std::string::npos);
  std::string length(8, '\0');
  length[0] = static_cast<char>(message.size());
  ASSERT_LT(message.size(), 256U);
  EXPECT_TRUE(entry.starts_with("MESSAGE\n" + length + message + "\nMESSAGE_ID=")) << entry;
  EXPECT_THAT(entry, HasSubstr("\nPRIORITY=4\n"));
}

TEST_F(CheckBootOf, TheJournalIsToldOfCpusWithoutAnUpdate) {
  const BootedMachine machine;
  const Journal journal(machine);
  machine.cpus({kOther});
  machine.image("image", kIntelPath, intel(0x3a));
  EXPECT_EQ(machine.check({"--journal", "image"}).code, 0);
  EXPECT_THAT(journal.next(),
              testing::StartsWith("MESSAGE=06-55-07 0x00050657,0x01, 1 CPU: runs 0x00000005: the "
                                  "image has nothing for this CPU\nMESSAGE_ID=6e31c838032f4cfdbf29"
                                  "7d5226dc04a0\nPRIORITY=6\n"));
}

TEST_F(CheckBootOf, WithoutAJournalThereIsAWarning) {
  const BootedMachine machine;
  machine.cpus({kRuns3a});
  machine.image("image", kIntelPath, intel(0x3a));
  const Told told = machine.check({"--journal", "image"});
  EXPECT_EQ(told.code, 0);
  EXPECT_THAT(told.complaints, ElementsAre("warning: '/run/systemd/journal/socket': sendto: No "
                                           "such file or directory, the journal is not told"));
}

}  // namespace
}  // namespace kip::ucode_pack_test
