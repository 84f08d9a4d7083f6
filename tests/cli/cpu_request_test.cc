#include <gtest/gtest.h>
#include <ostream>

#include "src/cli/cpu_request.h"
#include "src/cli/json.h"
#include "tests/base/must.h"
#include "tests/host/cpuinfo.h"
#include "tests/support/temp_dir.h"

namespace kip::cli {
namespace {

using ucode::EntrySignClass;
using ucode::Vendor;

TEST(ResolveCpus, AskForTheHostWithoutASpec) {
  const CpuRequest request = must(resolve_cpus({}));
  EXPECT_TRUE(request.machine);
  EXPECT_FALSE(request.all);
  EXPECT_FALSE(request.fleet);
}

TEST(ResolveCpus, AskForTheHostByName) {
  const CpuRequest request = must(resolve_cpus({"host"}));
  ASSERT_TRUE(request.machine);
  EXPECT_GE(request.cpus.size() + request.notes.size(), request.machine->cpus.size());
}

TEST(ResolveCpus, AskForAll) {
  const CpuRequest request = must(resolve_cpus({"all"}));
  EXPECT_TRUE(request.all);
  EXPECT_TRUE(request.cpus.empty());
  EXPECT_FALSE(request.machine);
}

TEST(ResolveCpus, TakeEveryFormOfSelector) {
  const CpuRequest request =
      must(resolve_cpus({"06-8f-08", "0x806f8", "0x806f8,0x87", "0x806f8,,gt:0x2b000000",
                         "cpu00A20F12", "intel:0x120f00", "amd:0x120f00"}));
  ASSERT_EQ(request.cpus.size(), 7u);
  EXPECT_EQ(request.cpus[0].query.selector.signature, 0x806f8u);
  EXPECT_EQ(request.cpus[0].query.selector.signature_mask, ucode::kFamilyModelSteppingMask);
  EXPECT_EQ(request.cpus[1].query.selector.signature_mask, 0xffffffffu);
  EXPECT_EQ(request.cpus[2].query.selector.platform_flags, 0x87u);
  EXPECT_EQ(request.cpus[3].query.selector.bound, ucode::Selector::Bound::kGreater);
  EXPECT_EQ(request.cpus[4].query.selector.vendor, Vendor::kAmd);
  EXPECT_EQ(request.cpus[5].query.selector.vendor, Vendor::kIntel);
  EXPECT_EQ(request.cpus[6].query.selector.vendor, Vendor::kAmd);
  EXPECT_FALSE(request.all);
}

TEST(ResolveCpus, NameACpuAsItWasAskedFor) {
  EXPECT_EQ(must(resolve_cpus({"0x806f8,0x87"})).cpus[0].label, "0x806f8,0x87");
}

TEST(ResolveCpus, KeepExclusionsApart) {
  const CpuRequest request = must(resolve_cpus({"0x806f8", "!06-8f-08", "!0x806f8,0x10"}));
  EXPECT_EQ(request.cpus.size(), 1u);
  ASSERT_EQ(request.excludes.size(), 2u);
  EXPECT_EQ(request.excludes[1].platform_flags, 0x10u);
  EXPECT_FALSE(request.all);
}

TEST(ResolveCpus, TakeAllButTheExclusionsWhereNothingElseIsGiven) {
  const CpuRequest request = must(resolve_cpus({"!0x806f8"}));
  EXPECT_TRUE(request.all);
  EXPECT_EQ(request.excludes.size(), 1u);
}

// @FILE.
class CpuFile : public testing::Test {
 protected:
  Result<CpuRequest> resolve(const std::string& text) {
    return resolve_cpus({"@" + directory_.write("cpus", text)});
  }
  std::string error(const std::string& text) {
    const std::string message = error_of(resolve(text));
    const std::string path = "'@" + directory_.path() + "/cpus'";
    return message.starts_with(path) ? "FILE" + message.substr(path.size()) : message;
  }

