// @FILE: CPUs that are somewhere else, as a saved cpuinfo, a record, or a list. And what a CPU's
// running revision changes (little: the catalogue's host facts, H01 to H10).
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"
#include "tests/ucode-pack/cases.h"

namespace kip::ucode_pack_test {
namespace {

using nlohmann::json;
using support::AmdBlob;
using support::AmdPatch;
using support::Blob;
using support::IntelBlob;
using support::TempDir;

constexpr const char* kUnserved = ": no microcode found for it";

std::string cpuinfo(const std::string& vendor, int family, int model, int stepping,
                    const std::string& microcode, int processor = 0,
                    const std::string& flags = "fpu sse2") {
  return fmt::format(
      "processor\t: {}\nvendor_id\t: {}\ncpu family\t: {}\nmodel\t\t: {}\n"
      "model name\t: some CPU\nstepping\t: {}\n{}flags\t\t: {}\n\n",
      processor, vendor, family, model, stepping,
      microcode.empty() ? "" : "microcode\t: " + microcode + "\n", flags);
}

std::string raptor(const std::string& microcode, int processor = 0) {
  return cpuinfo("GenuineIntel", 6, 0xBF, 2, microcode, processor);
}

std::string milan(const std::string& microcode, int stepping = 1, int processor = 0) {
  return cpuinfo("AuthenticAMD", 0x19, 1, stepping, microcode, processor);
}

json record(const std::vector<json>& cpus) {
  return {{"schema", 1}, {"report", "host"}, {"cpus", cpus}};
}

json intel_record(const char* flags, const char* revision) {
  json cpu = {{"vendor", "GenuineIntel"}, {"signature", "0x000b06f2"}, {"revision", revision}};
  if (*flags != '\0') cpu["platform_flags"] = flags;
  return cpu;
}

json milan_record(const char* revision) {
  return {{"vendor", "AuthenticAMD"}, {"signature", "0x00a00f11"}, {"revision", revision}};
}

Blob update() {
  return IntelBlob().bytes();
}
Blob update10() {
  return IntelBlob().platform_flags(0x10).seed(4).bytes();
}
const AmdPatch kOld = AmdPatch(0x0A0011D4);
const AmdPatch kFixed = AmdPatch(0x0A0011DE);
const AmdPatch kB2 = AmdPatch(0x0A001237).seed(3);

// The tree holds two platforms of an Intel CPU, and two CPUs of AMD, one with a patch on each side
// of the EntrySign fix.
Case fleet(std::string name, const std::string& text, Blob intel, std::vector<AmdPatch> patches,
           std::vector<std::string> complaints = {}) {
  Case row{std::move(name),
           [text](const TempDir& dir) {
             dir.write("fleet", text);
             dir.write("tree/06-bf-02", support::join({update(), update10()}));
             dir.write("tree/microcode_amd_fam19h.bin",
                       AmdBlob().zen(kOld).zen(kFixed).zen(kB2).bytes());
           },
           {"--cpu", "@fleet"},
           0,
           std::move(complaints),
           std::move(intel),
           {},
           {}};
  for (const AmdPatch& patch : patches) row.patches.push_back(patch.bytes());
  return row;
}

Case with(Case row, const std::vector<std::string>& more) {
  row.ask.insert(row.ask.end(), more.begin(), more.end());
  return row;
}

std::vector<Case> intel() {
  const Blob both = support::join({update(), update10()});
  const std::string other = cpuinfo("GenuineIntel", 6, 0x8F, 8, "0x1", 1);
  return {
      fleet("H02 platform unknown", raptor("0x20"), both, {}),
      fleet("H02 revision unknown", raptor(""), both, {}),
      fleet("H03 platform unknown in a record", record({intel_record("", "0x20")}).dump(), both,
            {}),
      fleet("Platform known in a record", record({intel_record("0x10", "0x20")}).dump(), update10(),
            {}),
      fleet("H04 platform 0", record({intel_record("0x00", "0x20")}).dump(2), both, {}),
      fleet("H06 two steppings", raptor("0x20") + other, both, {},
            {fmt::format("warning: 06-8f-08 0x000806f8{}", kUnserved)}),
      fleet("H07 a newer revision runs", raptor("0x3b"), both, {}),
      fleet("H08 the newest revision runs", raptor("0x3a"), both, {}),
      fleet("I33 a debug revision runs", raptor("0x80000001"), both, {}),
      fleet("H10 no firmware for it", other, {}, {},
            {fmt::format("warning: 06-8f-08 0x000806f8{}", kUnserved),
             "warning: there is nothing to write"}),
      fleet("H09 Hygon", cpuinfo("HygonGenuine", 0x18, 1, 1, "0x80901047"), {}, {},
            {"warning: there is nothing to write"}),
      fleet("H09 an escape as vendor", cpuinfo("\x1b[31mIntel", 6, 0xBF, 2, "0x1"), {}, {},
            {"warning: there is nothing to write"}),
      fleet("H09 Zhaoxin beside", cpuinfo("  Shanghai  ", 7, 0x3B, 0, "0x1") + raptor("0x1"), both,
            {}),
      fleet("H01 a guest's cpuinfo",
            cpuinfo("GenuineIntel", 6, 0xBF, 2, "0xffffffff", 0, "fpu hypervisor sse2"), both, {}),
  };
}

std::vector<Case> amd() {
  const auto old_record = record({milan_record("0x0a0011ce")}).dump();
  const auto fixed_record = record({milan_record("0x0a0011dc")}).dump();
  return {
      fleet("A30 the same revision runs", milan("0xa0011de"), {}, {kOld, kFixed}),
      fleet("A31 a newer revision runs", milan("0xa0011ff"), {}, {kOld, kFixed}),
      fleet("A44 revision 0", milan("0x0"), {}, {kOld, kFixed}),
      fleet("A44 revision unknown", milan(""), {}, {kOld, kFixed}),
      fleet("H05 two steppings in one container", milan("0x1", 1) + milan("0x1", 2, 1), {},
            {kOld, kFixed, kB2}),
      fleet("A34 old class, kernel unknown", old_record, {}, {kOld, kFixed}),
      with(fleet("A34 old class, a kernel that cannot select", old_record, {}, {kOld}),
           {"--kernel", "6.12.60"}),
      with(fleet("A34 old class, a kernel that selects", old_record, {}, {kOld, kFixed}),
           {"--kernel", "6.19.0"}),
      // Somebody else's kernel may have crossed the line: running a fixed revision proves nothing.
      with(fleet("A34 fixed class, a kernel that cannot select", fixed_record, {}, {kOld, kFixed}),
           {"--kernel", "6.12.60"}),
  };
}

std::vector<Case> lists() {
  const Blob both = support::join({update(), update10()});
  const std::string one = record({intel_record("0x10", "0x20")}).dump();
  return {
      fleet("SPEC a line", "# ours\n0xb06f2,0x10\n\n  cpu00A00F12 # B2\r\n", update10(), {kB2}),
      fleet("SPEC and no newline", "0xb06f2,0x10", update10(), {}),
      fleet("Record a line", one + "\n" + record({milan_record("0x0a001200")}).dump() + "\n",
            update10(), {kOld, kFixed}),
      fleet("Records and SPECs", one + "\ncpu00A00F12\n", update10(), {kB2}),
      fleet("Excluded in the list", "0xb06f2\n!0xb06f2,0x10\n", update(), {}),
      fleet(
          "Bound in the list", "0xb06f2,,gt:0x3a\n", {}, {},
          {fmt::format("warning: 0xb06f2,,gt:0x3a{}; revision 0x0000003a in 'tree/06-bf-02' is not "
                       "taken: outside the revision bound",
                       kUnserved),
           "warning: there is nothing to write"}),
      fleet("Cpuinfo without blank lines",
            [] {
              std::string text = raptor("0x20") + milan("0x1", 2, 1);
              for (std::size_t at = 0; (at = text.find("\n\n", at)) != text.npos;)
                text.erase(at, 1);
              return text;
            }(),
            both, {kB2}),
      fleet("Many CPUs alike",
            [] {
              std::string text;
              for (int i = 0; i < 512; ++i) text += raptor("0x20", i);
              return text;
            }(),
            both, {}),
      fleet("Records in an array",
            "[\n" + one + ",\n " + record({milan_record("0x0a001200")}).dump(1) + " ]\n",
            update10(), {kOld, kFixed}),
      with(fleet("With more CPUs beside", "cpu00A00F12\n", update10(), {kB2}),
           {"--cpu", "0xb06f2,0x10"}),
  };
}

class FleetCases : public testing::TestWithParam<Case> {};

TEST_P(FleetCases, AreServedAsOneArchive) {
  with_each_program([](const std::string& program) { run_case(GetParam(), program); });
}

INSTANTIATE_TEST_SUITE_P(Intel, FleetCases, testing::ValuesIn(intel()), case_name);
INSTANTIATE_TEST_SUITE_P(Amd, FleetCases, testing::ValuesIn(amd()), case_name);
INSTANTIATE_TEST_SUITE_P(Lists, FleetCases, testing::ValuesIn(lists()), case_name);

TEST(BadFleet, IsOneLine) {
  struct Bad {
    std::string text;
    int code;
    std::string line;
  };
  const std::string name_form = "no CPU, which is written as 06-8f-08, 0x806f8 or cpu00A20F12";
  const std::string long_line(60'000, 'x');
  const Bad rows[] = {
      {"host\n", 4,
       "'@fleet' line 1: a list of CPUs names each of them: no host, all or @FILE in it"},
      {"0xb06f2\n@other\n", 4,
       "'@fleet' line 2: a list of CPUs names each of them: no host, all or @FILE in it"},
      {"0xb06f2\n\nzz\n", 4, "'@fleet' line 3: 'zz': " + name_form},
      {"{\"schema\": 1}\n", 4,
       "'@fleet' line 1: not a record of `host --json`, or of a newer version"},
      {"{\"schema\": 2, \"cpus\": []}\n", 4,
       "'@fleet' line 1: not a record of `host --json`, or of a newer version"},
      {"{broken\n", 4, "'@fleet' line 1: a JSON record that does not end"},
      {"{broken}\n", 4, "'@fleet' line 1: not a JSON record"},
      {std::string(70'000, 'x'), 4, "'@fleet' line 1: longer than 65536 bytes"},
      {record({{{"vendor", "GenuineIntel"}}}).dump(), 4,
       "'@fleet' line 1: a CPU of the record has no signature"},
      {record({{{"signature", 7}}}).dump(), 4, "'@fleet' line 1: signature is no string"},
      {record({{{"signature", "0xZZ"}}}).dump(), 4,
       "'@fleet' line 1: signature is no hexadecimal number"},
      {record({json(7)}).dump(), 4, "'@fleet' line 1: a CPU of the record is no object"},
      {std::string("a\0b\xff\n", 5), 4, "'@fleet' line 1: 'a\\x00b\\xff': " + name_form},
      {long_line, 4, "'@fleet' line 1: '" + long_line.substr(0, 80) + "'...: " + name_form},
      {"[" + record({milan_record("0x1")}).dump() + ", 7]", 4,
       "'@fleet' line 1: an array of something else than records of `host --json`"},
      {"0xb06f2\n[\n" + record({milan_record("0x1")}).dump() + ",\n", 4,
       "'@fleet' line 2: a JSON array that does not end"},
      {R"({"status": "success", "data": {"resultType": "vector", "result": []}})", 4,
       "'@fleet' line 1: an answer of Prometheus' API: ask its /federate for the metrics"},
      {"", 3, "'@fleet': no CPU in it (node_exporter shows CPUs with --collector.cpu.info)"},
      {"# nobody\n", 3,
       "'@fleet': no CPU in it (node_exporter shows CPUs with --collector.cpu.info)"},
      {"# TYPE node_load1 gauge\nnode_load1 0.3\n", 3,
       "'@fleet': no CPU in it (node_exporter shows CPUs with --collector.cpu.info)"},
  };
  with_each_program([&](const std::string& program) {
    const Scene scene(program);
    for (const Bad& row : rows) {
      SCOPED_TRACE(row.line);
      scene.dir().write("fleet", row.text);
      const Told told = scene.pack({"--cpu", "@fleet"});
      EXPECT_EQ(told.code, row.code);
      EXPECT_EQ(told.complaints, std::vector{"error: " + row.line});
      EXPECT_TRUE(support::names_in(scene.dir() / "out").empty());
    }
  });
}

TEST(BadFleet, ThatCannotBeRead) {
  with_each_program([&](const std::string& program) {
    const Scene scene(program);
    scene.dir().sparse("sparse", 4ULL * 1024 * 1024 * 1024);
    const std::string endless = " line 1: longer than 65536 bytes";
    for (const auto& [file, why] : std::vector<std::pair<std::string, std::string>>{
             {"missing", ": No such file or directory"},
             {"tree", ": Is a directory"},
             {"/dev/zero", endless},
             {"sparse", endless}}) {
      SCOPED_TRACE(file);
      const Told told = scene.pack({"--cpu", "@" + file});
      EXPECT_EQ(told.code, 4);
      EXPECT_EQ(told.complaints, std::vector{"error: '@" + file + "'" + why});
    }
  });
}

// Pipes cannot seek. One that nobody writes into is empty, and no reason to wait.
TEST(FleetFile, MayBeAPipe) {
  with_each_program([](const std::string& program) {
    const Scene scene(program);
    scene.dir().write("tree/06-bf-02", update());
    scene.dir().write("fleet", "0xb06f2\n");
    scene.dir().fifo("pipe");
    for (const char* const command :
         {"cat fleet | \"$0\" \"$@\" --cpu @-", "cat fleet | \"$0\" \"$@\" --cpu @/dev/stdin",
          "\"$0\" \"$@\" --cpu @- < fleet"}) {
      const Told told = scene.shell(command, {"pack", "-q", "--firmware", "tree", "-o", "-"});
      EXPECT_EQ(told.code, 0) << command << told.err;
      EXPECT_FALSE(told.out.empty()) << command;
    }
    EXPECT_EQ(scene.pack({"--cpu", "@pipe"}).code, 3);
  });
}

// A firmware package that is missing is not to look like a successful run; to say so is for who runs it by hand.
TEST(NoFirmware, IsAFailureUnlessItIsAllowed) {
  with_each_program([](const std::string& program) {
    const Scene scene(program);
    scene.dir().write("fleet", raptor("0x20") + milan("0x1", 1, 1));
    for (const char* const cpus : {"@fleet", "all"}) {
      SCOPED_TRACE(cpus);
      const Told told = scene.pack({"--cpu", cpus});
      EXPECT_EQ(told.code, 3);
      EXPECT_EQ(told.err, "ucode-pack: error: no microcode found\n");
      EXPECT_EQ(scene.pack({"--cpu", cpus, "-n"}).code, 3);
      const Told allowed = scene.pack({"--cpu", cpus, "--allow-none"});
      EXPECT_EQ(allowed.code, 0);
      EXPECT_EQ(allowed.complaints.back(), "warning: there is nothing to write");
    }
    EXPECT_TRUE(support::names_in(scene.dir() / "out").empty());
    scene.dir().write("tree/06-bf-02", IntelBlob().break_main_sum().bytes());
    const Told broken = scene.pack({"--cpu", "all"});
    EXPECT_EQ(broken.code, 3);
    EXPECT_EQ(broken.complaints.back(), "error: no sound microcode found");
    EXPECT_EQ(scene.pack({"--cpu", "@fleet"}).code, 4);
  });
}

// What runs there makes kinds of CPU, and no second line.
TEST(UnservedCpu, IsSaidOnce) {
  const Scene scene;
  scene.dir().write("tree/06-bf-02", update());
  scene.dir().write("fleet", milan("0x1") + milan("0x2") + milan("0x2", 2));
  const Told told = scene.pack({"--cpu", "@fleet"});
  EXPECT_EQ(told.code, 0);
  EXPECT_EQ(told.complaints,
            (std::vector<std::string>{"warning: 19-01-01 0x00a00f11: no microcode found for it",
                                      "warning: 19-01-02 0x00a00f12: no microcode found for it",
                                      "warning: there is nothing to write"}));
}

// What the summary says of each.
TEST(RunningRevision, IsInTheSummary) {
  struct Running {
    json cpu;
    std::vector<std::string> effects;
  };
  const std::string old_bios =
      "loads on a BIOS without the EntrySign fix, if the kernel selects (6.19 on)";
  const std::string fixed_bios = "loads on a BIOS with the EntrySign fix";
  const Running rows[] = {
      {intel_record("0x01", "0x20"), {"newer than the running 0x00000020, loads"}},
      {intel_record("0x01", "0x3a"),
       {"runs now, and loads again where the BIOS left an older one"}},
      {intel_record("0x01", "0x3b"), {"older than the running 0x0000003b, which the BIOS has"}},
      {milan_record("0x0a0011ce"), {old_bios, fixed_bios}},
  };
  with_each_program([&](const std::string& program) {
    const Scene scene(program);
    scene.dir().write("tree/06-bf-02", update());
    scene.dir().write("tree/milan", AmdBlob().zen(kOld).zen(kFixed).bytes());
    for (const Running& row : rows) {
      SCOPED_TRACE(row.cpu.dump());
      scene.dir().write("fleet", record({row.cpu}).dump());
      const Told told = scene.run({"--cpu", "@fleet", "--firmware", "tree", "-n", "--json"});
      ASSERT_EQ(told.code, 0) << told.err;
      std::vector<std::string> effects;
      const json report = json::parse(told.out);
      for (const json& it : report["cpus"][0]["updates"]) effects.push_back(it["effect"]);
      EXPECT_EQ(effects, row.effects);
    }
  });
}

// H06: kernels since 6.7 do not look again for the other CPUs.
TEST(TwoIntelSignatures, InOneMachineAreWarnedOf) {
  with_each_program([&](const std::string& program) {
    const Scene scene(program);
    scene.dir().write("tree/06-bf-02", update());
    const std::string warning = "load the boot CPU's update on all of them";
    for (const auto& [text, expected] : std::vector<std::pair<std::string, bool>>{
             {raptor("0x20") + cpuinfo("GenuineIntel", 6, 0x8F, 8, "0x1", 1), true},
             {raptor("0x20") + raptor("0x21", 1), false},
             {"0xb06f2\n0x806f8\n", false}}) {
      scene.dir().write("fleet", text);
      const Told told = scene.run({"--cpu", "@fleet", "--firmware", "tree", "-n"});
      EXPECT_EQ(told.code, 0);
      EXPECT_EQ(told.err.find(warning) != std::string::npos, expected) << told.err;
    }
  });
}

// A33: the only patch is on the other side of the fix, and no kernel since 6.14 loads it.
TEST(RunningRevision, OnTheWrongSideOfTheEntrySignFixAsksForABiosUpdate) {
  with_each_program([&](const std::string& program) {
    const Scene scene(program);
    scene.dir().write("tree/milan", AmdBlob().zen(kFixed).bytes());
    scene.dir().write("fleet", record({milan_record("0x0a0011ce")}).dump());
    const Told told = scene.run({"--cpu", "@fleet", "--firmware", "tree", "-n"});
    ASSERT_EQ(told.code, 0) << told.err;
    EXPECT_NE(told.err.find("BIOS update"), std::string::npos) << told.err;
  });
}

}  // namespace
}  // namespace kip::ucode_pack_test
