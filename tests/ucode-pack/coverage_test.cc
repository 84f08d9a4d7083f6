// coverage: who gets what of a release, what changes, and what it costs.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/ucode-pack/coverage_scene.h"

namespace kip::ucode_pack_test {
namespace {

using nlohmann::json;
using support::AmdBlob;
using support::AmdPatch;
using support::Blob;
using support::IntelBlob;
using testing::HasSubstr;
using testing::Not;

// For the next stepping, too.
Blob shared(std::uint32_t signature, std::uint32_t flags, std::uint32_t revision) {
  return IntelBlob()
      .signature(signature)
      .platform_flags(flags)
      .revision(revision)
      .extended({{signature + 1, 0x02}})
      .bytes();
}

TEST(Coverage, SaysWhatEachKindGets) {
  const Fleet fleet;
  fleet.write({kBehind, kCurrent, kBehind, kNobody, kAhead}, /*indent=*/2);
  const json report = fleet.report();
  EXPECT_EQ(report["schema"], 1);
  EXPECT_EQ(report["report"], "coverage");
  EXPECT_EQ(report["machines"], 5);
  ASSERT_EQ(report["cpus"].size(), 4u);
  const json& behind = *row_of(report, kBehind);
  EXPECT_EQ(behind["machines"], 2);
  EXPECT_EQ(behind["packed"], json({kNew}));
  EXPECT_EQ(behind["available"], kNew);
  EXPECT_EQ(behind["state"], "behind");
  EXPECT_EQ(behind["verdict"], "loads");
  EXPECT_EQ(behind["bytes"], 1024);
  EXPECT_EQ(behind["bytes_alone"], 1024);
  EXPECT_FALSE(behind.contains("change"));
  EXPECT_EQ((*row_of(report, kCurrent))["state"], "current");
  EXPECT_EQ((*row_of(report, kAhead))["state"], "ahead");
  const json& nobody = *row_of(report, kNobody);
  EXPECT_EQ(nobody["packed"], json::array());
  EXPECT_FALSE(nobody.contains("available"));
  EXPECT_EQ(nobody["state"], "unserved");
  EXPECT_EQ(nobody["verdict"], "nothing");
  EXPECT_EQ(report["totals"]["machines_by_state"],
            json({{"ahead", 1}, {"behind", 2}, {"current", 1}, {"unserved", 1}}));
  EXPECT_EQ(report["totals"]["cpus_unserved"], 1);
}

TEST(Coverage, SaysTheSameInWords) {
  const Fleet fleet;
  fleet.write({kBehind, kNobody});
  const Told told = fleet.ask();
  EXPECT_EQ(told.code, 0) << told.err;
  EXPECT_EQ(told.complaints, std::vector<std::string>());
  EXPECT_EQ(told.out.substr(0, told.out.find("2 machines")),
            "intel 06-9e-09 0x000906e9,0x02: 1 machine, run 0x00000005; no microcode for it; "
            "nothing, unserved\n"
            "intel 06-bf-02 0x000b06f2,0x01: 1 machine, run 0x00000020; packed 0x0000003a; loads, "
            "behind; 1024 bytes, 1024 alone\n");
  EXPECT_THAT(told.out, HasSubstr("\nunserved: 1 kind of CPU without microcode\n"));
}

// What machines say of themselves is not to be trusted, on a terminal or in a page.
TEST(Coverage, NamesMachinesIfAsked) {
  const Fleet fleet;
  std::string text;
  for (const char* const name : {"web2", "web1", "<b>\x1b[1m"}) {
    json record = record_of(kBehind);
    record["host"] = name;
    record["cpus"][0]["model_name"] = "Xeon <i>";
    text += record.dump();
  }
  fleet.dir().write("fleet", text);
  const Told plain = fleet.ask();
  EXPECT_THAT(plain.out, HasSubstr("intel 06-bf-02 0x000b06f2,0x01 (Xeon <i>): 3 machines, run"));
  EXPECT_THAT(plain.out, Not(HasSubstr("web1")));
  const Told named = fleet.ask({"--names", "--html", "page"});
  EXPECT_THAT(named.out, HasSubstr("\n  machines: '<b>\\x1b[1m', web1, web2\n"));
  const Blob bytes = support::read_file(fleet.dir() / "page");
  const std::string page(bytes.begin(), bytes.end());
  EXPECT_THAT(page, HasSubstr("machines: '&lt;b&gt;\\x1b[1m', web1, web2"));
  EXPECT_THAT(page, HasSubstr("Xeon &lt;i&gt;"));
  const json report = fleet.report({"--names"});
  EXPECT_EQ((*row_of(report, kBehind))["names"], json({"<b>\x1b[1m", "web1", "web2"}));
  EXPECT_EQ((*row_of(report, kBehind))["model_name"], "Xeon <i>");
}

// Whatever order the file has.
TEST(Coverage, DoesNotDependOnTheOrderOfRecords) {
  const Fleet fleet;
  fleet.write({kBehind, kNobody, kOther, kCurrent});
  const Told one = fleet.ask({"--json"});
  fleet.write({kCurrent, kOther, kBehind, kNobody});
  EXPECT_EQ(fleet.ask({"--json"}).out, one.out);
}

// The archive is the one that pack writes, and so is what is said of each.
TEST(Coverage, WeighsTheArchiveThatPackWrites) {
  with_each_program([](const std::string& program) {
    const Fleet fleet(program);
    fleet.write({kBehind, kOther, {0xA00F11, {}, 0x0A0011CE, true}});
    const json report = fleet.report({}, 1);
    EXPECT_EQ(fleet.pack({"--cpu", "@fleet"}).code, 0);
    EXPECT_EQ(report["archive"]["bytes"], support::read_file(fleet.archive()).size());
    EXPECT_EQ(report["archive"]["updates"], 4);
    EXPECT_EQ((*row_of(report, kOther))["packed"], json({kNew}));
  });
}

// An update for two CPUs of the fleet is on the account of both, and saves nothing if one of them goes.
TEST(Coverage, MarksWhatIsShared) {
  const Fleet fleet;
  fleet.dir().write("tree/shared", shared(0x906EA, 0x22, 0x99));
  const MadeCpu one = {0x906EA, 0x02, 1}, two = {0x906EB, 0x02, 1};
  fleet.write({one, two, kBehind});
  const json report = fleet.report();
  for (const MadeCpu& cpu : {one, two}) {
    EXPECT_GT((*row_of(report, cpu))["bytes"], 1024);
    EXPECT_EQ((*row_of(report, cpu))["bytes_alone"], 0);
  }
  EXPECT_EQ((*row_of(report, kBehind))["bytes_alone"], 1024);
  fleet.write({one, kBehind, {0x906EA, 0x02, 2}});
  EXPECT_EQ((*row_of(fleet.report(), one))["bytes_alone"], (*row_of(report, one))["bytes"]);
}

TEST(Coverage, HoldsTheArchiveAgainstABudget) {
  const Fleet fleet;
  fleet.write({kBehind, kOther, kNobody});
  const std::uint64_t bytes = fleet.report()["archive"]["bytes"];
  const Told within = fleet.ask({"--max-size", std::to_string(bytes)});
  EXPECT_EQ(within.code, 0);
  EXPECT_THAT(within.out, HasSubstr(fmt::format("within the budget of {} bytes\n", bytes)));
  const Told over = fleet.ask({"--max-size", std::to_string(bytes - 1)});
  EXPECT_EQ(over.code, 1);
  EXPECT_THAT(over.out, HasSubstr(fmt::format("\nfault: budget: the archive is over {} bytes by 1;",
                                              bytes - 1)));
  EXPECT_THAT(over.out,
              HasSubstr("cost: 06-bf-02 0x000b06f2,0x01: 1024 bytes, 1024 alone, 1 machine\n"));
  EXPECT_THAT(over.out, HasSubstr(" by 1; without the first of the costs it fits\n"));
  const json report = fleet.report({"--max-size", "2K"}, 1);
  EXPECT_EQ(report["archive"]["fits_without"], 1);
  EXPECT_EQ(report["archive"]["max_size"], 2048);
  EXPECT_EQ(report["archive"]["over"], true);
  EXPECT_EQ(report["costs"].size(), 3u);
  for (const char* const wrong : {"x", "1T", "-1", "1.5M", "99999999999999999999", "M"}) {
    const Told told = fleet.ask({"--max-size", wrong});
    EXPECT_EQ(told.code, 2);
    EXPECT_EQ(told.complaints,
              std::vector{fmt::format(
                  "error: --max-size: '{}' is no number of bytes, as 500000, 512K or 8M", wrong)});
  }
}

TEST(Coverage, ComparesTwoReleases) {
  const Fleet fleet;
  const MadeCpu same = {0x506E3, 0x02, 1}, older = {0x406E3, 0x40, 1}, gone = {0x306C3, 0x02, 1},
                other = {0x40651, 0x02, 1};
  fleet.dir().write("tree/same", intel(0x506E3, 0x36, 0xF0));
  fleet.dir().write("tree/older", intel(0x406E3, 0xC0, 0xF0));
  fleet.dir().write("tree/other", intel(0x40651, 0x72, 0x26));
  fleet.dir().write("old/x", support::join({intel(0xB06F2, 0x07, 0x39), intel(0x506E3, 0x36, 0xF0),
                                            intel(0x406E3, 0xC0, 0xF1), intel(0x306C3, 0x32, 0x28),
                                            intel(0x40651, 0x72, 0x26, 9)}));
  fleet.write({kBehind, same, kNobody, kOther, other});
  const json report = fleet.report({"--firmware-old", "old"});
  const auto change = [](const json& from, const MadeCpu& cpu) {
    return (*row_of(from, cpu))["change"];
  };
  EXPECT_EQ(change(report, kBehind), "newer");
  EXPECT_EQ((*row_of(report, kBehind))["old"], json({kOld}));
  EXPECT_EQ(change(report, same), "same");
  EXPECT_EQ(change(report, other), "other");
  EXPECT_EQ(change(report, kOther), "added");
  EXPECT_EQ(change(report, kNobody), "none");
  EXPECT_EQ(report["firmware_old"], json({"old"}));
  // A machine that loses what it had is a no.
  for (const auto& [cpu, what] : {std::pair{older, "older"}, std::pair{gone, "gone"}}) {
    fleet.write({kBehind, cpu});
    EXPECT_EQ(change(fleet.report({"--firmware-old", "old"}, 1), cpu), what);
    EXPECT_EQ(fleet.ask().code, 0);
  }
}

// Every CPU of either release, where all are asked for.
TEST(Coverage, OfAllNamesWhatOneReleaseLacks) {
  const Fleet fleet;
  fleet.dir().write("old/x", intel(0x306C3, 0x32, 0x28));
  const Told told = fleet.run(
      {"coverage", "--cpu", "all", "--firmware", "tree", "--firmware-old", "old", "--json"});
  EXPECT_EQ(told.code, 1) << told.err;
  std::map<std::string, std::string> changes;
  const json report = json::parse(told.out);
  for (const json& row : report["cpus"]) changes[row["signature"]] = row["change"];
  EXPECT_EQ(changes,
            (std::map<std::string, std::string>{
                {"0x00a00f11", "added"}, {"0x000b06f2", "added"}, {"0x000306c3", "gone"}}));
}

TEST(Coverage, IsANoWhereAKernelRefuses) {
  const Fleet fleet;
  const MadeCpu old_bios = {0xA00F11, {}, 0x0A0011CE, true};
  fleet.write({old_bios});
  const json report = fleet.report({}, 1);
  const json& row = *row_of(report, old_bios);
  EXPECT_EQ(row["verdict"], "varies");
  EXPECT_EQ(row["packed"], json({"0x0a0011d5", "0x0a0011de"}));
  EXPECT_THAT(row["remedy"].get<std::string>(), HasSubstr("BIOS"));
  const json before = fleet.report({"--kernel", "6.6.50"});
  EXPECT_EQ((*row_of(before, old_bios))["verdict"], "loads");
}

// The dearest first, as many as have to go; what is shared goes with the last of those that share it.
TEST(Coverage, SaysWithoutHowManyTheArchiveFits) {
  const Fleet fleet;
  fleet.dir().write("tree/shared", shared(0x906EA, 0x22, 0x99));
  fleet.write({kBehind, kOther, {0x906EA, 0x02, 1}, {0x906EB, 0x02, 1}, kNobody});
  const auto ask = [&](std::uint64_t bytes) {
    return fleet.report({"--max-size", std::to_string(bytes)}, 1)["archive"];
  };
  const std::uint64_t bytes = fleet.report()["archive"]["bytes"];
  EXPECT_EQ(ask(bytes - 1)["fits_without"], 1);
  EXPECT_EQ(ask(bytes - 1024)["fits_without"], 1);
  EXPECT_EQ(ask(bytes - 1025)["fits_without"], 2);
  EXPECT_EQ(ask(bytes - 2048)["fits_without"], 2);
  EXPECT_FALSE(ask(bytes - 2049).contains("fits_without"));
}

// A CPU whose platform is not known shares with one whose is: the second costs nothing while the first is there.
TEST(Coverage, CountsWhatLeavesOnceTheOthersAreGone) {
  const Fleet fleet;
  const MadeCpu small = {0x906EA, 0x02, 1};
  fleet.dir().write("tree/large", shared(0xB06F2, 0x10, 0x3B));
  fleet.dir().write("tree/small", intel(0x906EA, 0x22, 0x99));
  fleet.write({small, {0xB06F2, 0x10, 0x20}, {0xB06F2, {}, 0x20}});
  const json costs = fleet.report({"--max-size", "1M"})["costs"];
  ASSERT_EQ(costs.size(), 3u);
  EXPECT_EQ(costs[0]["cpu"], "06-bf-02 0x000b06f2");
  EXPECT_EQ(costs[1]["cpu"], "06-bf-02 0x000b06f2,0x10");
  EXPECT_EQ(costs[1]["bytes_alone"], 0);
}

// Intel's revisions are signed.
TEST(Coverage, CountsWhatRunsADebugRevisionAsBehind) {
  const Fleet fleet;
  const MadeCpu debug = {0xB06F2, 0x01, 0x80000001};
  fleet.write({debug});
  fleet.dir().write("old/x", intel(0xB06F2, 0x07, 0x39));
  const json report = fleet.report({"--firmware-old", "old"});
  EXPECT_EQ((*row_of(report, debug))["state"], "behind");
  EXPECT_EQ(report["totals"]["machines_gain_by_release"], 1);
}

TEST(Coverage, CountsWhatWouldRunSomethingNewer) {
  const Fleet fleet;
  fleet.dir().write("tree/same", intel(0x506E3, 0x36, 0xF0));
  fleet.dir().write("old/x",
                    support::join({intel(0xB06F2, 0x07, 0x39), intel(0x506E3, 0x36, 0xF0)}));
  fleet.write({kBehind, kBehind, kCurrent, kAhead, kNobody, {0x506E3, 0x02, 1}});
  EXPECT_EQ(fleet.report()["totals"]["machines_gain"], 3);
  EXPECT_FALSE(fleet.report()["totals"].contains("machines_gain_by_release"));
  const json compared = fleet.report({"--firmware-old", "old"});
  EXPECT_EQ(compared["totals"]["machines_gain"], 3);
  EXPECT_EQ(compared["totals"]["machines_gain_by_release"], 2);
  EXPECT_THAT(fleet.ask({"--firmware-old", "old"}).out,
              HasSubstr("\n3 machines would run something newer, 2 of them what the old release "
                        "lacks\n"));
}

// A machine with two kinds of CPU is one, and stays if one of them does.
TEST(Coverage, CountsNoMachineThatIsLeftOut) {
  const Fleet fleet;
  const auto machine_of = [](const MadeCpu& one, const MadeCpu& two) {
    json record = record_of(one);
    record["cpus"].push_back(record_of(two)["cpus"][0]);
    return record.dump() + "\n";
  };
  fleet.dir().write("tree/other", intel(0x506E3, 0x36, 0xF0));
  json stranger = record_of(kBehind);
  stranger["cpus"].push_back({{"vendor", "Other"}, {"signature", "0x1"}});
  fleet.dir().write("fleet", machine_of(kBehind, kCurrent) + machine_of(kBehind, kNobody) +
                                 stranger.dump() + record_of(kCurrent).dump() +
                                 record_of({0x506E3, 0x02, 1}).dump() + record_of(kNobody).dump());
  const json whole = fleet.report();
  EXPECT_EQ(whole["machines"], 6);
  EXPECT_EQ(whole["machines_left_out"], 0);
  const json rest = fleet.report({"--cpu", "!06-bf-02"});
  EXPECT_EQ(rest["machines"], 4);
  EXPECT_EQ(rest["machines_left_out"], 2);
  EXPECT_THAT(fleet.ask({"--cpu", "!06-bf-02", "--cpu", "!06-9e-09"}).out,
              HasSubstr("\n2 machines, 1 kind of CPU; 4 left out\n"));
}

// Or the states would not add up to the machines.
TEST(Coverage, CountsMachinesWithoutALoaderApart) {
  const Fleet fleet;
  json stranger = record_of(kBehind), further = stranger;
  stranger["cpus"] = json::array({{{"vendor", "Other"}, {"signature", "0x1"}}});
  further["cpus"] = json::array({{{"vendor", "Other"}, {"signature", "0x2"}}});
  fleet.dir().write("fleet", record_of(kBehind).dump() + stranger.dump() + stranger.dump() +
                                 further.dump() + "\n");
  EXPECT_THAT(fleet.ask().out,
              HasSubstr("\n4 machines, 1 kind of CPU\nmachines by state: 1 behind\n"
                        "without a loader: 3 machines, 2 kinds of CPU\n"));
  fleet.write({kBehind});
  EXPECT_THAT(fleet.ask().out, Not(HasSubstr("without a loader")));
}

TEST(Coverage, LeavesGuestsToTheirHypervisor) {
  const Fleet fleet;
  MadeCpu guest = kBehind;
  guest.guest = true;
  fleet.write({guest, kBehind});
  const json report = fleet.report();
  EXPECT_EQ((*row_of(report, guest))["state"], "guest");
  EXPECT_EQ((*row_of(report, guest))["verdict"], "off");
  EXPECT_EQ((*row_of(report, kBehind))["state"], "behind");
  EXPECT_EQ(report["costs"][0]["machines"], 2);
  EXPECT_EQ(report["costs"][0]["guests"], 1);
  EXPECT_THAT(fleet.ask({"--max-size", "1M"}).out,
              HasSubstr(" alone, 2 machines, 1 of them guests\n"));
}

TEST(Coverage, KeepsHeldRevisionsApartFromAvailableOnes) {
  const Fleet fleet;
  fleet.dir().write("tree/older", intel(0xB06F2, 0x07, 0x39, 2));
  fleet.write({kBehind});
  const json report = fleet.report({"--hold", "0xb06f2,,eq:0x3a"});
  EXPECT_EQ((*row_of(report, kBehind))["packed"], json({kOld}));
  EXPECT_EQ((*row_of(report, kBehind))["available"], kNew);
}

TEST(Coverage, OfNothingIsNothing) {
  const Fleet fleet;
  fleet.write({kNobody});
  const Told told = fleet.ask({"--html", "out/page.html"});
  EXPECT_EQ(told.code, 3);
  EXPECT_EQ(told.complaints, std::vector<std::string>{"error: no microcode for these CPUs"});
  EXPECT_TRUE(support::names_in(fleet.dir() / "out").empty());
}

TEST(Coverage, FailsWhereTheUpdateIsBroken) {
  const Fleet fleet;
  fleet.dir().write("tree/broken",
                    IntelBlob().signature(0x506E3).revision(0xF0).flip_bit(500).bytes());
  fleet.write({{0x506E3, 0x02, 1}});
  const Told told = fleet.ask({"--html", "out/page.html"});
  EXPECT_EQ(told.code, 4);
  EXPECT_EQ(told.out, "");
  EXPECT_TRUE(support::names_in(fleet.dir() / "out").empty());
}

TEST(CoveragePage, IsWrittenWholeAndTheSameEachTime) {
  with_each_program([](const std::string& program) {
    const Fleet fleet(program);
    fleet.write({kBehind, kNobody});
    const std::string path = fleet.dir() / "out/page.html";
    EXPECT_EQ(fleet.ask({"--html", "out/page.html", "-n"}).code, 0);
    EXPECT_FALSE(support::exists(path));
    EXPECT_EQ(fleet.ask({"--html", "out/page.html"}).code, 0);
    const Blob first = support::read_file(path);
    const Told refused = fleet.ask({"--html", "out/page.html"});
    EXPECT_EQ(refused.code, 4);
    EXPECT_EQ(refused.complaints,
              std::vector<std::string>{"error: 'out/page.html': exists (--force replaces it)"});
    EXPECT_EQ(fleet.ask({"--html", "out/page.html", "--force"}).code, 0);
    EXPECT_TRUE(support::read_file(path) == first);
    EXPECT_EQ(support::names_in(fleet.dir() / "out"), std::vector<std::string>{"page.html"});
  });
}

TEST(CoveragePage, EscapesWhateverAFleetAndItsPathsSay) {
  const Fleet fleet;
  const std::string hostile = "<script>alert(1)</script>\"'&\x1b\xff";
  fleet.write({kBehind});
  fleet.dir().write(
      "hostile",
      json({{"schema", 1},
            {"cpus", {{{"vendor", "<script>alert(1)</script>\"&"}, {"signature", "0x1"}}}}})
          .dump());
  fleet.dir().write("<i>&/x", intel(0xB06F2, 0x07, 0x3A));
  const Told told =
      fleet.ask({"--cpu", "@hostile", "--firmware", "<i>&", "--html", "out/page.html"});
  EXPECT_EQ(told.code, 0) << told.err;
  const std::string page = support::to_string(support::read_file(fleet.dir() / "out/page.html"));
  EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&amp;"));
  EXPECT_THAT(page, HasSubstr("tree, &lt;i&gt;&amp;"));
}

TEST(CoveragePage, HasADateOnlyWhereItIsGiven) {
  const Fleet fleet;
  fleet.write({kBehind});
  std::vector<std::string> words = {"coverage", "--cpu",  "@fleet", "--firmware",
                                    "tree",     "--html", "out/a"};
  support::RunOptions options;
  options.env = {{"SOURCE_DATE_EPOCH", "1764201600"}};
  EXPECT_EQ(fleet.run(words, options).code, 0);
  words.back() = "out/b";
  EXPECT_EQ(fleet.run(words).code, 0);
  EXPECT_THAT(support::to_string(support::read_file(fleet.dir() / "out/a")),
              HasSubstr("as of 2025-11-27"));
  EXPECT_THAT(support::to_string(support::read_file(fleet.dir() / "out/b")),
              Not(HasSubstr("as of")));
}

}  // namespace
}  // namespace kip::ucode_pack_test
