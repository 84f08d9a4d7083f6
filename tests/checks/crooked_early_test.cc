// What the loader finds, takes and loads of crooked images (C01 to C38 of the catalogue of cases).
#include <functional>
#include <gtest/gtest.h>

#include "tests/checks/crooked.h"
#include "tests/codec/compress.h"

namespace kip::checks {
namespace {

using codec::Method;
using support::AmdBlob;
using support::AmdPatch;
using support::Blob;
using support::IntelBlob;
using support::join;
using support::kAmdPath;
using support::kIntelPath;
using support::NewcBlob;
using support::text;
using support::zeros;

Blob zstd(support::View plain) {
  return codec::compress(Method::kZstd, plain);
}

Blob named(std::string_view name, const support::NewcFields& fields = {}) {
  return NewcBlob().file(name, intel(), fields).bytes();
}

// To a multiple of 4, as boot loaders do.
Blob padded(const Blob& blob) {
  return join({blob, zeros((4 - blob.size() % 4) % 4)});
}

// Where the file's header is in early().
constexpr std::size_t kFile = 0x178;

// One archive, the members of which a row writes down.
Blob with(const std::function<void(NewcBlob&)>& fill) {
  NewcBlob blob;
  fill(blob);
  return blob.bytes();
}

TEST(Crooked, PlaceOfTheEarlyPart) {
  const Blob good = early(intel()), main = padded(zstd(main_archive()));
  const std::size_t m = main.size(), raw = main_archive().size(), e = good.size();
  const Blob odd_image = padded(join({zstd(main_archive()), zeros(3), main}));
  const std::size_t odd = odd_image.size();
  const std::vector<Crooked> rows = {
      {"as it should be", join({good, main}), {}, 0x3A},
      {"C01 compressed first", join({main, good}), {at("warning early-unreachable", m + kFile)}, 0},
      {"C02 zeros between", join({good, zeros(4), main}), {}, 0x3A},
      {"C03 another raw archive first", join({main_archive(), good}), {}, 0x3A},
      {"C04 behind an archive, two bytes off",
       join({main_archive(), zeros(2), good}),
       {at("warning segment-misaligned", raw + 2),
        at("warning early-unreachable", raw + 2 + kFile)},
       0},
      {"C05 zeros in front", join({zeros(512), good, main}), {}, 0x3A},
      {"zeros in front, three of them",
       join({zeros(3), good}),
       {"warning segment-misaligned@0x3", at("warning early-unreachable", 3 + kFile)},
       0},
      {"C35 two bytes off, compressed",
       join({good, zeros(2), main}),
       {at("warning segment-misaligned", e + 2)},
       0x3A},
      {"C36 compressed right behind", join({named(kIntelPath), main}), {}, 0x3A},
      {"C37 odd zeros between compressed",
       join({odd_image, good}),
       {at("warning early-unreachable", odd + kFile)},
       0},
      {"compressed as a whole",
       zstd(join({good, main_archive()})),
       {"warning early-unreachable@0x0"},
       0},
      {"C32 stale one first",
       join({early(intel(0x39)), good, main}),
       {at("warning early-shadowed", e + kFile)},
       0x39},
      {"C32 stale one second",
       join({good, early(intel(0x39)), main}),
       {at("note early-shadowed", e + kFile)},
       0x3A},
      {"the same twice", join({good, good}), {at("note early-shadowed", e + kFile)}, 0x3A},
      {"another CPU's first",
       join({early(IntelBlob().signature(0x50654).bytes()), good, main}),
       {at("warning early-shadowed", e + kFile)},
       0},
      {"another CPU's alone", join({early(IntelBlob().signature(0x50654).bytes()), main}), {}, 0},
      {"behind junk", join({text("junk"), good}), {"warning segment-unknown@0x0"}, 0},
      {"the second one in front of and behind main",
       join({good, main, early(intel(0x3B))}),
       {at("warning early-unreachable", e + m + kFile)},
       0x3A},
  };
  for (const Crooked& row : rows) expect_crooked(row);
}

TEST(Crooked, NamesAndHeaders) {
  const Blob data = intel();
  const std::vector<Crooked> rows = {
      {"C06 with a sum",
       named(kIntelPath, {.magic = "070702"}),
       {"warning archive-summed@0x0 [before 5.19]"},
       0x3A},
      {"C07 with a wrong sum",
       early(intel(), {.magic = "070702", .check = 7}),
       {at("warning archive-summed", kFile) + " [before 5.19]",
        at("warning archive-sum", kFile) + " [5.19 and later]"},
       0x3A},
      {"C08 odc", named(kIntelPath, {.magic = "070707"}), {"warning segment-unknown@0x0"}, 0},
      {"C09 dot slash",
       named("./kernel/x86/microcode/GenuineIntel.bin"),
       {"warning early-name@0x0"},
       0},
      {"C10 slash", named("/kernel/x86/microcode/GenuineIntel.bin"), {"warning early-name@0x0"}, 0},
      {"C11 a backup first",
       with([&](NewcBlob& it) {
         it.file(std::string(kIntelPath) + ".bak", intel(0x20)).file(kIntelPath, data);
       }),
       {"warning early-prefix@0x0", "warning early-shadowed@0x498"},
       0x20},
      {"C12 a directory first",
       with([&](NewcBlob& it) { it.directory(kIntelPath).file(kIntelPath, data); }),
       {"note early-type@0x0"},
       0x3A},
      {"C12 a link alone",
       with([&](NewcBlob& it) { it.symlink(kIntelPath, "other"); }),
       {"warning early-type@0x0"},
       0},
      {"C13 first of two hard links",
       with([&](NewcBlob& it) { it.link(kIntelPath, 7).link("other", 7, data); }),
       {"warning early-hard-link@0x0"},
       0},
      {"C14 twice in one archive",
       with([&](NewcBlob& it) { it.file(kIntelPath, intel(0x39)).file(kIntelPath, data); }),
       {"warning early-shadowed@0x494"},
       0x39},
      {"C15 empty first",
       with([&](NewcBlob& it) { it.file(kIntelPath, {}).file(kIntelPath, data); }),
       {"warning early-empty@0x0", "warning early-shadowed@0x94"},
       0},
      {"C17 no trailer", NewcBlob().file(kIntelPath, data).trailer(false).bytes(), {}, 0x3A},
      {"C18 no padding at the end",
       NewcBlob()
           .file(kIntelPath, join({data, text("x")}), {.pad_data = false})
           .trailer(false)
           .bytes(),
       {"warning early-overrun@0x0"},
       0},
      {"C19 name filled up", named(kIntelPath, {.data_align = 16}), {}, 0x3A},
      {"C20 name without NUL",
       named(kIntelPath, {.name_room = 37}),
       {"warning archive-name-end@0x0 [6.13 and later, and stable releases since]"},
       0x3A},
      {"C21 no name in front",
       with([&](NewcBlob& it) { it.file("", {}, {.name_room = 0}).file(kIntelPath, data); }),
       {"warning archive-name-length@0x0"},
       0x3A},
      {"C22 name beyond the end",
       named(kIntelPath, {.namesize = 0x10000}),
       {"warning archive@0x0"},
       0},
      {"C23 data beyond the end",
       named(kIntelPath, {.filesize = 0x10000}),
       {"warning early-overrun@0x0", "warning archive@0x510"},
       0},
      {"C24 the largest size",
       named(kIntelPath, {.filesize = 0xFFFFFFFF}),
       {"warning early-overrun@0x0", "warning archive@0x510"},
       0},
      {"C25 upper case", named(kIntelPath, {.hex = support::HexCase::kUpper}), {}, 0x3A},
      {"C26 no number",
       named(kIntelPath, {.uid_text = "0000000g"}),
       {"warning archive@0x0"},
       0,
       0,
       /*unpacker_agrees=*/false},
      {"C27 no type", named(kIntelPath, {.mode = 0644}), {"warning early-type@0x0"}, 0},
      {"C28 odd permissions", named(kIntelPath, {.mode = 0107777}), {}, 0x3A},
      {"C29 both vendors",
       with([&](NewcBlob& it) { it.file(kAmdPath, amd()).file(kIntelPath, data); }),
       {},
       0x3A,
       0x0A201205},
      {"C33 too small", text("070701"), {"warning archive@0x0"}, 0},
      {"C34 padding of other bytes", named(kIntelPath, {.pad_byte = 0x55}), {}, 0x3A},
  };
  for (const Crooked& row : rows) expect_crooked(row);
}

TEST(Crooked, Streams) {
  const Blob good = intel();
  const auto holding = [](const Blob& data) { return early(data); };
  const auto amd_holding = [](const Blob& data) {
    return NewcBlob().file(kAmdPath, data, {.data_align = 16}).bytes();
  };
  const std::vector<Crooked> rows = {
      {"four zeros behind", holding(join({good, zeros(4)})), {"error early-void@0x610"}, 0},
      {"a line end behind", holding(join({good, text("\n")})), {"error early-void@0x610"}, 0},
      {"another CPU's broken",
       holding(join({good, IntelBlob().signature(0x50654).break_main_sum().bytes()})),
       {"error early-void@0x610"},
       0},
      {"cut", holding(Blob(good.begin(), good.end() - 16)), {"error early-void@0x210"}, 0},
      {"text form", holding(text(support::to_dat_text(good))), {"error early-void@0x210"}, 0},
      {"AMD's in Intel's file", holding(amd()), {"error early-void@0x210"}, 0},
      {"no microcode at all", holding(text("no microcode")), {"error early-void@0x210"}, 0},
      {"void first, sound second",
       join({holding(join({good, zeros(4)})), holding(good)}),
       {"error early-void@0x610", "warning early-shadowed@0x978"},
       0},
      {"AMD, not at 16", NewcBlob().file(kAmdPath, amd()).bytes(), {}, 0, 0x0A201205},
      {"Intel, not at 16", named(kIntelPath), {"note early-unaligned@0x94"}, 0x3A},
      {"AMD, junk in front",
       amd_holding(join({text("README\n\n"), amd()})),
       {"error early-void@0xa0"},
       0,
       0},
      {"AMD, a byte between",
       amd_holding(join({AmdBlob().zen(AmdPatch(0x0A001105)).bytes(), text("x"), amd()})),
       {"warning amd-section@0x2d4"},
       0,
       0},
      {"AMD, a patch for one chipset in front",
       amd_holding(AmdBlob().zen(AmdPatch(0x0A001105).nb_dev(1)).zen(AmdPatch(0x0A201205)).bytes()),
       {"error early-void@0xe4"},
       0,
       0},
      {"AMD, junk behind",
       amd_holding(join({amd(), text("junk")})),
       {"warning amd-trailing@0x2d4"},
       0,
       0x0A201205},
  };
  for (const Crooked& row : rows) expect_crooked(row);
}

}  // namespace
}  // namespace kip::checks
