// What is read from one module's file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/modules/signature.h"
#include "tests/base/must.h"
#include "tests/modules/workshop.h"
#include "tests/support/run_program.h"

namespace kip::modules {
namespace {

using support::elf_module;
using testing::ElementsAre;
using testing::IsEmpty;

Module read(const Workshop& shop, const std::string& path) {
  auto tree = shop.open();
  return must(tree.read(shop.file(path)));
}

TEST(Facts, AreThoseOfModinfo) {
  Workshop shop;
  shop.add("updates/e2e-top.ko", {{"version", "1.0.4"},
                                  {"srcversion", "4F6F"},
                                  {"depends", "thinkpad-ec,mc"},
                                  {"softdep", "pre: crc32c algo-x post: late"},
                                  {"softdep", "post: later"},
                                  {"weakdep", "w1 w2"},
                                  {"weakdep", "w3"},
                                  {"firmware", "e2e/blob.bin"},
                                  {"alias", "pci:v*"},
                                  {"alias", "e2e"},
                                  {"version", "2"}});
  const Module module = read(shop, "updates/e2e-top.ko");
  EXPECT_EQ(module.file.name, "e2e_top");
  EXPECT_FALSE(module.in_tree);
  EXPECT_EQ(module.version, "1.0.4");
  EXPECT_EQ(module.srcversion, "4F6F");
  EXPECT_EQ(module.vermagic, "6.1.0-test SMP preempt mod_unload");
  EXPECT_EQ(module.release(), kKernel);
  EXPECT_THAT(module.depends, ElementsAre("thinkpad_ec", "mc"));
  EXPECT_THAT(module.softdep_pre, ElementsAre("crc32c", "algo-x"));
  EXPECT_THAT(module.softdep_post, ElementsAre("late", "later"));
  EXPECT_THAT(module.weakdeps, ElementsAre("w1", "w2", "w3"));
  EXPECT_THAT(module.firmware, ElementsAre("e2e/blob.bin"));
  EXPECT_THAT(module.aliases, ElementsAre("pci:v*", "e2e"));
  EXPECT_EQ(module.signature, std::nullopt);
}

TEST(Facts, DependOnNothingIfTheListIsEmpty) {
  Workshop shop;
  shop.add("a.ko", {{"depends", ""}, {"softdep", ""}});
  EXPECT_THAT(read(shop, "a.ko").depends, IsEmpty());
  EXPECT_THAT(read(shop, "a.ko").softdep_pre, IsEmpty());
}

class EachCompression : public testing::TestWithParam<const char*> {};

// libkmod is built with some methods and not with others: Debian's reads no gzip.
TEST_P(EachCompression, IsRead) {
  Workshop shop;
  const std::string path = std::string("updates/a.ko") + GetParam();
  shop.add(path, {{"version", "3"}});
  EXPECT_EQ(read(shop, path).version, "3");
}

INSTANTIATE_TEST_SUITE_P(Suffix, EachCompression, testing::Values("", ".xz", ".zst", ".gz"));

TEST(Compression, GoesByContent) {
  Workshop shop;
  shop.add("updates/a.ko.xz", {{"version", "3"}});
  shop.write("updates/b.ko", support::read_file(shop.directory / shop.path("updates/a.ko.xz")));
  EXPECT_EQ(read(shop, "updates/b.ko").version, "3");
}

struct Kind {
  const char* name;
  support::ElfFields fields;
};

TEST(Facts, AreReadOfEveryWordSizeAndByteOrder) {
  for (const Kind& kind :
       {Kind{"64 little", {}}, Kind{"64 big", {.big = true}}, Kind{"32 little", {.narrow = true}},
        Kind{"32 big", {.narrow = true, .big = true}}}) {
    Workshop shop;
    shop.add("a.ko", {{"version", "3"}}, kind.fields);
    EXPECT_EQ(read(shop, "a.ko").version, "3") << kind.name;
  }
}

// A file that ends with its .modinfo, and with the page: libkmod looks one byte further.
TEST(Facts, AreReadUpToTheLastByteOfTheFile) {
  Workshop shop;
  support::ModuleInfo info = {{"version", "3"}, {"parm", ""}};
  const auto size = [&] { return elf_module(info, {.info_last = true}).size(); };
  info[1].second.assign(4096 - size() % 4096, 'x');
  ASSERT_EQ(size() % 4096, 0U);
  shop.write("a.ko", elf_module(info, {.info_last = true}));
  EXPECT_EQ(read(shop, "a.ko").version, "3");
}

Signature signature_of(const support::Blob& behind) {
  Workshop shop;
  shop.write("a.ko", support::join({elf_module({{"version", "3"}}), behind}));
  const Module module = read(shop, "a.ko");
  EXPECT_EQ(module.version, "3");
  return module.signature.value_or(Signature{"none", "", ""});
}

TEST(Signature, SaysWhoAndHow) {
  const Signature signature = signature_of(support::module_signature());
  EXPECT_EQ(signature.signer, "Example module key");
  EXPECT_EQ(signature.key, "1A:2B");
  EXPECT_EQ(signature.algorithm, "sha256");
}

TEST(Signature, IsWhatModinfoSays) {
  Workshop shop;
  shop.write("a.ko", support::join({elf_module({{"version", "3"}}),
                                    support::module_signature({.serial = {0, 0x9a, 3}})}));
  const Signature ours = *read(shop, "a.ko").signature;
  const auto theirs = [&](const char* field) {
    return support::must_run({"/sbin/modinfo", "-F", field, shop.directory / shop.path("a.ko")});
  };
  EXPECT_EQ(theirs("signer"), ours.signer + "\n");
  EXPECT_EQ(theirs("sig_key"), ours.key + "\n");
  EXPECT_EQ(theirs("sig_hashalgo"), ours.algorithm + "\n");
}

TEST(Signature, MayNameTheKeyAlone) {
  const Signature signature = signature_of(support::module_signature({.by_key = true}));
  EXPECT_EQ(signature.signer, "");
  EXPECT_EQ(signature.key, "1A:2B");
  EXPECT_EQ(signature.algorithm, "sha256");
}

TEST(Signature, KnowsTheDigestsOfNewKernels) {
  support::SignerFields fields;
  fields.digest.back() = 0x0a;
  EXPECT_EQ(signature_of(support::module_signature(fields)).algorithm, "sha3-512");
  fields.digest = {0x2a, 3};
  EXPECT_EQ(signature_of(support::module_signature(fields)).algorithm, "");
}

// [name][key][signature][trailer], as kernels before 4.3 had it.
TEST(Signature, OfTheOldKindHasItsNamesInFront) {
  const auto behind =
      support::join({support::text("Old Key"), support::Blob{0xab, 0xcd}, support::noise(20, 1),
                     support::Blob{1, 4, 1, 7, 2, 0, 0, 0, 0, 0, 0, 20},
                     support::text("~Module signature appended~\n")});
  const Signature signature = signature_of(behind);
  EXPECT_EQ(signature.signer, "Old Key");
  EXPECT_EQ(signature.key, "AB:CD");
  EXPECT_EQ(signature.algorithm, "sha256");
}

TEST(Signature, IsSeenBehindCompression) {
  Workshop shop;
  shop.write("a.ko", support::join({elf_module({{"version", "3"}}), support::module_signature()}));
  support::must_run({"xz", shop.directory / shop.path("a.ko")});
  EXPECT_EQ(read(shop, "a.ko.xz").signature->signer, "Example module key");
}

// Whatever its message is: that there is one is the fact, and what cannot be read stays empty.
TEST(Signature, StandsEveryMessage) {
  const support::Blob sound = support::module_signature();
  for (std::size_t i = 0; i < sound.size() - 40; ++i) {
    support::Blob broken = sound;
    for (const int value : {0x00, 0x30, 0x80, 0x84, 0xff}) {
      broken[i] = static_cast<std::uint8_t>(value);
      const auto parts = split_signature(broken);
      EXPECT_TRUE(parts && parts->signature && parts->elf.empty()) << i;
    }
  }
}

}  // namespace
}  // namespace kip::modules
