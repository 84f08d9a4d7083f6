// How much is said and in which form: the summary, -q, -v, -n, --json, verify, host.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"
#include "tests/ucode-pack/archive.h"
#include "tests/ucode-pack/scene.h"

namespace kip::ucode_pack_test {
namespace {

using nlohmann::json;
using support::AmdBlob;
using support::AmdPatch;
using support::Blob;
using support::IntelBlob;

const std::vector<std::string> kAsk = {"--firmware", "tree",  "--cpu",
                                       "0xb06f2",    "--cpu", "cpu00A00F11"};

std::vector<std::string> with(std::vector<std::string> arguments,
                              const std::vector<std::string>& more) {
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

// A tree with one of everything: two revisions, a pair of patches, and something broken.
void fill(const Scene& scene) {
  scene.dir().write(
      "tree/intel-ucode/06-bf-02",
      support::join({IntelBlob().revision(0x39).seed(2).bytes(), IntelBlob().bytes()}));
  scene.dir().write("tree/intel-ucode/06-aa-00", std::string_view("rubbish"));
  scene.dir().write("tree/amd-ucode/microcode_amd_fam19h.bin",
                    AmdBlob().zen(AmdPatch(0x0A0011D4)).zen(AmdPatch(0x0A0011DE)).bytes());
}

void in_each_scene(const std::function<void(const Scene&)>& body) {
  with_each_program([&](const std::string& program) {
    const Scene scene(program);
    fill(scene);
    body(scene);
  });
}

const std::string kRubbish =
    "warning: 'tree/intel-ucode/06-aa-00': offset 0x0: not microcode, it begins with 72 75 62 62 "
    "69 "
    "73 68";
const std::vector<std::string> kSummary = {
    "0xb06f2: pf 0x07 revision 0x0000003a of 2025-11-11, 1024 bytes from "
    "'tree/intel-ucode/06-bf-02': loads if the BIOS left an older revision",
    "cpu00A00F11: revision 0x0a0011d4 of 2025-11-11, 512 bytes from "
    "'tree/amd-ucode/microcode_amd_fam19h.bin': loads on a BIOS without the EntrySign fix, if "
    "the kernel selects (6.19 on)",
    "cpu00A00F11: revision 0x0a0011de of 2025-11-11, 512 bytes from "
    "'tree/amd-ucode/microcode_amd_fam19h.bin': loads on a BIOS with the EntrySign fix"};

TEST(Summary, HasALineForEachUpdate) {
  in_each_scene([](const Scene& scene) {
    const Told told = scene.run(with(kAsk, {"-o", "out/early.cpio"}));
    EXPECT_EQ(told.code, 0);
    EXPECT_EQ(told.complaints, std::vector{kRubbish});
    const std::size_t size = support::read_file(scene.archive()).size();
    EXPECT_EQ(told.notes,
              with(kSummary, {fmt::format("'out/early.cpio': 3 updates, {} bytes", size)}));
    check_archive(scene.archive());
  });
}

TEST(Summary, OfADryRunIsTheSameAndNothingIsWritten) {
  in_each_scene([](const Scene& scene) {
    scene.dir().write("out/kept", std::string_view("old"));
    for (const std::vector<std::string>& where : std::vector<std::vector<std::string>>{
             {}, {"-o", "out/early.cpio"}, {"-o", "out/kept", "--force"}}) {
      const Told told = scene.run(with(with(kAsk, {"-n"}), where));
      EXPECT_EQ(told.code, 0);
      EXPECT_EQ(told.complaints, std::vector{kRubbish});
      EXPECT_EQ(told.notes, with(kSummary, {"3 updates, 3072 bytes, nothing written"}));
      EXPECT_EQ(told.out, "");
    }
    EXPECT_EQ(support::names_in(scene.dir() / "out"), std::vector<std::string>{"kept"});
    EXPECT_EQ(support::to_string(support::read_file(scene.dir() / "out/kept")), "old");
  });
}

TEST(Summary, OfADryRunHasTheExitCodeOfARealOne) {
  in_each_scene([](const Scene& scene) {
    EXPECT_EQ(scene.run({"--firmware", "tree", "--cpu", "06-55-04", "-n"}).code, 3);
    EXPECT_EQ(scene.run({"--firmware", "missing", "--cpu", "0xb06f2", "-n"}).code, 4);
    EXPECT_EQ(scene.run({"--firmware", "tree", "--cpu", "all", "-n"}).code, 0);
    // Broken where headers do not show it.
    scene.dir().write("tree/06-55-04", IntelBlob().signature(0x50654).break_main_sum().bytes());
    for (const std::vector<std::string>& how :
         std::vector<std::vector<std::string>>{{"-n"}, {"-o", "out/early.cpio"}}) {
      const Told told = scene.run(with({"--firmware", "tree", "--cpu", "06-55-04"}, how));
      EXPECT_EQ(told.code, 4);
      ASSERT_FALSE(told.complaints.empty());
      EXPECT_EQ(
          told.complaints.back(),
          "error: 'tree/06-55-04': offset 0x0: checksum is wrong; it was the choice for 06-55-04");
    }
    EXPECT_TRUE(support::names_in(scene.dir() / "out").empty());
  });
}

TEST(Holds, AreNamedWhereTheyHoldNothing) {
  in_each_scene([](const Scene& scene) {
    auto ask = kAsk;
    ask.insert(ask.end(), {"-n", "--hold", "0xdc", "--pin", "0x999,,lt:0x5"});
    const Told told = scene.run(ask);
    EXPECT_EQ(told.code, 0) << told.err;
    const std::set<std::string> notes(told.notes.begin(), told.notes.end());
    EXPECT_TRUE(notes.contains("no update is held back by '0xdc'")) << told.err;
    EXPECT_TRUE(notes.contains("no update is for a CPU of the pin '0x999,,lt:0x5'")) << told.err;
  });
}

TEST(Quiet, SaysErrorsOnly) {
  in_each_scene([](const Scene& scene) {
    const Told fine = scene.run(with(kAsk, {"-q", "-o", "out/early.cpio"}));
    EXPECT_EQ(fine.code, 0);
    EXPECT_EQ(fine.err, "");
    check_archive(scene.archive());
    const Told missing = scene.run({"--firmware", "tree", "--cpu", "06-55-04", "-q", "-n"});
    EXPECT_EQ(missing.code, 3);
    EXPECT_EQ(missing.err, "ucode-pack: error: 06-55-04: no microcode found for it\n");
    EXPECT_EQ(scene.run({"list", "--firmware", "tree", "-q"}).err, "");
    const Told verify = scene.run({"verify", "-q", "tree"});
    EXPECT_EQ(verify.err, "");
    EXPECT_EQ(verify.out, kRubbish.substr(9) + "\n");
  });
}

TEST(Verbose, SaysWhyUpdatesAreLeftOut) {
  in_each_scene([](const Scene& scene) {
    scene.dir().write("tree/copy", IntelBlob().bytes());
    scene.dir().write("tree/debug", IntelBlob().revision(0x80000001).bytes());
    scene.dir().write("tree/other", IntelBlob().platform_flags(0x40).seed(3).bytes());
    scene.dir().write("tree/zero", IntelBlob().revision(0).bytes());
    const std::vector<std::string> ask = {"--firmware", "tree", "--cpu", "0xb06f2,0x01", "-n"};
    const Told plain = scene.run(ask);
    const Told told = scene.run(with(ask, {"-v"}));
    EXPECT_EQ(told.code, 0);
    const std::vector<std::string> expected = {
        "'tree/debug' at offset 0x0, revision 0x80000001: a debug revision",
        "'tree/other' at offset 0x0, revision 0x0000003a: for another platform",
        "'tree/zero' at offset 0x0, revision 0x00000000: revision 0 is never loaded",
        "'tree/intel-ucode/06-bf-02' at offset 0x0, revision 0x00000039: superseded",
        "'tree/intel-ucode/06-bf-02' at offset 0x400, revision 0x0000003a: a duplicate"};
    EXPECT_EQ(told.notes, with(expected, plain.notes));
    EXPECT_EQ(told.complaints, plain.complaints);
  });
}

TEST(PackJson, SaysTheSameAsTheSummary) {
  in_each_scene([](const Scene& scene) {
    const Told told = scene.run(with(kAsk, {"--json", "-o", "out/early.cpio"}));
    EXPECT_EQ(told.code, 0);
    EXPECT_EQ(told.complaints, std::vector{kRubbish});
    EXPECT_EQ(told.notes, std::vector<std::string>());
    const json report = json::parse(told.out);
    EXPECT_EQ(report["schema"], 1);
    EXPECT_EQ(report["report"], "pack");
    EXPECT_EQ(report["output"], "out/early.cpio");
    EXPECT_EQ(report["bytes"], support::read_file(scene.archive()).size());
    EXPECT_EQ(report["updates"], 3);
    std::vector<std::string> lines;
    for (const json& cpu : report["cpus"]) {
      for (const json& it : cpu["updates"]) {
        const bool intel = it["vendor"] == "intel";
        lines.push_back(fmt::format(
            "{}: {}revision {} of {}, {} bytes from '{}': {}", cpu["cpu"].get<std::string>(),
            intel ? "pf " + it["targets"][0]["platform_flags"].get<std::string>() + " " : "",
            it["revision"].get<std::string>(), it["date"].get<std::string>(), it["size"].get<int>(),
            it["file"].get<std::string>(), it["effect"].get<std::string>()));
      }
    }
    EXPECT_EQ(lines, kSummary);
    check_archive(scene.archive());
  });
}

TEST(PackJson, OfADryRunHasNoOutput) {
  in_each_scene([](const Scene& scene) {
    const Told told = scene.run(with(kAsk, {"--json", "-n", "-o", "out/early.cpio"}));
    const json report = json::parse(told.out);
    EXPECT_EQ(report["output"], "");
    EXPECT_EQ(report["bytes"], 3072);
    EXPECT_EQ(report["updates"], 3);
    EXPECT_TRUE(support::names_in(scene.dir() / "out").empty());
  });
}

// Names are bytes, JSON is UTF-8.
TEST(PackJson, IsValidWhateverTheNames) {
  in_each_scene([](const Scene& scene) {
    scene.dir().write("tree/a\xff\n\"b", IntelBlob().signature(0x506E3).bytes());
    for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
             {"list", "--json", "--firmware", "tree"},
             {"verify", "--json", "tree"},
             {"--json", "-n", "--cpu", "all", "--firmware", "tree"}}) {
      const Told told = scene.run(arguments);
      EXPECT_TRUE(json::accept(told.out)) << told.out;
    }
  });
}

// Linux takes both (I12, I37).
TEST(Verify, TellsWhatIsOddAndNoFaultOnlyWhenAskedForMore) {
  in_each_scene([](const Scene& scene) {
    scene.dir().write("odd", IntelBlob().body_size(5120).date(0).bytes());
    const Told brief = scene.run({"verify", "odd"});
    EXPECT_EQ(brief.code, 0);
    EXPECT_EQ(brief.out, "");
    EXPECT_EQ(brief.notes, std::vector<std::string>{"1 update in 1 file, 0 faults"});
    const Told more = scene.run({"verify", "-v", "odd"});
    EXPECT_EQ(more.code, 0);
    EXPECT_EQ(more.out, "");
    EXPECT_EQ(more.notes,
              (std::vector<std::string>{
                  "'odd': offset 0x0: update of 5168 bytes is no multiple of 1024: Linux takes "
                  "it, Xen and iucode_tool do not",
                  "'odd': offset 0x0: date 00000000 is no calendar date",
                  "1 update in 1 file, 0 faults"}));
    const json report = json::parse(scene.run({"verify", "--json", "odd"}).out);
    ASSERT_EQ(report["findings"].size(), 2U);
    EXPECT_EQ(report["findings"][0]["severity"], "note");
    EXPECT_EQ(report["findings"][0]["rule"], "intel-size");
    EXPECT_EQ(report["findings"][1]["rule"], "date");
  });
}

TEST(Verify, PrintsALineAFaultAndAnswersByItsExitCode) {
  in_each_scene([](const Scene& scene) {
    const Told sound = scene.run({"verify", "tree/intel-ucode/06-bf-02", "tree/amd-ucode"});
    EXPECT_EQ(sound.code, 0);
    EXPECT_EQ(sound.out, "");
    EXPECT_EQ(sound.notes, std::vector<std::string>{"4 updates in 2 files, 0 faults"});

    const Told faulty = scene.run({"verify", "tree"});
    EXPECT_EQ(faulty.code, 1);
    EXPECT_EQ(faulty.out, kRubbish.substr(9) + "\n");
    EXPECT_EQ(faulty.notes, std::vector<std::string>{"4 updates in 3 files, 1 fault"});

    const Told as_json = scene.run({"verify", "--json", "tree"});
    EXPECT_EQ(as_json.code, 1);
    const json report = json::parse(as_json.out);
    EXPECT_EQ(report["report"], "verify");
    EXPECT_EQ(report["files"], 3);
    EXPECT_EQ(report["updates"], 4);
    ASSERT_EQ(report["findings"].size(), 1U);
    const json& finding = report["findings"][0];
    EXPECT_EQ(finding["severity"], "warning");
    EXPECT_EQ(finding["rule"], "file-foreign");
    EXPECT_EQ(finding["place"], "tree/intel-ucode/06-aa-00");
    EXPECT_EQ(finding["offset"], 0);

    ASSERT_EQ(scene.run(with(kAsk, {"-o", "out/early.cpio", "-q"})).code, 0);
    const Told archive = scene.run({"verify", "out/early.cpio"});
    EXPECT_EQ(archive.code, 0);
    EXPECT_EQ(archive.notes, std::vector<std::string>{"3 updates in 1 file, 0 faults"});
    const Told nothing = scene.run({"verify", "tree/intel-ucode/06-aa-00"});
    EXPECT_EQ(nothing.code, 1);
  });
}

TEST(Host, SaysTheSameAsTextAndJson) {
  with_each_program([](const std::string& program) {
    const Scene scene(program);
    const Told text = scene.run({"host"});
    const Told as_json = scene.run({"host", "--json"});
    ASSERT_EQ(text.code, 0) << text.err;
    ASSERT_EQ(as_json.code, 0);
    const json report = json::parse(as_json.out);
    ASSERT_FALSE(report["cpus"].empty());
    for (const json& cpu : report["cpus"]) {
      EXPECT_NE(
          text.out.find(cpu["name"].get<std::string>() + " " + cpu["signature"].get<std::string>()),
          std::string::npos)
          << text.out;
    }
    const bool guest = report["hypervisor"];
    EXPECT_NE(text.out.find(guest ? "hypervisor: yes" : "hypervisor: no"), std::string::npos);

    // The record is a fleet of one machine, and the machine asked by default.
    scene.dir().write("record", as_json.out);
    fill(scene);
    for (const char* const spec : {"@record", "host"}) {
      const Told told = scene.pack({"--cpu", spec, "--allow-none", "-n"});
      EXPECT_EQ(told.code, 0) << told.err;
      const bool said = told.err.find("this machine is a guest") != std::string::npos;
      EXPECT_EQ(said, guest && spec == std::string("host")) << told.err;
    }
  });
}

}  // namespace
}  // namespace kip::ucode_pack_test