  support::TempDir directory_;
};

TEST_F(CpuFile, MayBeACpuinfo) {
  host::CpuinfoCpu other;
  other.stepping = 7;
  const CpuRequest request = must(resolve(host::cpuinfo({{}, other, {}})));
  EXPECT_TRUE(request.fleet);
  EXPECT_FALSE(request.machine);
  ASSERT_EQ(request.cpus.size(), 2u);
  EXPECT_EQ(request.cpus[0].query.selector.signature, 0x806f8u);
  EXPECT_EQ(request.cpus[0].query.selector.vendor, Vendor::kIntel);
  EXPECT_EQ(request.cpus[0].query.selector.platform_flags, std::nullopt);
  EXPECT_EQ(request.cpus[0].running, 0x2b000639u);
  EXPECT_EQ(request.cpus[0].label, "06-8f-08 0x000806f8");
}

TEST_F(CpuFile, AssumesNoTypeBitsOfACpuinfo) {
  EXPECT_EQ(must(resolve(host::cpuinfo({{}}))).cpus[0].query.selector.signature_mask,
            ucode::kFamilyModelSteppingMask);
}

TEST_F(CpuFile, NotesCpusWithoutALoader) {
  const CpuRequest request =
      must(resolve(host::cpuinfo({{"HygonGenuine", 24, 0, 1, "0x1"}, {"AuthenticAMD", 15, 1, 1}})));
  EXPECT_TRUE(request.cpus.empty());
  ASSERT_EQ(request.notes.size(), 2u);
  EXPECT_NE(request.notes[0].find("HygonGenuine"), std::string::npos);
  EXPECT_NE(request.notes[0].find("no microcode loader"), std::string::npos);
}

TEST_F(CpuFile, MayBeARecordOfThisProgram) {
  host::Machine machine;
  machine.cpus = must(host::parse_cpuinfo(host::cpuinfo({{}}))).cpus;
  machine.cpus[0].platform_flags = 0x10;
  const CpuRequest request = must(resolve(to_json(HostReport{machine})));
  ASSERT_EQ(request.cpus.size(), 1u);
  EXPECT_TRUE(request.fleet);
  EXPECT_EQ(request.cpus[0].query.selector.platform_flags, 0x10u);
  EXPECT_EQ(request.cpus[0].running, 0x2b000639u);
  EXPECT_EQ(request.cpus[0].label, "06-8f-08 0x000806f8,0x10");
}

TEST_F(CpuFile, KnowsAGuestByItsCpuinfoOrRecord) {
  const std::string guest = host::cpuinfo({{.flags = "fpu hypervisor sse2"}});
  EXPECT_TRUE(must(resolve(guest)).cpus[0].guest);
  EXPECT_TRUE(must(resolve(to_json(HostReport{must(host::parse_cpuinfo(guest))}))).cpus[0].guest);
  EXPECT_FALSE(must(resolve(host::cpuinfo({{}}))).cpus[0].guest);
}

TEST_F(CpuFile, MayBeLinesOfSpecsAndRecords) {
  const CpuRequest request = must(resolve(
      "# the fleet\n"
      "\n"
      "0x806f8   # racks 1 to 4\r\n"
      "  06-9e-0a\n"
      "!0x806f8,0x10\n"
      "{\"schema\": 1, \"cpus\": [{\"vendor\": \"AuthenticAMD\", \"signature\": \"0x00a20f12\"}]}\n"
      "cpu00A00F11"));
  ASSERT_EQ(request.cpus.size(), 4u);
  EXPECT_EQ(request.cpus[0].label, "0x806f8");
  EXPECT_EQ(request.cpus[1].label, "06-9e-0a");
  EXPECT_EQ(request.cpus[2].query.selector.signature, 0x00a20f12u);
  EXPECT_EQ(request.cpus[3].query.selector.signature, 0x00a00f11u);
  EXPECT_EQ(request.excludes.size(), 1u);
}

TEST_F(CpuFile, MayBeEmpty) {
  const CpuRequest request = must(resolve("# nobody yet\n"));
  EXPECT_TRUE(request.fleet);
  EXPECT_TRUE(request.cpus.empty());
}

TEST_F(CpuFile, NamesTheFileThatIsMissing) {
  const auto request = resolve_cpus({"@" + directory_.path() + "/none"});
  EXPECT_EQ(code_of(request), Errc::kSystem);
  EXPECT_EQ(error_of(request), "'@" + directory_.path() + "/none': No such file or directory");
}

TEST_F(CpuFile, SaysFileAndLineOfWhatItCannotTake) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"0x806f8\nnonsense\n",
       "FILE line 2: 'nonsense': no CPU, which is written as 06-8f-08, 0x806f8 or cpu00A20F12"},
      {"\n\n\n0x806f8,0xzz\n", "FILE line 4: '0x806f8,0xzz': platform flags are written as 0x87"},
      {"# c\nhost\n",
       "FILE line 2: a list of CPUs names each of them: no host, all or @FILE in it"},
      {"all\n", "FILE line 1: a list of CPUs names each of them: no host, all or @FILE in it"},
      {"@other\n", "FILE line 1: a list of CPUs names each of them: no host, all or @FILE in it"},
      {"{\"schema\": 1\n", "FILE line 1: a JSON record that does not end"},
      {"0x806f8\n{\"schema\": 2, \"cpus\": []}\n",
       "FILE line 2: not a record of `host --json`, or of a newer version"},
  };
  for (const auto& [text, message] : rows) EXPECT_EQ(error(text), message);
}

