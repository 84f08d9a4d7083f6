// Writes the seeds of tests/fuzz/corpus out of the builders: make-seeds DIRECTORY. Synthetic
// microcode only. Inputs that once broke a property lie beside them, and are not made here.
#include <filesystem>
#include <fstream>

#include "tests/codec/compress.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/amd_blob.h"
#include "tests/support/elf_module.h"
#include "tests/support/intel_blob.h"
#include "tests/support/kernel_finder.h"
#include "tests/support/newc_blob.h"
#include "tests/support/pe_blob.h"

namespace kip::fuzz {
namespace {

using support::AmdBlob;
using support::AmdPatch;
using support::Blob;
using support::IntelBlob;
using support::join;
using support::NewcBlob;
using support::text;
using support::View;

class Seeds {
 public:
  explicit Seeds(std::filesystem::path directory) : directory_(std::move(directory)) {}

  void add(const std::string& target, const std::string& name, View bytes) {
    require(bytes.size() < 4096, "a seed is smaller than 4 KiB");
    std::filesystem::create_directories(directory_ / target);
    std::ofstream file(directory_ / target / name, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    require(file.good(), "a seed is written");
  }

 private:
  std::filesystem::path directory_;
};

const Blob kPlain = {0}, kRepaired = {3};  // options of the intel target

IntelBlob small() {
  return IntelBlob().body_size(80);
}

Blob two_targets() {
  return small().extended({{0x000B06F5, 0x07}, {0x000806F8, 0x10}}).bytes();
}

void intel(Seeds& seeds) {
  const auto add = [&](const char* name, View stream) {
    seeds.add("intel", name, join({kPlain, stream}));
  };
  add("one", small().bytes());
  add("extended", two_targets());
  add("extended-empty", small().extended({}).bytes());
  add("old-form", IntelBlob().old_form().bytes());
  add("two", join({small().bytes(), small().signature(0x000806F8).revision(9).bytes()}));
  add("zeros-behind", join({small().bytes(), support::zeros(64)}));
  add("cut", View(small().bytes()).first(100));
  add("scan-image", join({small().header_version(2).bytes(), small().bytes()}));
  add("main-sum", join({small().break_main_sum().bytes(), small().bytes()}));
  add("entry-sum", small().extended({{0x000B06F5, 0x07}}).break_ext_entry_sum(0).bytes());
  add("table-padded", small().extended({{0x000B06F5, 0x07}}).ext_size_pad(4).bytes());
  add("revision-0", small().revision(0).bytes());
  add("flags-0", small().platform_flags(0).bytes());
  add("odd-sizes", small().stored_sizes(79, 131).bytes());
  seeds.add("intel", "repaired", join({kRepaired, two_targets(), small().bytes()}));
}

AmdPatch patch(std::uint32_t id) {
  return AmdPatch(id).size(96);
}

void amd(Seeds& seeds) {
  const Blob milan = AmdBlob().zen(patch(0x0A0011D5)).zen(patch(0x0A0011DF)).bytes();
  const Blob k10 =
      AmdBlob().entry(0x00100F22, 0x1022).patch(patch(0x01000083).equivalence(0x1022)).bytes();
  seeds.add("amd", "entrysign-pair", milan);
  seeds.add("amd", "family-10h", k10);
  seeds.add("amd", "glued", join({k10, milan, AmdBlob().zen(patch(0x0B002161)).bytes()}));
  seeds.add("amd", "zeros-between", join({k10, support::zeros(16), milan}));
  seeds.add("amd", "no-terminator", AmdBlob().zen(patch(0x08701034)).terminator(false).bytes());
  seeds.add("amd", "no-entry", AmdBlob().patch(patch(0x08701034)).bytes());
  seeds.add("amd", "odd-size", AmdBlob().zen(patch(0x08701034).size(97)).bytes());
  seeds.add("amd", "chipset", AmdBlob().zen(patch(0x08701034).nb_dev(0x9600)).bytes());
  seeds.add("amd", "table-too-long",
            AmdBlob().zen(patch(0x08701034)).raw_table_length(0xFFFFFFF0).bytes());
  seeds.add("amd", "section-cut", View(milan).first(milan.size() - 20));
  seeds.add("amd", "two-ids",
            AmdBlob()
                .entry(0x00600F12, 0x6012)
                .entry(0x00600F12, 0x6101)
                .patch(patch(0x0600063E).equivalence(0x6012))
                .bytes());
  seeds.add("amd", "large-patch-in-front",
            AmdBlob()
                .entry(0x00100F22, 0x1022)
                .zen(patch(0x08701034).size(2112))
                .patch(patch(0x01000083).equivalence(0x1022))
                .bytes());
}

NewcBlob tree() {
  return NewcBlob().directory("kernel").directory("kernel/x86").directory("kernel/x86/microcode");
}

void archives(Seeds& seeds) {
  const Blob update = small().bytes();
  const Blob container = AmdBlob().zen(patch(0x0A0011D5)).bytes();
  const auto add = [&](const char* name, View image) {
    seeds.add("newc", name, join({Blob{2}, image}));
    seeds.add("early_find", name, image);
  };
  add("intel", tree().file(support::kIntelPath, update, {.data_align = 16}).pad_to(512).bytes());
  add("both", tree().file(support::kAmdPath, container).file(support::kIntelPath, update).bytes());
  const std::string backup = std::string(support::kIntelPath) + ".bak";
  add("prefix", tree().file(backup, text("old")).file(support::kIntelPath, update).bytes());
  add("empty-first", NewcBlob().link(support::kIntelPath, 7).link("again", 7, update).bytes());
  add("checksummed", NewcBlob().file(support::kAmdPath, container, {.magic = "070702"}).bytes());
  add("upper-case", NewcBlob().file("a", text("b"), {.hex = support::HexCase::kUpper}).bytes());
  add("symlink", NewcBlob().symlink(support::kIntelPath, "elsewhere").bytes());
  add("no-padding",
      NewcBlob().file(support::kAmdPath, text("x"), {.pad_data = false}).trailer(false).bytes());
  add("size-too-large",
      NewcBlob().file(support::kAmdPath, text("x"), {.filesize = 0xFFFFFFFF}).bytes());
  add("name-too-long", NewcBlob().file("a", text("x"), {.namesize = 0x10000}).bytes());
  add("no-number", NewcBlob().file("a", text("x"), {.uid_text = "0000000x"}).bytes());
  const Blob first = NewcBlob().file("a", text("first")).bytes();
  const Blob second = NewcBlob().file(support::kIntelPath, update).bytes();
  add("two-archives", join({first, second}));
  add("zeros-between", join({first, support::zeros(64), second}));
  add("misaligned", join({first, support::zeros(2), second}));
  add("zeros-in-front", join({support::zeros(8), second}));
  add("compressed-behind", join({second, Blob{0x1F, 0x8B, 8, 0, 0, 0, 0, 0}}));
  add("broken-second", join({first, View(second).first(second.size() - 200)}));
}

void layouts(Seeds& seeds) {
  const Blob some = support::noise(99, 1), name = text("6.12.9-amd64\n");
  const support::PeBlob uki =
      support::PeBlob().section(".uname", name).section(".initrd", some).section(".ucode", some);
  seeds.add("layout", "plain", NewcBlob().file("init", text("x")).bytes());
  seeds.add("layout", "unified", uki.bytes());
  seeds.add("layout", "two-initrds", support::PeBlob(uki).section(".initrd", name).bytes());
  seeds.add("layout", "cut", View(uki.bytes()).first(700));
  seeds.add("layout", "kernel",
            support::PeBlob().section(".text", some).put(0x202, "HdrS").bytes());
  seeds.add("layout", "sizes-beyond",
            support::PeBlob().section(".initrd", some, {.memory_size = 0x10000}).bytes());
  seeds.add("layout", "offset-beyond",
            support::PeBlob().section(".initrd", some, {.file_offset = 0xfffffe00}).bytes());
}

void descriptions(Seeds& seeds) {
  // No structure to be true to: each byte chooses something (firmware.cc), so noise is a firmware.
  for (std::uint32_t i = 1; i <= 12; ++i) {
    seeds.add("pack_roundtrip", "noise-" + std::to_string(i), support::noise(24 * i, i));
  }
  for (std::uint32_t i = 1; i <= 12; ++i) {
    seeds.add("join", "noise-" + std::to_string(i), support::noise(32 * i, i));
  }
}

void texts(Seeds& seeds) {
  const auto add = [&](const char* name, std::string_view words) {
    seeds.add("text", name, text(words));
  };
  add("update", support::to_dat_text(small().bytes(), "/* 06-ba-02 */"));
  add("loose", "// heading\r\n\t0x00000001,0X2\n\n0x3 , 0x4");
  add("no-comma", "0x1 0x2\n");
  add("too-wide", "0x100000000,\n");
  add("no-dword", "0x00000001, hello\n");
  constexpr const char* kSelectors[] = {
      "06-8f-08", "0x806f8",     "0x806f8,0x87",   "0x806f8,0x87,gt:0x2b000000",  "0x806f8,,lt:0x5",
      "!0x806f8", "cpu00A20F12", "intel:0x120f00", "!amd:0x120f00,,eq:0xa201009", "fff-0-0"};
  std::size_t number = 0;
  for (const char* const selector : kSelectors) {
    seeds.add("selector", "form-" + std::to_string(++number), text(selector));
  }
}

void settings(Seeds& seeds) {
  using std::string_view_literals::operator""sv;
  const auto add = [&](const char* name, std::string_view words) {
    seeds.add("conf", name, text(words));
  };
  add("every-key",
      "[Microcode]\nCpu=host\nCpu=!cpu00A20F12\nFirmware=/srv/a b\nHold=06-8f-08\n"
      "Pin=0x806f8,,eq:0x1\nOnNone=fail\nConflict=strip\n[Image]\nEnabled=no\n");
  add("reset", "[Microcode]\nHold=06-8f-08\nHold=\nHold = 0x50657,0x80,lt:0x5 \n");
  add("comments", "# a\n\n ; b\n [Image]\t\n\tEnabled = yes # c");
  add("broken-values", "[Microcode]\nHold=06-8f\nPin=06-8f-08\nCpu=@fleet\nOnNone=\n");
  add("unknown", "[Modules]\nInclude=zfs\n[Microcode]\nHolds=1\n");
  add("no-section", "Hold=06-8f-08\n[\nCpu=host\n[Image]\nEnabled\n=yes\n");
  add("carriage-returns", "[Image]\r\nEnabled=no\r\n");
  add("byte-order-mark", "\xef\xbb\xbf[Image]\nEnabled=no\n");
  add("odd-bytes", "[Image]\nEnabled=n\0o\nEnabled=\xfc\nEnabled=\xe2\x82\xac\n"sv);
}

void streams(Seeds& seeds) {
  // The first byte chooses the method (codec_fuzz.cc), the second how far, the third the pieces.
  const Blob plain = join({text("some text, some text, some text"), support::noise(200, 1)});
  using codec::Method;
  constexpr Method kMethods[] = {Method::kXz,    Method::kZstd, Method::kGzip,
                                 Method::kBzip2, Method::kLzma, Method::kLz4Legacy};
  for (std::uint8_t i = 0; i < std::size(kMethods); ++i) {
    const std::string name = codec::name_of(kMethods[i]);
    const Blob packed = codec::compress(kMethods[i], plain);
    const Blob whole = {i, 0, 6}, one = {i, 1, 0};
    seeds.add("codec", name, join({whole, packed}));
    seeds.add("codec", name + "-two", join({whole, packed, packed}));
    seeds.add("codec", name + "-zeros-behind", join({one, packed, support::zeros(5)}));
    seeds.add("codec", name + "-junk-behind", join({one, packed, text("JUNK")}));
    seeds.add("codec", name + "-cut", join({one, View(packed).first(packed.size() - 9)}));
    seeds.add("codec", name + "-zst-behind",
              join({one, packed, codec::compress(Method::kZstd, text("x"))}));
  }
  seeds.add("codec", "Lz4-empty", Blob{5, 1, 0, 2, 0x21, 0x4c, 0x18});
  seeds.add("codec", "Lz4-long-length", Blob{5, 1, 0, 2, 0x21, 0x4c, 0x18, 0x90, 0x80, 0x80, 0});
  seeds.add("codec", "Lzma-large-dictionary",
            Blob{4, 1, 0, 0x5d, 0, 0, 0, 0x07, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4});
}

void modules(Seeds& seeds) {
  const auto add = [&](const char* name, View module) { seeds.add("modinfo", name, module); };
  const Blob sound = support::elf_module({{"version", "2.2.6"}, {"vermagic", "6.1 SMP"}});
  add("sound", sound);
  add("count-in-first",
      support::elf_module({{"version", "1"}}, {.count_in_first = true, .text = {}}));
  add("no-modinfo", support::elf_module({{"a", "b"}}, {.section = ".other", .text = {}}));
  add("cut", View(sound).first(sound.size() - 70));
  add("odd-entries", support::elf_module({{"", ""}, {"a=", "=b"}, {"a", "c"}}));
}

void kernel_modules(Seeds& seeds) {
  const auto add = [&](const char* name, View module) { seeds.add("module", name, module); };
  const support::ModuleInfo info = {
      {"version", "2.2.6"}, {"depends", "a-b,c"},   {"softdep", "pre: x post: y"},
      {"weakdep", "w"},     {"firmware", "f.bin"},  {"alias", "pci:v*"},
      {"intree", "Y"},      {"vermagic", "6.1 SMP"}};
  const Blob sound = support::elf_module(info);
  add("sound", sound);
  add("wide-big", support::elf_module(info, {.big = true}));
  add("narrow", support::elf_module(info, {.narrow = true}));
  add("info-last", support::elf_module(info, {.info_last = true}));
  add("symbols", support::elf_module(info, {.exports = {"a"}, .needs = {"b"}}));
  add("signed", join({sound, support::module_signature()}));
  add("signed-by-key", join({sound, support::module_signature({.by_key = true})}));
  add("signed-old",
      join({sound, text("Old Key"), support::noise(22, 1),
            Blob{1, 4, 1, 7, 2, 0, 0, 0, 0, 0, 0, 20}, text("~Module signature appended~\n")}));
}

void indexes(Seeds& seeds) {
  // "ab" and "ac", then the pattern "a*".
  const Blob header = {0xb0, 0x07, 0xf4, 0x57, 0, 2, 0, 1};
  const Blob letters = {0xa0, 0, 0, 12, 'a', 0, 'b', 'c', 0x40, 0, 0, 24, 0x40, 0, 0, 36};
  const Blob values = {0, 0, 0, 1, 0, 0, 0, 0, 'o', 'n', 'e', 0,
                       0, 0, 0, 1, 0, 0, 0, 0, 't', 'w', 'o', 0};
  const Blob pattern = {0xc0, 0, 0, 12,  'a', '*', 0, 0, 0, 0,   2, 0,
                        0,    0, 5, 'x', 0,   0,   0, 0, 7, 'y', 0};
  for (const char* name : {"ab\n", "ac\n", "ad\n"}) {
    const std::string word(name, 2);
    seeds.add("index", "letters-" + word, join({text(name), header, letters, values}));
    seeds.add("index", "pattern-" + word, join({text(name), header, pattern}));
  }
  seeds.add("index", "circle",
            join({text("any\n"), header, Blob{0x20, 0, 0, 12, '*', '*', 0x20, 0, 0, 12}}));
}

}  // namespace
}  // namespace kip::fuzz

int main(int count, char** arguments) {
  if (count != 2) return 2;
  kip::fuzz::Seeds seeds(arguments[1]);
  kip::fuzz::intel(seeds);
  kip::fuzz::amd(seeds);
  kip::fuzz::archives(seeds);
  kip::fuzz::layouts(seeds);
  kip::fuzz::descriptions(seeds);
  kip::fuzz::texts(seeds);
  kip::fuzz::settings(seeds);
  kip::fuzz::streams(seeds);
  kip::fuzz::modules(seeds);
  kip::fuzz::kernel_modules(seeds);
  kip::fuzz::indexes(seeds);
  return 0;
}
