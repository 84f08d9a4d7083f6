// Streams of Intel updates that are broken or odd, and what becomes of them. The names begin with
// the case's number in the project's catalogue of Intel edge cases (docs/formats/intel-ucode.md).
#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"
#include "tests/support/newc_blob.h"
#include "tests/ucode-pack/cases.h"

namespace kip::ucode_pack_test {
namespace {

using support::Blob;
using support::IntelBlob;
using support::join;
using support::zeros;

const std::vector<std::string> kAsk = {"--cpu", "0xb06f2"};
const std::string kNone = "error: 0xb06f2: no microcode found for it";
const std::string kPerhaps = "some microcode is broken, and may be what is missing:";

IntelBlob ours() {
  return IntelBlob().signature(0x000B06F2).platform_flags(0x07).revision(0x3A);
}

IntelBlob foreign() {
  return IntelBlob().signature(0x000806F8).platform_flags(0x87).revision(0x2B000650).seed(5);
}

Blob cut(Blob bytes, std::size_t from_end) {
  bytes.resize(bytes.size() - from_end);
  return bytes;
}

// The file is our CPU's, by its name; pack and verify say the same of it.
Case left_out(std::string name, Blob bytes, const std::string& why) {
  const std::string line = "'tree/06-bf-02': " + why;
  return {std::move(name),
          file("06-bf-02", std::move(bytes)),
          kAsk,
          3,
          {"warning: " + line, kNone},
          {},
          {},
          {line}};
}

// Read as our CPU's update, and found broken when its bytes were.
Case broken(std::string name, Blob bytes, const std::string& why) {
  const std::string line = "'tree/06-bf-02': offset 0x0: " + why;
  return {std::move(name),
          file("06-bf-02", std::move(bytes)),
          kAsk,
          4,
          {"error: " + line + "; it was the choice for 0xb06f2"},
          {},
          {},
          {line}};
}

// Header alone shows that it is broken.
Case broken_at_sight(std::string name, Blob bytes, const std::string& why,
                     const std::string& revision = "0x0000003a") {
  const std::string line = "'tree/06-bf-02': offset 0x0: " + why;
  return {std::move(name),
          file("06-bf-02", std::move(bytes)),
          kAsk,
          4,
          {"warning: " + line,
           "error: 0xb06f2: 'tree/06-bf-02' at offset 0x0 would be its update "
           "(revision " +
               revision + "), but is broken"},
          {},
          {},
          {line}};
}

Case taken(std::string name, const Blob& bytes) {
  return {std::move(name), file("06-bf-02", bytes), kAsk, 0, {}, bytes, {}, {}};
}

Case taken_with_warning(std::string name, Blob bytes, const Blob& update, const std::string& why) {
  const std::string line = "'tree/06-bf-02': " + why;
  return {std::move(name),
          file("06-bf-02", std::move(bytes)),
          kAsk,
          0,
          {"warning: " + line},
          update,
          {},
          {line}};
}

std::vector<Case> sizes_and_residue() {
  const Blob update = ours().bytes();
  return {
      left_out("I01 empty file", {}, "empty, no microcode"),
      left_out("I02 one byte", {1}, "offset 0x0: 1 bytes are no whole header"),
      left_out("I02 47 bytes", cut(update, update.size() - 47),
               "offset 0x0: 47 bytes are no whole header"),
      left_out("I02 44 bytes", cut(update, update.size() - 44),
               "offset 0x0: 44 bytes are no whole header"),
      taken_with_warning("I03 4 zero bytes behind", join({update, zeros(4)}), update,
                         "offset 0x400: 4 zero bytes that belong to no update"),
      taken_with_warning("I03 a newline behind", join({update, support::text("\n")}), update,
                         "offset 0x400: 1 bytes are no whole header"),
      taken_with_warning("I04 1024 zero bytes behind", join({update, zeros(1024)}), update,
                         "offset 0x400: 1024 zero bytes that belong to no update"),
      taken_with_warning("I04 zeros between two", join({update, zeros(1024), foreign().bytes()}),
                         update, "offset 0x400: 1024 zero bytes that belong to no update"),
      taken_with_warning("I04 noise behind", join({update, support::noise(512, 3)}), update,
                         "offset 0x400: no update begins here, the rest is left out"),
      taken_with_warning("I06 last of two truncated", join({update, cut(foreign().bytes(), 1)}),
                         update, "offset 0x400: update of 1024 bytes ends after 1023"),
      broken_at_sight("I06 the only one truncated", cut(update, 1),
                      "update of 1024 bytes ends after 1023"),
      taken("I07 old form", ours().old_form().bytes()),
      {"I08 old form ignores the total size",
       file("06-bf-02", join({foreign().old_form().stored_sizes(0, 4096).bytes(), update})),
       kAsk,
       0,
       {},
       update,
       {},
       {}},
      left_out("I09 total size 0", ours().stored_sizes(976, 0).bytes(),
               "offset 0x0: data size 976 does not fit total size 0, the rest is left out"),
      left_out("I10 data beyond total", ours().stored_sizes(980, 1024).bytes(),
               "offset 0x0: data size 980 does not fit total size 1024, the rest is left out"),
      left_out("I11 data size that wraps", ours().stored_sizes(0xFFFFFFF0, 32).bytes(),
               "offset 0x0: data size 4294967280 does not fit total size 32, the rest is left out"),
      taken("I12 size no multiple of 1024", ours().body_size(5120).bytes()),
  };
}

std::vector<Case> kinds_and_checksums() {
  const Blob update = ours().bytes();
  const std::vector<support::IntelTarget> three = {
      {0x000B06F2, 0x07}, {0x000B06F5, 0x07}, {0x000B06F6, 0x07}};
  const auto with_table = [&] { return ours().extended(three); };
  return {
      {"I05 a bit flipped in a foreign update",
       file("06-bf-02", join({foreign().break_main_sum().bytes(), update})),
       kAsk,
       0,
       {},
       update,
       {},
       {"'tree/06-bf-02': offset 0x0: checksum is wrong"}},
      broken("I05 a bit flipped in ours", ours().break_main_sum().bytes(), "checksum is wrong"),
      taken_with_warning("I14 In-Field Scan image behind",
                         join({update, ours().header_version(2).bytes()}), update,
                         "offset 0x400: In-Field Scan image, not microcode"),
      left_out("I14 In-Field Scan image alone", ours().header_version(2).bytes(),
               "offset 0x0: In-Field Scan image, not microcode"),
      left_out("I15 loader revision 2", ours().loader_revision(2).bytes(),
               "offset 0x0: loader revision 2"),
      left_out("I16 header type 0", ours().header_version(0).bytes(),
               "offset 0x0: not microcode, it begins with 00 00 00 00 3a 00 00 00"),
      left_out("I16 text", support::text("not microcode at all\n"),
               "offset 0x0: not microcode, it begins with 6e 6f 74 20 6d 69 63 72"),
      left_out("I16 ELF",
               support::text("\x7f"
                             "ELF\x02\x01\x01"),
               "offset 0x0: not microcode, it begins with 7f 45 4c 46 02 01 01"),
      broken_at_sight("I17 extended table of 16 bytes",
                      ours().extended({}).ext_size_pad(-4).bytes(),
                      "extended signature table of 16 bytes is shorter than its header"),
      broken_at_sight("I18 extended count 2 and room for 3", with_table().ext_count(2).bytes(),
                      "extended signature table of 56 bytes does not hold 2 entries"),
      broken("I19 extended table sum", with_table().break_ext_table_sum().bytes(),
             "extended signature table checksum is wrong"),
      broken("I20 one extended entry sum", with_table().break_ext_entry_sum(1).bytes(),
             "checksum of extended signature 0x000b06f5 is wrong"),
      taken("I21 extended table without entries", ours().extended({}).bytes()),
      broken("I22 main sum over everything", with_table().main_sum_over_everything().bytes(),
             "extended signature table checksum is wrong"),
      left_out("I45 header type 3", ours().header_version(3).bytes(),
               "offset 0x0: not microcode, it begins with 03 00 00 00 3a 00 00 00"),
      taken_with_warning("I45 header type 3 behind",
                         join({update, ours().header_version(3).bytes()}), update,
                         "offset 0x400: no update begins here, the rest is left out"),
  };
}

class IntelStreamCases : public testing::TestWithParam<Case> {};

TEST_P(IntelStreamCases, HasTheVerdictOfTheCatalogue) {
  with_each_program([](const std::string& program) { run_case(GetParam(), program); });
}

INSTANTIATE_TEST_SUITE_P(Sizes, IntelStreamCases, testing::ValuesIn(sizes_and_residue()),
                         case_name);
INSTANTIATE_TEST_SUITE_P(Kinds, IntelStreamCases, testing::ValuesIn(kinds_and_checksums()),
                         case_name);

}  // namespace
}  // namespace kip::ucode_pack_test
