// AMD patches that are odd by themselves or in company. The names begin with the case's number in
// the catalogue, as in amd_cases_test.cc. What needs a running revision is in host_test.cc; the
// digest list of EntrySign (A35 to A44) is the kernel's business, not the packer's.
#include <fmt/format.h>

#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"
#include "tests/ucode-pack/cases.h"

namespace kip::ucode_pack_test {
namespace {

using support::AmdBlob;
using support::AmdPatch;
using support::Blob;
using support::join;

constexpr std::uint32_t kBarcelona = 0x00100F22;
constexpr std::uint32_t kKabini = 0x00700F01;
const std::string kPlace = "'tree/microcode_amd.bin': ";
const std::vector<std::string> kMilanOnly = {"--cpu", "cpu00A00F11"};

AmdPatch milan(std::uint32_t low = 0xD4) {
  return AmdPatch(0x0A001100 | low);
}
AmdPatch fam10() {
  return AmdPatch(0x01000083).equivalence(0x1022).size(960).data_checksum();
}
AmdPatch fam16() {
  return AmdPatch(0x0700010F).equivalence(0x7001).size(3458);
}

Case packed(std::string name, Blob bytes, std::vector<std::string> ask, std::vector<Blob> patches,
            const std::vector<std::string>& whys = {}) {
  Case row{std::move(name),
           file("microcode_amd.bin", std::move(bytes)),
           std::move(ask),
           0,
           {},
           {},
           std::move(patches),
           {}};
  for (const std::string& why : whys) {
    row.complaints.push_back("warning: " + kPlace + why);
    row.faults.push_back(kPlace + why);
  }
  return row;
}

// The patch is dropped at sight, and then nothing is left for the CPU.
Case dropped(std::string name, Blob bytes, const std::string& cpu, const std::string& why) {
  Case row = packed(std::move(name), std::move(bytes), {"--cpu", cpu}, {}, {why});
  row.code = 3;
  row.complaints.push_back("error: " + cpu + ": no microcode found for it");
  return row;
}

Blob old(std::uint32_t cpuid, const AmdPatch& patch) {
  return AmdBlob().entry(cpuid, patch.equivalence_id()).patch(patch).bytes();
}

// The dword at 0x0c.
std::uint32_t sum_stated_by(const AmdPatch& patch) {
  return support::get32(patch.bytes(), 0x0C);
}

std::vector<Case> patches() {
  const AmdPatch damaged = fam10().flip_bit(96);  // in the sum: nothing else can tell
  const std::string chipset = ": patch 0x0a0011d4 is for one chipset, which Linux refuses";
  return {
      dropped("A24 for one chipset", AmdBlob().zen(milan().nb_dev(1)).bytes(), "cpu00A00F11",
              "offset 0x34" + chipset),
      dropped("A24 for one south bridge", AmdBlob().zen(milan().sb_dev(1)).bytes(), "cpu00A00F11",
              "offset 0x34" + chipset),
      packed("A24 an older one for all chipsets",
             AmdBlob().zen(milan().nb_dev(1)).zen(milan(0xD2)).bytes(), kMilanOnly,
             {milan(0xD2).bytes()}, {"offset 0x34" + chipset}),
      dropped("Family 10h above its size", old(kBarcelona, fam10().size(2052)), "cpu00100F22",
              "offset 0x34: patch 0x01000083 of 2052 bytes is over the 2048 of family 10h"),
      packed("A47 minimum base of another CPU", AmdBlob().zen(milan().min_base(0x08001200)).bytes(),
             kMilanOnly, {milan().min_base(0x08001200).bytes()},
             {"offset 0x34: patch 0x0a0011d4 states minimum base 0x08001200, of another CPU"}),
      packed("A48 checksum field of family 10h", old(kBarcelona, damaged), {"--cpu", "cpu00100F22"},
             {damaged.bytes()},
             {fmt::format("offset 0x34: patch 0x01000083 has data that sum up to {:#010x}, not to "
                          "{:#010x}: damaged?",
                          sum_stated_by(fam10()), sum_stated_by(damaged))}),
      dropped("A49 Hygon", AmdBlob().zen(AmdPatch(0x09000100)).bytes(), "amd:0x900f01",
              "offset 0x34: patch 0x09000100 is for Hygon's family 18h, which Linux has no loader "
              "for"),
      dropped("A50 id and equivalence id of two families",
              AmdBlob().entry(0x00800F11, 0x8011).patch(milan().equivalence(0x8011)).bytes(),
              "cpu00A00F11",
              "offset 0x34: patch 0x0a0011d4 names another family than its equivalence id 0x8011"),
      dropped("A17 CPU missing in the table before Zen",
              AmdBlob().entry(kKabini, 0x7001).patch(fam10()).bytes(), "cpu00100F22",
              "offset 0x34: patch 0x01000083: no CPU of the table has its equivalence id 0x1022"),
  };
}

std::vector<Case> company() {
  const AmdPatch big = AmdPatch(0x0B404023).size(14368);
  const AmdPatch fam19 = milan().size(5568);
  const std::vector<std::string> two = {"--cpu", "cpu00A00F11", "--cpu", "cpu00100F22"};
  const auto zen_first = AmdBlob().zen(milan().size(3200));
  const AmdPatch twin = AmdPatch(0x06000017).equivalence(0x6010).size(2592).seed(8);
  const AmdPatch other = AmdPatch(0x06000017).equivalence(0x6012).size(2632).seed(9);
  return {
      packed("A25 a large patch in front of an old family's",
             AmdBlob(zen_first).entry(kBarcelona, 0x1022).patch(fam10()).bytes(), two,
             {fam10().bytes(), milan().size(3200).bytes()}),
      packed("A26 an old family's patch in front",
             AmdBlob().entry(kBarcelona, 0x1022).patch(fam10()).zen(milan()).bytes(), two,
             {fam10().bytes(), milan().bytes()}),
      packed("A27 a patch of 3458 bytes in front",
             AmdBlob().entry(kKabini, 0x7001).patch(fam16()).zen(milan()).bytes(),
             {"--cpu", "cpu00700F01", "--cpu", "cpu00A00F11"}, {fam16().bytes(), milan().bytes()}),
      packed("A28 family 1Ah", AmdBlob().zen(big).bytes(), {"--cpu", "cpu00B40F40"}, {big.bytes()}),
      packed("A29 family 19h", AmdBlob().zen(fam19).bytes(), kMilanOnly, {fam19.bytes()}),
      packed("One patch for three CPUs",
             AmdBlob()
                 .entry(0x00100F52, 0x1043)
                 .entry(0x00100F43, 0x1043)
                 .entry(0x00100F53, 0x1043)
                 .patch(AmdPatch(0x010000C8).equivalence(0x1043).size(960))
                 .bytes(),
             {"--cpu", "cpu00100F53", "--cpu", "cpu00100F43"},
             {AmdPatch(0x010000C8).equivalence(0x1043).size(960).bytes()}),
      packed("One patch id on two patches",
             AmdBlob()
                 .entry(0x00600F11, 0x6010)
                 .entry(0x00600F12, 0x6012)
                 .patch(twin)
                 .patch(other)
                 .bytes(),
             {"--cpu", "cpu00600F11", "--cpu", "cpu00600F12"}, {twin.bytes(), other.bytes()}),
      packed("The other of two patches with one id",
             AmdBlob()
                 .entry(0x00600F11, 0x6010)
                 .entry(0x00600F12, 0x6012)
                 .patch(twin)
                 .patch(other)
                 .bytes(),
             {"--cpu", "cpu00600F12"}, {other.bytes()}),
  };
}

class AmdPatchCases : public testing::TestWithParam<Case> {};

TEST_P(AmdPatchCases, HasTheVerdictOfTheCatalogue) {
  with_each_program([](const std::string& program) { run_case(GetParam(), program); });
}

INSTANTIATE_TEST_SUITE_P(Alone, AmdPatchCases, testing::ValuesIn(patches()), case_name);
INSTANTIATE_TEST_SUITE_P(Company, AmdPatchCases, testing::ValuesIn(company()), case_name);

// Both vendors in one archive: each has its own member.
TEST(BothVendors, HaveAMemberEach) {
  with_each_program([](const std::string& program) {
    const Scene scene(program);
    const Blob intel = support::IntelBlob().bytes();
    scene.dir().write("tree/intel-ucode/06-bf-02", intel);
    scene.dir().write("tree/amd-ucode/microcode_amd_fam19h.bin", AmdBlob().zen(milan()).bytes());
    const Told told = scene.pack({"--cpu", "0xb06f2", "--cpu", "cpu00A00F11"});
    ASSERT_EQ(told.code, 0) << told.err;
    const Members members = check_archive(scene.archive());
    EXPECT_TRUE(members.intel == intel);
    EXPECT_TRUE(patches_of(members.amd) == std::vector<Blob>{milan().bytes()});
  });
}

}  // namespace
}  // namespace kip::ucode_pack_test
