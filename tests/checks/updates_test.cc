// What is said of updates of a tree beyond each one's own structure.
#include <gtest/gtest.h>

#include "src/checks/updates.h"
#include "tests/support/amd_blob.h"
#include "tests/support/corpus.h"
#include "tests/support/intel_blob.h"
#include "tests/support/temp_dir.h"

namespace kip::checks {
namespace {

using support::AmdBlob;
using support::AmdPatch;
using support::Blob;
using support::IntelBlob;

std::vector<Finding> findings_of(const std::string& path) {
  catalog::Catalog catalog;
  const Root root;
  catalog::Scanner scanner(root, {.depth = ucode::Depth::kChecked, .digests = true}, catalog);
  EXPECT_TRUE(scanner.add(path));
  return check_updates(catalog);
}

std::string text_of(const std::vector<Finding>& findings, const std::string& rule) {
  std::string text;
  for (const Finding& finding : findings) {
    if (finding.rule == rule) text += finding.text + "\n";
  }
  return text;
}

TEST(CheckUpdates, SeesAListedIdWithOtherBytes) {
  const support::TempDir dir;
  dir.write("amd.bin", AmdBlob().zen(AmdPatch(0x0A0011D5)).zen(AmdPatch(0x0A0011DE)).bytes());
  const auto findings = findings_of(dir.path());
  ASSERT_EQ(findings.size(), 1U);  // the other id is in no list
  EXPECT_EQ(findings[0].severity, Severity::kWarning);
  EXPECT_EQ(findings[0].text,
            "patch 0x0a0011d5 is not the one whose digest kernels list under this id: damaged, or "
            "not AMD's");
  EXPECT_EQ(findings[0].place, dir / "amd.bin");
  EXPECT_EQ(findings[0].offset, 0x34U);
}

// Intel's have a checksum, and families up to 12h one in their header: of others only bytes tell.
TEST(CheckUpdates, SeesOneIdWithDifferentBytes) {
  const support::TempDir dir;
  const AmdPatch patch = AmdPatch(0x0A0011DE);
  dir.write("a.bin", AmdBlob().zen(patch).bytes());
  dir.write("b.bin", AmdBlob().zen(AmdPatch(patch).seed(9)).bytes());
  dir.write("c.bin", AmdBlob().zen(patch).bytes());
  EXPECT_EQ(
      text_of(findings_of(dir.path()), kRuleTwins),
      "update 0x0a0011de is in '" + dir / "a.bin" + "' at offset 0x34 as well, with other bytes\n");

  const support::TempDir intel;
  intel.write("06-bf-02", IntelBlob().bytes());
  intel.write("copy", IntelBlob().bytes());
  EXPECT_EQ(text_of(findings_of(intel.path()), kRuleTwins), "");
  intel.write("other", IntelBlob().seed(9).bytes());
  EXPECT_NE(text_of(findings_of(intel.path()), kRuleTwins), "");
}

TEST(CheckUpdates, NotesWhatAPatchLoadsOnTopOf) {
  const support::TempDir dir;
  dir.write("amd.bin", AmdBlob().zen(AmdPatch(0x0A0011DE).min_base(0x0A0011D9)).bytes());
  const auto findings = findings_of(dir.path());
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].severity, Severity::kNote);
  EXPECT_EQ(findings[0].text, "patch 0x0a0011de loads on top of 0x0a0011d9 or later only");
}

TEST(CheckUpdates, WarnsOfWhatIsKnownToDoHarm) {
  const support::TempDir dir;
  dir.write("06-4e-03", IntelBlob().signature(0x406e3).platform_flags(0xc0).revision(0xdc).bytes());
  const auto findings = findings_of(dir.path());
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].rule, kRuleTrouble);
  EXPECT_EQ(findings[0].severity, Severity::kWarning);
  EXPECT_TRUE(
      findings[0].text.starts_with("update 0x000000dc for CPU 0x000406e3 is known to "
                                   "hang the boot where the BIOS left"))
      << findings[0].text;
  EXPECT_EQ(findings[0].remedy, "Hold=0x406e3,,eq:0x000000dc leaves it out");
}

TEST(CheckUpdates, NotesCpusWithoutAFileOfTheirName) {
  const Blob both = IntelBlob().signature(0x90672).extended({{0x90672, 7}, {0xb06f2, 7}}).bytes();
  const support::TempDir dir;
  dir.write("06-97-02", both);
  const auto findings = findings_of(dir.path());
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].severity, Severity::kNote);
  EXPECT_EQ(findings[0].text,
            "CPU 06-bf-02 (0x000b06f2) is served here, and by no file of its name: what "
            "goes by names misses it");

  dir.write("06-bf-02.xz", "");  // nothing in it, and no stream
  EXPECT_EQ(findings_of(dir.path()).size(), 1U);
  dir.write("06-bf-02", both);
  EXPECT_EQ(text_of(findings_of(dir.path()), kRuleNoFile), "");
  const support::TempDir archive;  // where names are not those of CPUs, nobody looks for them
  archive.write("GenuineIntel.bin", both);
  EXPECT_EQ(text_of(findings_of(archive.path()), kRuleNoFile), "");
}

// Reference 1.6: ten signatures of the release have no file of their own.
TEST(CheckUpdates, FindsNoFaultInTheCorpus) {
  KIP_NEEDS_CORPUS();
  const auto intel = findings_of(support::corpus() / "intel-ucode");
  std::size_t without = 0;
  for (const Finding& finding : intel) {
    EXPECT_EQ(finding.severity, Severity::kNote) << to_line(finding);
    if (finding.rule == kRuleNoFile) ++without;
  }
  EXPECT_EQ(without, 10U);
  for (const Finding& finding : findings_of(support::corpus() / "amd-ucode"))
    EXPECT_EQ(finding.severity, Severity::kNote) << to_line(finding);
}

}  // namespace
}  // namespace kip::checks