TEST_F(CpuFile, RepeatsNotMoreThanTheBeginningOfALine) {
  const std::string message = error(std::string(10000, 'x'));
  EXPECT_LT(message.size(), 300u);
}

// What a running revision proves of an AMD CPU's BIOS: on an unknown kernel, only the old class.
TEST_F(CpuFile, ProvesTheOldClassByAnOldRevision) {
  host::CpuinfoCpu old = {"AuthenticAMD", 25, 0x21, 2, "0xa201205"};
  EXPECT_EQ(must(resolve(host::cpuinfo({old}))).cpus[0].query.proven, EntrySignClass::kOld);
}

TEST_F(CpuFile, ProvesNothingByAFixedRevisionOnAnUnknownKernel) {
  host::CpuinfoCpu fixed = {"AuthenticAMD", 25, 0x21, 2, "0xa2012ff"};
  EXPECT_EQ(must(resolve(host::cpuinfo({fixed}))).cpus[0].query.proven, std::nullopt);
}

struct RefusalRow {
  const char* spec;
  const char* message;
};

TEST(ResolveCpus, SayWhatIsWrongWithASpec) {
  const RefusalRow rows[] = {
      {"", "'': no CPU, which is written as 06-8f-08, 0x806f8 or cpu00A20F12"},
      {"06-8f", "'06-8f': no CPU, which is written as 06-8f-08, 0x806f8 or cpu00A20F12"},
      {"06-8f-zz", "'06-8f-zz': no CPU, which is written as 06-8f-08, 0x806f8 or cpu00A20F12"},
      {"06-8f-1f", "'06-8f-1f': no CPU has this family, model or stepping"},
      {"0xzz", "'0xzz': a signature is written as 0x806f8"},
      {"0x806f8,7", "'0x806f8,7': platform flags are written as 0x87"},
      {"0x806f8,,0x1", "'0x806f8,,0x1': a revision bound begins with lt:, eq: or gt:"},
      {"0x806f8,,gt:1", "'0x806f8,,gt:1': a revision is written as 0x2b000000"},
      {"cpu00A2", "'cpu00A2': an AMD CPUID is written as cpu00A20F12"},
      {"Host", "'Host': no CPU, which is written as 06-8f-08, 0x806f8 or cpu00A20F12"},
      {"a\nb", "'a\\x0ab': no CPU, which is written as 06-8f-08, 0x806f8 or cpu00A20F12"},
  };
  for (const RefusalRow& row : rows) {
    const auto request = resolve_cpus({row.spec});
    EXPECT_EQ(code_of(request), Errc::kInvalid) << row.spec;
    EXPECT_EQ(error_of(request), row.message);
  }
}

TEST(ParseSelectors, TakeAListOfThem) {
  EXPECT_EQ(must(parse_selectors({"0x806f8", "cpu00A20F12"})).size(), 2u);
}

TEST(ParseSelectors, RefuseExclusions) {
  EXPECT_EQ(error_of(parse_selectors({"!0x806f8"})),
            "'!0x806f8': '!' deselects CPUs, and has no meaning here");
}

TEST(ParseSelectors, NameTheOneThatIsWrong) {
  EXPECT_TRUE(error_of(parse_selectors({"0x806f8", "wrong"})).starts_with("'wrong': "));
}

}  // namespace
}  // namespace kip::cli
