// AMD containers that are broken or odd, and what becomes of them. The names begin with the case's
// number in the project's catalogue of AMD edge cases (docs/formats/amd-ucode.md).
#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"
#include "tests/ucode-pack/cases.h"

namespace kip::ucode_pack_test {
namespace {

using support::AmdBlob;
using support::AmdPatch;
using support::Blob;
using support::join;
using support::zeros;

constexpr std::uint32_t kMilan = 0x00A00F11;
constexpr std::uint32_t kVermeer = 0x00A20F12;
const std::string kName = "microcode_amd_fam19h.bin";
const std::string kPlace = "'tree/microcode_amd_fam19h.bin': ";
const std::vector<std::string> kAsk = {"--cpu", "cpu00A00F11"};
const std::string kNone = "error: cpu00A00F11: no microcode found for it";

AmdPatch milan(std::uint32_t low = 0xD4) {
  return AmdPatch(0x0A001100 | low).size(512);
}
AmdPatch vermeer() {
  return AmdPatch(0x0A201205).seed(4);
}
Blob alone(const AmdPatch& patch) {
  return AmdBlob().zen(patch).bytes();
}
Blob cut(Blob bytes, std::size_t from_end) {
  bytes.resize(bytes.size() - from_end);
  return bytes;
}

// `complaints` and `faults` alike, and then "no microcode found".
Case left_out(std::string name, Blob bytes, const std::vector<std::string>& whys) {
  Case row{std::move(name), file(kName, std::move(bytes)), kAsk, 3, {}, {}, {}, {}};
  for (const std::string& why : whys) {
    row.complaints.push_back("warning: " + kPlace + why);
    row.faults.push_back(kPlace + why);
  }
  row.complaints.push_back(kNone);
  return row;
}

Case taken(std::string name, Blob bytes, std::vector<Blob> patches,
           const std::vector<std::string>& whys = {}, std::vector<std::string> ask = kAsk) {
  Case row{std::move(name),
           file(kName, std::move(bytes)),
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

std::vector<Case> containers() {
  const Blob patch = milan().bytes();
  const std::vector<std::string> both = {"--cpu", "cpu00A00F11", "--cpu", "cpu00A20F12"};
  const Blob two = AmdBlob().zen(milan()).zen(vermeer()).bytes();
  return {
      left_out("A01 text in front", join({support::text("AMD microcode\n"), alone(milan())}),
               {"offset 0x0: not microcode, it begins with 41 4d 44 20 6d 69 63 72"}),
      left_out("A02 magic only", support::text(std::string_view("DMA\0", 4)),
               {"offset 0x0: container header ends early"}),
      left_out("A02 twelve bytes", cut(alone(milan()), alone(milan()).size() - 12),
               {"offset 0x0: equivalence table ends early"}),
      taken("A03 zeros between containers", join({alone(milan()), zeros(4), alone(vermeer())}),
            {patch, vermeer().bytes()},
            {"offset 0x234: 4 zero bytes that belong to no container; Linux reads nothing behind "
             "them"},
            both),
      taken("A04 three bytes behind", join({alone(milan()), support::text("end")}), {patch},
            {"offset 0x234: no section and no container begins here, the rest is left out"}),
      taken("A04 noise behind", join({alone(milan()), support::text("a long farewell")}), {patch},
            {"offset 0x234: section of type 0x6f6c2061, the rest is left out"}),
      taken("A05 last section truncated", cut(two, 1), {patch},
            {"offset 0x24c: patch of 512 bytes ends after 511"}),
      left_out("A06 section of type 2", AmdBlob().zen(milan()).raw_section_type(0, 2).bytes(),
               {"offset 0x2c: section of type 0x2, the rest is left out"}),
      taken("A06 section of type 2 behind",
            AmdBlob().zen(milan()).zen(vermeer()).raw_section_type(1, 2).bytes(), {patch},
            {"offset 0x244: section of type 0x2, the rest is left out"}),
      left_out("A07 section of 32 bytes", AmdBlob().zen(milan()).raw_section_size(0, 32).bytes(),
               {"offset 0x2c: patch of 32 bytes, the rest is left out"}),
      left_out("A07 section of 0 bytes", AmdBlob().zen(milan()).raw_section_size(0, 0).bytes(),
               {"offset 0x2c: patch of 0 bytes, the rest is left out"}),
      left_out("A08 section of 4 GiB",
               AmdBlob().zen(milan()).raw_section_size(0, 0xFFFFFFFF).bytes(),
               {"offset 0x2c: patch of 4294967295 bytes, the rest is left out"}),
      taken("A21 ascending", AmdBlob().zen(milan(0xD2)).zen(milan(0xD4)).bytes(), {patch}),
      taken("A22 descending", AmdBlob().zen(milan(0xD4)).zen(milan(0xD2)).bytes(), {patch}),
      taken("A23 newer in the second container", join({alone(milan(0xD2)), alone(milan())}),
            {patch}),
      taken("A23 newer in the first container", join({alone(milan()), alone(milan(0xD2))}),
            {patch}),
      taken("A34 one of each class, ascending", AmdBlob().zen(milan(0xDE)).zen(milan(0xD4)).bytes(),
            {patch, milan(0xDE).bytes()}),
      taken("A34 newest of each class",
            AmdBlob().zen(milan(0xDE)).zen(milan(0xD4)).zen(milan(0xDB)).zen(milan(0xD2)).bytes(),
            {patch, milan(0xDE).bytes()}),
  };
}

std::vector<Case> tables() {
  const Blob patch = milan().bytes();
  const std::uint16_t id = support::zen_equivalence(kMilan);
  const std::uint16_t other = support::zen_equivalence(kVermeer);
  const auto lacks = [](const std::string& offset) {
    return "offset " + offset +
           ": patch 0x0a0011d4 is for CPU 0x00a00f11, which the table lacks: " +
           "kernels before 6.12 do not find it";
  };
  return {
      left_out("A09 table of type 1", AmdBlob().zen(milan()).table_type(1).bytes(),
               {"offset 0x0: container begins with section type 1, not with its table"}),
      taken("A10 table of 0 bytes", AmdBlob().patch(milan()).terminator(false).bytes(), {patch},
            {"offset 0x0: equivalence table of 0 bytes; kernels before 6.12 stop here",
             lacks("0x14")}),
      left_out("A11 table beyond the end", AmdBlob().zen(milan()).raw_table_length(4096).bytes(),
               {"offset 0x0: equivalence table ends early"}),
      left_out("A11 table of 4 GiB", AmdBlob().zen(milan()).raw_table_length(0xFFFFFFF0).bytes(),
               {"offset 0x0: equivalence table of 4294967280 bytes is over 65536"}),
      taken("A12 table length no multiple of 16",
            AmdBlob().zen(milan()).table_tail(zeros(4)).bytes(), {patch},
            {"offset 0x0: equivalence table of 36 bytes is no multiple of 16"}),
      taken("A13 no terminator", AmdBlob().zen(milan()).terminator(false).bytes(), {patch}),
      taken("A14 zero entry in front", AmdBlob().entry(0, 0).zen(milan()).bytes(), {patch}),
      taken("A15 the same entry twice",
            AmdBlob().entry(kMilan, id).entry(kMilan, id).patch(milan()).bytes(), {patch}),
      taken("A16 two ids for one CPU",
            AmdBlob().entry(kMilan, id).entry(kMilan, other).patch(milan()).bytes(), {patch},
            {"offset 0x0: equivalence table has CPU 0x00a00f11 with different ids, the first "
             "counts"}),
      taken("A17 CPU missing in the table", AmdBlob().entry(kVermeer, other).patch(milan()).bytes(),
            {patch}, {lacks("0x34")}),
      taken("A18 table and patch disagree on the id",
            AmdBlob().entry(kMilan, other).patch(milan()).bytes(), {patch}, {lacks("0x34")}),
      taken("A19 table lends the patch to another CPU",
            AmdBlob().entry(kVermeer, id).patch(milan()).bytes(), {patch},
            {"offset 0x34: patch 0x0a0011d4 is for CPU 0x00a00f11, but the table gives it to "
             "0x00a20f12"}),
      taken("A20 reserved bits in the patch id",
            AmdBlob().entry(kMilan, id).patch(AmdPatch(0x0A0111D5)).bytes(),
            {AmdPatch(0x0A0111D5).bytes()},
            {"offset 0x34: patch 0x0a0111d5 has reserved bits set"}),
  };
}

class AmdContainerCases : public testing::TestWithParam<Case> {};

TEST_P(AmdContainerCases, HasTheVerdictOfTheCatalogue) {
  with_each_program([](const std::string& program) { run_case(GetParam(), program); });
}

INSTANTIATE_TEST_SUITE_P(Containers, AmdContainerCases, testing::ValuesIn(containers()), case_name);
INSTANTIATE_TEST_SUITE_P(Tables, AmdContainerCases, testing::ValuesIn(tables()), case_name);

}  // namespace
}  // namespace kip::ucode_pack_test
