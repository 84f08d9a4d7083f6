// Every update of the corpus, listed: as text, as JSON, and once more by verify.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/corpus.h"
#include "tests/ucode-pack/scene.h"

namespace kip::ucode_pack_test {
namespace {

using nlohmann::json;
using support::corpus;
using support::Row;

const std::vector<std::string> kTrees = {"intel-ucode", "intel-ucode-with-caveats", "amd-ucode",
                                         "amd-ucode-vendor"};

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ","));
}

// What the tables say of an update, in the words of `list`.
struct Facts {
  std::string signatures, flags, revision, date, sha256, extra;
  std::uint64_t size = 0;
  std::string distinct_signatures, distinct_flags;  // as text has them: tables repeat the header
};
using Place = std::pair<std::string, std::uint64_t>;  // path below the corpus, offset

std::map<Place, Facts> expected_facts() {
  std::map<Place, Facts> all;
  for (const Row& row : corpus().table("intel.tsv")) {
    std::vector<std::string> signatures = {row["sig"]}, flags = {row["pf"]};
    std::vector<std::string> distinct_signatures = signatures, distinct_flags = flags;
    for (const std::string& entry : row.list("ext_sigs")) {
      signatures.push_back(entry.substr(0, entry.find('/')));
      flags.push_back(entry.substr(entry.find('/') + 1));
      if (signatures.back() == row["sig"] && flags.back() == row["pf"]) continue;
      distinct_signatures.push_back(signatures.back());
      distinct_flags.push_back(flags.back());
    }
    all[{row["file"], row.number("offset")}] = {joined(signatures),
                                                joined(flags),
                                                row["rev"],
                                                row["date"],
                                                row["sha256"],
                                                row["min_rev"],
                                                row.number("total_size"),
                                                joined(distinct_signatures),
                                                joined(distinct_flags)};
  }
  for (const Row& row : corpus().table("amd.tsv")) {
    all[{row["container"], row.number("patch_offset")}] = {
        row["cpuids"],        "-",           row["patch_id"],
        row["date"],          row["sha256"], row["equiv_id"],
        row.number("length"), row["cpuids"], "-"};
  }
  return all;
}

std::vector<std::string> firmware() {
  std::vector<std::string> arguments;
  for (const std::string& tree : kTrees) {
    arguments.insert(arguments.end(), {"--firmware", corpus() / tree});
  }
  return arguments;
}

std::string below_corpus(const std::string& file) {
  EXPECT_TRUE(file.starts_with(corpus().path() + "/")) << file;
  return file.substr(corpus().path().size() + 1);
}

