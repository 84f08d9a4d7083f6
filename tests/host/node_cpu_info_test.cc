// node_exporter's metric: which labels count, whatever their order; and what is another metric.
#include <gtest/gtest.h>
#include <map>

#include "src/host/cpuinfo.h"
#include "src/host/node_cpu_info.h"
#include "tests/base/must.h"

namespace kip::host {
namespace {

using Labels = std::map<std::string, std::string>;

// As node_exporter 1.8 writes it: labels in alphabetical order.
const Labels kSapphire = {{"cachesize", "61440 KB"},
                          {"core", "0"},
                          {"cpu", "0"},
                          {"family", "6"},
                          {"microcode", "0x2b000639"},
                          {"model", "143"},
                          {"model_name", "Intel(R) Xeon(R) \\\"Gold\\\", made, up}"},
                          {"package", "0"},
                          {"stepping", "8"},
                          {"vendor", "GenuineIntel"}};

std::string line(const Labels& labels, const std::string& end = " 1") {
  std::string text = "node_cpu_info{";
  for (const auto& [name, value] : labels)
    text += (text.ends_with('{') ? "" : ",") + name + "=\"" + value + "\"";
  return text + "}" + end;
}

std::string with(const std::string& name, const std::string& value) {
  Labels labels = kSapphire;
  labels[name] = value;
  return line(labels);
}

TEST(NodeCpuInfo, ReadsALineOfNodeExporter) {
  const NodeCpu node = must(parse_node_cpu_info(line(kSapphire)));
  EXPECT_TRUE(node.is_first);
  EXPECT_EQ(node.cpu.vendor, ucode::Vendor::kIntel);
  EXPECT_EQ(node.cpu.signature.value, 0x000806f8u);
  EXPECT_EQ(node.cpu.revision, 0x2b000639u);
  EXPECT_EQ(node.cpu.platform_flags, std::nullopt);
  EXPECT_FALSE(node.cpu.exact);
}

TEST(NodeCpuInfo, KnowsTheMachineAndTheNameOfItsCpu) {
  const NodeCpu node = must(parse_node_cpu_info(with("instance", "rack1:9100")));
  EXPECT_EQ(node.instance, "rack1:9100");
  EXPECT_EQ(node.cpu.model_name, "Intel(R) Xeon(R) \\\"Gold\\\", made, up}");
  EXPECT_EQ(must(parse_node_cpu_info(line(kSapphire))).instance, "");
}

TEST(NodeCpuInfo, TakesRevisionsThatHypervisorsMakeUpForGuests) {
  for (const char* const revision : {"0x1", "0x1000065", "0xffffffff"})
    EXPECT_TRUE(must(parse_node_cpu_info(with("microcode", revision))).guest) << revision;
  for (const char* const revision : {"0x2b000639", "0x2", ""})
    EXPECT_FALSE(must(parse_node_cpu_info(with("microcode", revision))).guest) << revision;
}

TEST(NodeCpuInfo, ReadsWhatFederationAddsAndOthersLeaveOut) {
  for (const char* const text :
       {"node_cpu_info{vendor=\"AuthenticAMD\",family=\"25\",model=\"1\",stepping=\"1\",microcode="
        "\"0xa0011d5\","
        "cpu=\"0\",instance=\"a:9100\",job=\"node\"} 1 1732700000000",
        "node_cpu_info { vendor = \"AuthenticAMD\" , family=\"25\", model=\"1\", stepping=\"1\",\t"
        "microcode=\"0xa0011d5\", cpu=\"0\", } 1.0\r"}) {
    const NodeCpu node = must(parse_node_cpu_info(text));
    EXPECT_EQ(node.cpu.signature.value, 0x00a00f11u) << text;
    EXPECT_EQ(node.cpu.revision, 0x0a0011d5u) << text;
  }
}

TEST(NodeCpuInfo, CountsAMachineWithItsFirstCpu) {
  EXPECT_FALSE(must(parse_node_cpu_info(with("cpu", "1"))).is_first);
  EXPECT_FALSE(must(parse_node_cpu_info(with("cpu", "10"))).is_first);
}

TEST(NodeCpuInfo, KnowsNoRevisionWhereThereIsNone) {
  EXPECT_EQ(must(parse_node_cpu_info(with("microcode", ""))).cpu.revision, std::nullopt);
}

TEST(NodeCpuInfo, HasNoLoaderForOtherArchitectures) {
  Labels arm = kSapphire;
  for (const char* const name : {"family", "model", "stepping", "microcode"}) arm[name] = "";
  arm["vendor"] = "0x41";
  const Cpu cpu = must(parse_node_cpu_info(line(arm))).cpu;
  EXPECT_EQ(cpu.vendor, std::nullopt);
  EXPECT_EQ(cpu.vendor_id, kNotX86);
}

TEST(NodeCpuInfo, SaysWhatIsWrong) {
  Labels without = kSapphire;
  without.erase("microcode");
  Labels uncounted = kSapphire;
  uncounted.erase("cpu");
  const std::string whole = line(kSapphire);
  const std::pair<std::string, std::string> rows[] = {
      {line(without), "node_cpu_info: no label 'microcode'"},
      {line(uncounted), "node_cpu_info: no label 'cpu'"},
      {with("family", "six"), "node_cpu_info: family, model and stepping are decimal numbers"},
      {with("model", "0x8f"), "node_cpu_info: family, model and stepping are decimal numbers"},
      {with("stepping", "16"), "node_cpu_info: no CPU has this family, model and stepping"},
      {with("microcode", "new"), "node_cpu_info: microcode is a hexadecimal number"},
      {with("cpu", "first"), "node_cpu_info: cpu is a decimal number"},
      {line(kSapphire, ""), "node_cpu_info: no number behind the labels"},
      {line(kSapphire, " one"), "node_cpu_info: no number behind the labels"},
      {line(kSapphire, " 1 2 3"), "node_cpu_info: no number behind the labels"},
      {whole.substr(0, whole.size() / 2), "node_cpu_info: the labels cannot be read"},
      {"node_cpu_info 1", "node_cpu_info: the labels cannot be read"},
      {"node_cpu_info{cpu}", "node_cpu_info: the labels cannot be read"},
      {"node_cpu_info{cpu=\"0\" family=\"6\"} 1", "node_cpu_info: the labels cannot be read"},
  };
  for (const auto& [text, message] : rows) EXPECT_EQ(error_of(parse_node_cpu_info(text)), message);
}

TEST(NodeCpuInfo, RefusesEveryPrefix) {
  const std::string whole = line(kSapphire);
  for (std::size_t size = kNodeCpuInfo.size(); size < whole.size(); ++size)
    EXPECT_FALSE(parse_node_cpu_info(whole.substr(0, size)).has_value()) << size;
}

TEST(IsSample, KnowsMetricsOfAnyName) {
  for (const char* const text :
       {"go_goroutines 8", "node_cpu_seconds_total{cpu=\"0\",mode=\"idle\"} 1.5e+06",
        "node_load1{} 0.1 1732700000000", "a:b{c=\"}\"} NaN", "x{y=\"\\\"\"} +Inf"})
    EXPECT_TRUE(is_sample(text)) << text;
  for (const char* const text : {"0x806f8", "06-8f-08", "{\"schema\": 1}", "go_goroutines",
                                 "go_goroutines eight", "x{y=1} 2", "intel:0x120f00", ""})
    EXPECT_FALSE(is_sample(text)) << text;
}

}  // namespace
}  // namespace kip::host
