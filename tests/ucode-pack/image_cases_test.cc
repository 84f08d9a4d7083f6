// Images as a source of firmware: what is read from an initrd that is put together oddly. The names
// begin with the case's number in the project's catalogue of early archives (docs/formats/newc.md).
//
// A source may be read more generously than the kernel reads: whatever is there and sound is worth
// packing anew. What only a kernel's unpacker would stumble over is no fault of the microcode.
#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"
#include "tests/support/newc_blob.h"
#include "tests/ucode-pack/cases.h"

namespace kip::ucode_pack_test {
namespace {

using support::Blob;
using support::IntelBlob;
using support::join;
using support::NewcBlob;
using support::NewcFields;
using support::View;
using support::zeros;

const std::string kIntel = "kernel/x86/microcode/GenuineIntel.bin";
const std::string kAmd = "kernel/x86/microcode/AuthenticAMD.bin";
const std::string kNone = "error: 0xb06f2: no microcode found for it";

Blob update() {
  return IntelBlob().bytes();
}

// Real enough for whoever looks at the magic: an empty gzip stream.
Blob gzip() {
  return {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0};
}

NewcBlob tree() {
  return NewcBlob().directory("kernel").directory("kernel/x86").directory("kernel/x86/microcode");
}

Blob early(const NewcFields& fields = {}) {
  return tree().file(kIntel, update(), fields).pad_to(512).bytes();
}

Case packed(std::string name, Blob image, const std::vector<std::string>& whys = {}) {
  Case row{std::move(name),
           file("initrd.img", std::move(image)),
           {"--cpu", "0xb06f2"},
           0,
           {},
           update(),
           {},
           {}};
  for (const std::string& why : whys) {
    row.complaints.push_back("warning: 'tree/initrd.img" + why);
    row.faults.push_back("'tree/initrd.img" + why);
  }
  return row;
}

Case nothing(std::string name, Blob image, const std::vector<std::string>& whys = {}) {
  Case row = packed(std::move(name), std::move(image), whys);
  row.code = 3;
  row.intel.clear();
  row.complaints.push_back(kNone);
  return row;
}

std::vector<Case> positions() {
  const Blob ordinary =
      NewcBlob().directory("etc").file("etc/motd", support::text("hello")).bytes();
  const auto padded = [](Blob bytes) {
    bytes.resize((bytes.size() + 3) / 4 * 4);
    return bytes;
  };
  return {
      nothing("C01 compressed in front", join({gzip(), early()})),
      packed("C02 compressed behind", join({early(), zeros(4), gzip()})),
      packed("C03 another archive in front", join({padded(ordinary), zeros(8), early()})),
      nothing(
          "C04 another archive and 2 bytes in front", join({padded(ordinary), zeros(2), early()}),
          {"': offset 0x172: an archive begins at no multiple of 4; kernels stop here (put 2 more "
           "zero bytes in front of it)"}),
      packed("C05 zeros in front", join({zeros(16), early()})),
      packed("C32 two early archives",
             join({early(), NewcBlob().file(kIntel, IntelBlob().revision(0x39).bytes()).bytes()})),
      packed("C33 110 bytes behind", join({early(), NewcBlob().bytes()})),
      packed("C34 padding that is not zero", early({.pad_byte = 0xEE})),
      packed("C36 compressed directly behind", join({early(), gzip()})),
      packed("C38 no trailer, compressed directly behind",
             join({tree().file(kIntel, update()).trailer(false).bytes(), gzip()})),
  };
}

std::vector<Case> members() {
  const Blob sum = NewcBlob().file(kIntel, update(), {.magic = "070702"}).bytes();
  const Blob wrong = NewcBlob().file(kIntel, update(), {.magic = "070702", .check = 1}).bytes();
  const Blob other = IntelBlob().signature(0x000806F8).seed(3).bytes();
  return {
      packed("C06 with checksum", sum),
      packed("C07 with a wrong checksum", wrong),
      packed("C09 name begins with a dot", tree().file("./" + kIntel, update()).bytes()),
      packed("C10 name begins with a slash", tree().file("/" + kIntel, update()).bytes()),
      packed("C11 a file with a longer name in front",
             tree().file(kIntel + ".bak", other).file(kIntel, update()).bytes()),
      packed("C12 a directory of that name in front",
             tree().directory(kIntel).file(kIntel, update()).bytes()),
      packed("C12 a link of that name in front",
             tree().symlink(kIntel, "nowhere").file(kIntel, update()).bytes()),
      packed("C13 first of two hard links",
             tree().link(kIntel, 77).link("other", 77, update()).bytes()),
      packed("C14 two members of one path",
             tree().file(kIntel, other).file(kIntel, update()).bytes()),
      packed("C15 an empty member in front",
             tree().file(kIntel, {}).file(kIntel, update()).bytes()),
      packed("C16 no directories", NewcBlob().file(kIntel, update()).bytes()),
      packed("C17 no trailer", tree().file(kIntel, update()).trailer(false).bytes()),
      packed("C18 no trailer and no padding at the end",
             tree().file(kIntel, update(), {.pad_data = false}).trailer(false).bytes()),
      packed("C19 name filled with NULs", early({.name_room = 50})),
      packed("C21 a name of no bytes in front",
             tree().file("", {}, {.namesize = 0, .name_room = 0}).file(kIntel, update()).bytes()),
      packed("C25 upper-case digits", early({.hex = support::HexCase::kUpper})),
      packed("C25 mixed digits", early({.hex = support::HexCase::kMixed})),
      packed("C28 odd permissions", early({.mode = 0106751})),
      packed("C29 both vendors",
             tree()
                 .file(kAmd, support::AmdBlob().zen(support::AmdPatch(0x0A0011D4)).bytes())
                 .file(kIntel, update())
                 .bytes()),
  };
}

// The update in it is our CPU's, and broken.
Case truncated(std::string name, Blob image) {
  Case row = nothing(std::move(name), std::move(image),
                     {"[" + kIntel + "]': offset 0x20c: update of 1024 bytes ends after 500",
                      "': offset 0x400: archive member ends early"});
  row.code = 4;
  row.complaints.back() =
      "error: 0xb06f2: 'tree/initrd.img[" + kIntel +
      "]' at offset 0x20c would be its update (revision 0x0000003a), but is broken";
  return row;
}

std::vector<Case> broken() {
  Blob cut = early();
  cut.resize(cut.size() - 1024);
  return {
      nothing("C08 old portable format", support::text("070707000000000000000000000000000000"), {}),
      nothing("C22 name beyond the end", early({.namesize = 0x10000}),
              {"': offset 0x178: archive member's name ends early"}),
      truncated("C23 data beyond the end", cut),
      packed("C24 data of 4 GiB", early({.filesize = 0xFFFFFFFF}),
             {"[" + kIntel + "]': offset 0x60c: no update begins here, the rest is left out",
              "': offset 0x800: archive member ends early"}),
      nothing("C26 no digits in the uid", early({.uid_text = "XXXXXXXX"}),
              {"': offset 0x178: archive member has a field that is no hexadecimal number"}),
      nothing("C27 mode 0", early({.mode = 0})),
      packed("C30 unusable member, a sound one behind",
             tree()
                 .file(kIntel, support::text("rubbish"))
                 .file("other/GenuineIntel.bin", update())
                 .bytes()),
      packed("Residue inside a member", tree().file(kIntel, join({update(), zeros(4)})).bytes(),
             {"[" + kIntel + "]': offset 0x60c: 4 zero bytes that belong to no update"}),
      nothing("An archive of nothing", NewcBlob().pad_to(512).bytes()),
  };
}

class ImageCases : public testing::TestWithParam<Case> {};

TEST_P(ImageCases, GivesWhatIsSound) {
  with_each_program([](const std::string& program) { run_case(GetParam(), program); });
}

INSTANTIATE_TEST_SUITE_P(Positions, ImageCases, testing::ValuesIn(positions()), case_name);
INSTANTIATE_TEST_SUITE_P(Members, ImageCases, testing::ValuesIn(members()), case_name);
INSTANTIATE_TEST_SUITE_P(Broken, ImageCases, testing::ValuesIn(broken()), case_name);

}  // namespace
}  // namespace kip::ucode_pack_test