Told list(const Scene& scene, const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {"list"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const std::vector<std::string> sources = firmware();
  arguments.insert(arguments.end(), sources.begin(), sources.end());
  Told told = scene.run(arguments);
  EXPECT_EQ(told.code, 0) << told.err;
  return told;
}

TEST(CorpusList, TextHasEveryUpdateOfTheTables) {
  KIP_NEEDS_CORPUS();
  const auto expected = expected_facts();
  ASSERT_EQ(expected.size(), 227U + 131U);
  std::istringstream lines(list(Scene(), {}).out);
  std::string line;
  std::size_t count = 0;
  while (std::getline(lines, line)) {
    SCOPED_TRACE(line);
    ++count;
    std::istringstream words(line);
    std::string vendor, signatures, flags, revision, date, file, sha256, offset, more;
    std::uint64_t size = 0;
    words >> vendor >> signatures >> flags >> revision >> date >> size >> file >> offset >> sha256;
    EXPECT_FALSE(words >> more) << more;
    ASSERT_GT(file.size(), 2U);
    const auto found = expected.find(
        {below_corpus(file.substr(1, file.size() - 2)), std::stoull(offset, nullptr, 16)});
    ASSERT_NE(found, expected.end());
    const Facts& facts = found->second;
    EXPECT_EQ(vendor, facts.flags == "-" ? "amd" : "intel");
    EXPECT_EQ(std::tie(signatures, flags, revision, date, size, sha256),
              std::tie(facts.distinct_signatures, facts.distinct_flags, facts.revision, facts.date,
                       facts.size, facts.sha256));
  }
  EXPECT_EQ(count, expected.size());
}

void expect_json_update(const json& update, const Facts& facts) {
  const bool intel = facts.flags != "-";
  std::vector<std::string> signatures, flags;
  for (const json& target : update["targets"]) {
    signatures.push_back(target["signature"]);
    if (intel) flags.push_back(target["platform_flags"]);
  }
  EXPECT_EQ(update["vendor"], intel ? "intel" : "amd");
  EXPECT_EQ(joined(signatures), facts.signatures);
  EXPECT_EQ(intel ? joined(flags) : "-", facts.flags);
  EXPECT_EQ(update["revision"], facts.revision);
  EXPECT_EQ(update["date"], facts.date);
  EXPECT_EQ(update["size"], facts.size);
  EXPECT_EQ(update["sha256"], facts.sha256);
  EXPECT_EQ(update[intel ? "minimum_revision" : "equivalence_id"], facts.extra);
}

TEST(CorpusList, JsonHasEveryUpdateOfTheTables) {
  KIP_NEEDS_CORPUS();
  const auto expected = expected_facts();
  const json report = json::parse(list(Scene(), {"--json"}).out);
  EXPECT_EQ(report["schema"], 1);
  EXPECT_EQ(report["report"], "list");
  EXPECT_EQ(report["findings"], json::array());
  EXPECT_EQ(report["updates"].size(), expected.size());
  for (const json& update : report["updates"]) {
    SCOPED_TRACE(update.dump());
    const auto found = expected.find({below_corpus(update["file"]), update["offset"]});
    ASSERT_NE(found, expected.end());
    expect_json_update(update, found->second);
  }
}

TEST(CorpusList, JsonHasTheTablesCpusInTheirOrder) {
  KIP_NEEDS_CORPUS();
  std::map<Place, std::string> table;
  for (const Row& row : corpus().table("amd.tsv")) {
    table[{row["container"], row.number("patch_offset")}] = row["cpuids"];
  }
  const json report = json::parse(list(Scene(), {"--json"}).out);
  std::size_t patches = 0;
  for (const json& update : report["updates"]) {
    if (update["vendor"] != "amd") continue;
    ++patches;
    std::vector<std::string> cpus = update["table_cpuids"];
    EXPECT_EQ(joined(cpus), (table[{below_corpus(update["file"]), update["offset"]}]));
  }
  EXPECT_EQ(patches, 131U);
}

TEST(CorpusList, ACpuSelectsItsUpdatesOnly) {
  KIP_NEEDS_CORPUS();
  std::size_t expected = 0;
  for (const auto& [place, facts] : expected_facts()) {
    expected += facts.signatures.find("0x000806f8") != std::string::npos ? 1 : 0;
  }
  const json report = json::parse(list(Scene(), {"--json", "--cpu", "06-8f-08"}).out);
  EXPECT_GT(expected, 0U);
  EXPECT_EQ(report["updates"].size(), expected);
}

TEST(CorpusVerify, FindsNoFault) {
  KIP_NEEDS_CORPUS();
  const Scene scene;
  std::vector<std::string> arguments = {"verify"};
  for (const std::string& tree : kTrees) arguments.push_back(corpus() / tree);
  const Told told = scene.run(arguments);
  EXPECT_EQ(told.code, 0);
  EXPECT_EQ(told.out, "");
  std::size_t files = 0;
  for (const std::string& tree : kTrees) files += support::names_in(corpus() / tree).size();
  EXPECT_EQ(told.notes, std::vector{fmt::format("358 updates in {} files, 0 faults", files)});
}

}  // namespace
}  // namespace kip::ucode_pack_test
