#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "src/cli/json.h"
#include "tests/base/must.h"

namespace kip::cli {
namespace {

using Json = nlohmann::json;
using ucode::Vendor;

host::Cpu intel_cpu() {
  host::Cpu cpu;
  cpu.vendor = Vendor::kIntel;
  cpu.vendor_id = "GenuineIntel";
  cpu.signature = {0x000806f8};
  cpu.platform_flags = 0x10;
  cpu.revision = 0x2b000639;
  cpu.count = 64;
  return cpu;
}

host::Cpu amd_cpu() {
  host::Cpu cpu;
  cpu.vendor = Vendor::kAmd;
  cpu.vendor_id = "AuthenticAMD";
  cpu.signature = {0x00a20f12};
  return cpu;
}

UpdateRow intel_row() {
  UpdateRow row;
  row.update.vendor = Vendor::kIntel;
  row.update.revision = 0x2b000639;
  row.update.date = 0x04152025;
  row.update.size = 1024;
  row.update.targets = {{{0x000806f8}, 0x87}, {{0x000806f7}, 0x10}};
  row.file = "intel-ucode/06-8f-08";
  row.offset = 2048;
  row.sha256 = std::string(64, 'a');
  return row;
}

TEST(HostJson, RoundTrips) {
  HostReport report;
  report.machine.cpus = {intel_cpu(), amd_cpu()};
  const auto cpus = must(machine_from_json(to_json(report))).cpus;
  ASSERT_EQ(cpus.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    const host::Cpu& before = report.machine.cpus[i];
    EXPECT_TRUE(cpus[i].same_kind(before)) << i;
    EXPECT_EQ(cpus[i].vendor, before.vendor);
  }
}

TEST(HostJson, KeepsWhatDecidesAboutTheLoader) {
  HostReport report;
  report.machine.hypervisor = true;
  report.machine.kernel_release = "6.12.60";
  const host::Machine machine = must(machine_from_json(to_json(report)));
  EXPECT_TRUE(machine.hypervisor);
  EXPECT_EQ(machine.kernel_release, "6.12.60");
}

TEST(HostJson, RoundTripsOnOneLine) {
  HostReport report;
  report.machine.cpus = {intel_cpu()};
  const std::string line = Json::parse(to_json(report)).dump();
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_TRUE(must(machine_from_json(line)).cpus[0].same_kind(intel_cpu()));
}

TEST(HostJson, RoundTripsAMachineWithoutCpus) {
  EXPECT_TRUE(must(machine_from_json(to_json(HostReport()))).cpus.empty());
}

TEST(HostJson, HasStableKeys) {
  HostReport report;
  report.machine.cpus = {intel_cpu()};
  report.machine.hypervisor = true;
  report.machine.kernel_release = "6.12.1";
  const Json json = Json::parse(to_json(report));
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["report"], "host");
  EXPECT_EQ(json["hypervisor"], true);
  EXPECT_EQ(json["kernel"], "6.12.1");
  EXPECT_EQ(json["cpus"][0], Json({{"vendor", "GenuineIntel"},
                                   {"name", "06-8f-08"},
                                   {"signature", "0x000806f8"},
                                   {"platform_flags", "0x10"},
                                   {"revision", "0x2b000639"},
                                   {"cpus", 64}}));
}

TEST(HostJson, LeavesOutWhatIsNotKnown) {
  HostReport report;
  report.machine.cpus = {amd_cpu()};
  const Json cpu = Json::parse(to_json(report))["cpus"][0];
  EXPECT_FALSE(cpu.contains("revision"));
  EXPECT_FALSE(cpu.contains("platform_flags"));
}

struct RefusalRow {
  const char* text;
  const char* message;
};

TEST(CpusFromJson, SaysWhatIsWrongWithARecord) {
  constexpr const char* kForeign = "not a record of `host --json`, or of a newer version";
  const RefusalRow rows[] = {
      {"", "not a JSON record"},
      {"{", "not a JSON record"},
      {"[]", "not a JSON record"},
      {"7", "not a JSON record"},
      {"{\"schema\": 1} trailing", "not a JSON record"},
      {"{}", kForeign},
      {"{\"schema\": 1}", kForeign},
      {"{\"schema\": 2, \"cpus\": []}", kForeign},
      {"{\"schema\": \"1\", \"cpus\": []}", kForeign},
      {"{\"cpus\": []}", kForeign},
      {"{\"schema\": 1, \"cpus\": {}}", kForeign},
      {"{\"schema\": 1, \"cpus\": [7]}", "a CPU of the record is no object"},
      {"{\"schema\": 1, \"cpus\": [{}]}", "a CPU of the record has no signature"},
      {"{\"schema\": 1, \"cpus\": [{\"signature\": 7}]}", "signature is no string"},
      {"{\"schema\": 1, \"cpus\": [{\"signature\": \"x\"}]}", "signature is no hexadecimal number"},
      {"{\"schema\": 1, \"cpus\": [{\"signature\": \"0x1\", \"revision\": null}]}",
       "revision is no string"},
      {"{\"schema\": 1, \"cpus\": [{\"signature\": \"0x1\", \"platform_flags\": \"\"}]}",
       "platform_flags is no hexadecimal number"},
  };
  for (const RefusalRow& row : rows) EXPECT_EQ(error_of(machine_from_json(row.text)), row.message);
}

TEST(CpusFromJson, SurvivesRecordsCutOffAnywhere) {
  HostReport report;
  report.machine.cpus = {intel_cpu(), amd_cpu()};
  const std::string text = to_json(report);
  for (std::size_t size = 0; size + 2 < text.size(); ++size)
    ASSERT_FALSE(machine_from_json(text.substr(0, size)).has_value()) << size;
}

TEST(CpusFromJson, SurvivesDeepNesting) {
  EXPECT_FALSE(machine_from_json(std::string(100000, '[')).has_value());
  EXPECT_FALSE(machine_from_json("{\"schema\":1,\"cpus\":" + std::string(10000, '[')).has_value());
}

TEST(LooksLikeJson, GoesByTheFirstCharacter) {
  EXPECT_TRUE(looks_like_json(" \r\n\t{"));
  EXPECT_FALSE(looks_like_json("0x806f8 {"));
  EXPECT_FALSE(looks_like_json("[]"));
  EXPECT_FALSE(looks_like_json(""));
}

TEST(ListJson, DescribesAnIntelUpdate) {
  ListReport report;
  report.updates = {intel_row()};
  const Json row = Json::parse(to_json(report))["updates"][0];
  EXPECT_EQ(row["vendor"], "intel");
  EXPECT_EQ(row["revision"], "0x2b000639");
  EXPECT_EQ(row["date"], "2025-04-15");
  EXPECT_EQ(row["size"], 1024);
  EXPECT_EQ(row["file"], "intel-ucode/06-8f-08");
  EXPECT_EQ(row["offset"], 2048);
  EXPECT_EQ(row["sha256"], std::string(64, 'a'));
  EXPECT_EQ(row["targets"][1]["signature"], "0x000806f7");
  EXPECT_EQ(row["targets"][1]["name"], "06-8f-07");
  EXPECT_EQ(row["targets"][1]["platform_flags"], "0x10");
}

TEST(ListJson, DescribesAnAmdUpdate) {
  UpdateRow row;
  row.update.vendor = Vendor::kAmd;
  row.update.revision = 0x0a201210;
  row.update.equivalence_id = 0xa212;
  row.update.targets = {{{0x00a20f12}, 0}};
  row.update.table_cpus = {{0x00a20f12}};
  ListReport report;
  report.updates = {row};
  const Json json = Json::parse(to_json(report))["updates"][0];
  EXPECT_EQ(json["vendor"], "amd");
  EXPECT_EQ(json["equivalence_id"], "0xa212");
  EXPECT_EQ(json["table_cpuids"], Json({"0x00a20f12"}));
  EXPECT_FALSE(json["targets"][0].contains("platform_flags"));
  EXPECT_FALSE(json.contains("sha256"));
}

TEST(VerifyJson, GivesEveryFindingWithItsPlace) {
  VerifyReport report;
  report.files = 7;
  report.updates = 3;
  report.findings = {{Severity::kError, "rule", "place", 16, "text", "remedy"},
                     {Severity::kNote, "other", "", {}, "more", ""}};
  const Json json = Json::parse(to_json(report));
  EXPECT_EQ(json["files"], 7);
  EXPECT_EQ(json["updates"], 3);
  EXPECT_EQ(json["findings"][0], Json({{"severity", "error"},
                                       {"rule", "rule"},
                                       {"place", "place"},
                                       {"text", "text"},
                                       {"offset", 16},
                                       {"remedy", "remedy"}}));
  EXPECT_EQ(json["findings"][1]["severity"], "note");
  EXPECT_FALSE(json["findings"][1].contains("offset"));
}

TEST(PackJson, GivesEveryCpuWithItsUpdatesAndTheirEffect) {
  PackReport report;
  report.output = "early.cpio";
  report.bytes = 4096;
  report.updates = 1;
  report.cpus = {{"06-8f-08", 0x2b000600, {intel_row()}, {"is loaded"}}};
  report.notes = {"a note"};
  const Json json = Json::parse(to_json(report));
  EXPECT_EQ(json["output"], "early.cpio");
  EXPECT_EQ(json["bytes"], 4096);
  EXPECT_EQ(json["cpus"][0]["cpu"], "06-8f-08");
  EXPECT_EQ(json["cpus"][0]["running"], "0x2b000600");
  EXPECT_EQ(json["cpus"][0]["updates"][0]["effect"], "is loaded");
  EXPECT_EQ(json["notes"], Json({"a note"}));
}

TEST(Json, StaysValidWhateverBytesAPathHolds) {
  ExtractReport report;
  report.updates = {intel_row()};
  report.updates[0].file = "M\xfcller\n\"\\\x01\xff";
  const Json json = Json::parse(to_json(report));
  EXPECT_EQ(json["updates"][0]["file"], "M\xef\xbf\xbdller\n\"\\\x01\xef\xbf\xbd");
}

TEST(Json, EndsInANewline) {
  EXPECT_TRUE(to_json(ListReport()).ends_with("}\n"));
}

}  // namespace
}  // namespace kip::cli
