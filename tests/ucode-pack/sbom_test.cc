// list --sbom: what is in the firmware, for those who keep account of it.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"
#include "tests/ucode-pack/scene.h"

namespace kip::ucode_pack_test {
namespace {

using nlohmann::json;
using support::AmdBlob;
using support::AmdPatch;
using support::Blob;
using support::IntelBlob;

const std::vector<std::string> kSbom = {"list", "--sbom", "--firmware", "tree"};

void fill(const Scene& scene) {
  const Blob update = IntelBlob().date(0x08142025).bytes();
  scene.dir().write("tree/06-bf-02", update);
  scene.dir().write("tree/copy", update);
  scene.dir().write("tree/amd.bin", AmdBlob().zen(AmdPatch(0x0A0011DE).date(0x07232025)).bytes());
}

// The required keys of SPDX 2.3, and what a user looks for.
TEST(Sbom, HasAPackageForEachUpdateWhateverItsCopies) {
  with_each_program([](const std::string& program) {
    const Scene scene(program);
    fill(scene);
    const Told told = scene.run(kSbom);
    EXPECT_EQ(told.code, 0) << told.err;
    const json sbom = json::parse(told.out);
    EXPECT_EQ(sbom["spdxVersion"], "SPDX-2.3");
    EXPECT_EQ(sbom["dataLicense"], "CC0-1.0");
    EXPECT_EQ(sbom["SPDXID"], "SPDXRef-DOCUMENT");
    EXPECT_EQ(sbom["creationInfo"]["created"], "2025-08-14T00:00:00Z");
    ASSERT_EQ(sbom["packages"].size(), 2U);
    std::set<std::string> ids;
    for (const json& package : sbom["packages"]) {
      for (const char* key : {"SPDXID", "name", "downloadLocation"})
        EXPECT_TRUE(package.contains(key));
      EXPECT_TRUE(ids.insert(package["SPDXID"]).second);
    }
    std::set<std::string> described;
    for (const json& relation : sbom["relationships"]) {
      EXPECT_EQ(relation["spdxElementId"], "SPDXRef-DOCUMENT");
      EXPECT_EQ(relation["relationshipType"], "DESCRIBES");
      described.insert(relation["relatedSpdxElement"]);
    }
    EXPECT_EQ(described, ids);

    const json& amd = sbom["packages"][1];
    EXPECT_EQ(amd["versionInfo"], "0x0a0011de");
    EXPECT_EQ(amd["releaseDate"], "2025-07-23T00:00:00Z");
    EXPECT_EQ(amd["sourceInfo"], "'tree/amd.bin' at offset 0x34");
    EXPECT_EQ(amd["checksums"][0]["algorithm"], "SHA256");
    EXPECT_EQ(amd["checksums"][0]["checksumValue"],
              sha256_hex(AmdPatch(0x0A0011DE).date(0x07232025).bytes()));
    const json& intel = sbom["packages"][0];
    EXPECT_EQ(intel["name"], "intel microcode 06-bf-02");
    EXPECT_EQ(intel["sourceInfo"], "'tree/06-bf-02' at offset 0x0, 'tree/copy' at offset 0x0");
    EXPECT_EQ(intel["supplier"], "Organization: Intel Corporation");
  });
}

TEST(Sbom, IsTheSameForTheSameUpdatesAndAnotherForOthers) {
  const Scene scene(quick_program());
  fill(scene);
  const Told first = scene.run(kSbom);
  EXPECT_EQ(scene.run(kSbom).out, first.out);
  scene.dir().write("tree/06-8f-08", IntelBlob().signature(0x806f8).bytes());
  const json before = json::parse(first.out), after = json::parse(scene.run(kSbom).out);
  EXPECT_NE(before["documentNamespace"], after["documentNamespace"]);
}

TEST(Sbom, IsOfTheCpusAskedFor) {
  const Scene scene(quick_program());
  fill(scene);
  auto arguments = kSbom;
  arguments.insert(arguments.end(), {"--cpu", "06-bf-02"});
  EXPECT_EQ(json::parse(scene.run(arguments).out)["packages"].size(), 1U);
}

TEST(Sbom, CarriesTheTimeThatIsSet) {
  const Scene scene(quick_program());
  fill(scene);
  const Told told = scene.shell("SOURCE_DATE_EPOCH=86400 \"$0\" \"$@\"", kSbom);
  EXPECT_EQ(json::parse(told.out)["creationInfo"]["created"], "1970-01-02T00:00:00Z");
}

}  // namespace
}  // namespace kip::ucode_pack_test
