// Where an initrd is in a file. Unified images are built; that real ones are read too is shown by
// tests/boot and tests/install.
#include <gtest/gtest.h>
#include <ostream>
#include <sys/mman.h>

#include "src/base/file.h"
#include "src/base/sink.h"
#include "src/segments/layout.h"
#include "tests/segments/log.h"
#include "tests/support/pe_blob.h"

namespace kip::segments {
namespace {

using support::Blob;
using support::join;
using support::NewcBlob;
using support::noise;
using support::PeBlob;
using support::text;
using support::zeros;

class LayoutTest : public testing::Test {
 protected:
  Result<Layout> layout(const Blob& bytes) {
    file_ = Fd(::memfd_create("image", MFD_CLOEXEC));
    must(DescriptorSink(file_.get()).write(bytes));
    return read_layout(file_.get());
  }
  Blob given(const Layout& layout, std::uint64_t offset = 0) {
    const auto in = must(layout.source(file_.get())(offset));
    return must(read_rest(*in, 1 << 24));
  }
  std::string release(std::string_view section) {
    return must(layout(PeBlob().section(".uname", text(section)).section(".initrd", kMain).bytes()))
        .uname.value_or("none");
  }

  const Blob kEarly = noise(1022, 1), kMain = noise(70001, 2), kLinux = noise(3000, 3);
  Fd file_;
};

TEST_F(LayoutTest, TakesAPlainImageAsItIs) {
  const Layout plain = must(layout(kMain));
  EXPECT_FALSE(plain.unified);
  EXPECT_EQ(plain.size, kMain.size());
  ASSERT_EQ(plain.initrds.size(), 1u);
  EXPECT_EQ(given(plain), kMain);
  EXPECT_EQ(plain.place(5000).offset, 5000u);
  EXPECT_EQ(plain.place(5000).section, "");
}

TEST_F(LayoutTest, TakesAnEmptyFile) {
  const Layout plain = must(layout({}));
  EXPECT_EQ(plain.size, 0u);
  EXPECT_EQ(given(plain), Blob{});
}

TEST_F(LayoutTest, TakesAFileThatOnlyBeginsLikeAProgram) {
  for (const char* const bytes :
       {"MZ", "MZ and something that is long enough for a header of a program"}) {
    EXPECT_FALSE(must(layout(text(bytes))).unified);
  }
}

// In whatever order the file has them.
TEST_F(LayoutTest, PutsMicrocodeInFrontOfTheInitrdEachPaddedTo4) {
  const Blob image = PeBlob()
                         .section(".linux", kLinux)
                         .section(".initrd", kMain)
                         .section(".ucode", kEarly)
                         .bytes();
  const Layout unified = must(layout(image));
  EXPECT_TRUE(unified.unified);
  const Blob whole = join({kEarly, zeros(2), kMain, zeros(3)});
  EXPECT_EQ(given(unified), whole);
  EXPECT_EQ(unified.size, whole.size());
  ASSERT_EQ(unified.initrds.size(), 2u);
  EXPECT_EQ(unified.initrds[0].name, ".ucode");
  EXPECT_EQ(unified.initrds[1].name, ".initrd");
  for (const std::size_t offset : {1u, 1021u, 1022u, 1023u, 1024u, 1025u, 71024u, 71025u, 71027u}) {
    EXPECT_EQ(given(unified, offset),
              Blob(whole.begin() + static_cast<std::ptrdiff_t>(offset), whole.end()))
        << offset;
  }
}

TEST_F(LayoutTest, IsWalkedAsOneImage) {
  const Blob early = NewcBlob().file("early", text("1")).pad_to(512).bytes();
  const Blob main = join({NewcBlob().file("main", text("2")).bytes(), zeros(100)});
  const Layout unified = must(
      layout(PeBlob().section(".initrd", join({main, main})).section(".ucode", early).bytes()));
  Log log;
  must(walk(unified.source(file_.get()), {}, log));
  EXPECT_EQ(log.lines, walked(join({early, main, main})).lines);
}

TEST_F(LayoutTest, OutlivesTheVariable) {
  auto unified = std::make_unique<Layout>(must(layout(PeBlob().section(".initrd", kMain).bytes())));
  const Source source = unified->source(file_.get());
  unified.reset();
  EXPECT_EQ(must(read_rest(*must(source(0)), 1 << 24)), join({kMain, zeros(3)}));
}

TEST_F(LayoutTest, SaysWhereEachByteIs) {
  const Blob image = PeBlob()
                         .section(".ucode", kEarly)
                         .section(".osrel", kLinux)
                         .section(".initrd", kMain)
                         .bytes();
  const Layout unified = must(layout(image));
  const Blob whole = given(unified);
  for (const std::uint64_t offset : {0u, 1021u, 1024u, 50000u, 71024u}) {
    const Place place = unified.place(offset);
    EXPECT_EQ(image.at(place.offset), whole.at(offset)) << offset;
    EXPECT_EQ(place.section, offset < 1024 ? ".ucode" : ".initrd");
  }
  EXPECT_EQ(unified.place(1023).offset, unified.initrds[0].offset + 1022);
  EXPECT_EQ(unified.place(1023).section, ".ucode");
}

TEST_F(LayoutTest, ListsAllSectionsInTheFilesOrder) {
  const Layout unified = must(layout(PeBlob()
                                         .section(".sbat", kEarly)
                                         .section(".eight678", {})
                                         .section(".initrd", kMain)
                                         .bytes()));
  ASSERT_EQ(unified.sections.size(), 3u);
  EXPECT_EQ(unified.sections[0].name, ".sbat");
  EXPECT_EQ(unified.sections[0].size, 1022u);
  EXPECT_EQ(unified.sections[2].name, ".initrd");
}

// objcopy and ukify say in the table what the data has in memory; the file's padding is none of it.
TEST_F(LayoutTest, TakesTheSmallerOfTheTwoSizes) {
  const Blob shorter = PeBlob().section(".initrd", kMain, {.memory_size = 1000}).bytes();
  EXPECT_EQ(given(must(layout(shorter))), Blob(kMain.begin(), kMain.begin() + 1000));
  const Blob longer =
      PeBlob().section(".initrd", kMain, {.memory_size = 0x20000, .file_size = 2000}).bytes();
  EXPECT_EQ(given(must(layout(longer))), Blob(kMain.begin(), kMain.begin() + 2000));
}

// Further profiles have further sections of a name.
TEST_F(LayoutTest, TakesTheFirstSectionOfAName) {
  const Blob image = PeBlob()
                         .section(".initrd", kMain)
                         .section(".profile", text("ID=other"))
                         .section(".initrd", kEarly)
                         .bytes();
  EXPECT_EQ(must(layout(image)).size, 70004u);
}

TEST_F(LayoutTest, ReadsTheKernelsRelease) {
  EXPECT_EQ(release("6.12.9-amd64"), "6.12.9-amd64");
  EXPECT_EQ(release(" 6.12.9-amd64\n"), "6.12.9-amd64");
  EXPECT_EQ(release(std::string_view("6.12.9\0\0\0", 9)), "6.12.9");
  EXPECT_EQ(release(""), "none");
  EXPECT_EQ(release("\n"), "none");
  EXPECT_EQ(release("../../etc"), "none");
  EXPECT_EQ(release("6.12 \x1b[2J"), "none");
  EXPECT_EQ(release(std::string(300, '6')), "none");
}

struct RefusedRow {
  const char* name;
  Blob image;
  Errc code;
  std::string message;
};

void PrintTo(const RefusedRow& row, std::ostream* out) {
  *out << row.name;
}

std::vector<RefusedRow> refused_rows() {
  const Blob some = noise(100, 1);
  const Blob uki = PeBlob().section(".initrd", some).bytes();
  const auto with = [&](const support::PeFields& fields) {
    return PeBlob().section(".initrd", some, fields).bytes();
  };
  const std::string beyond = "section '.initrd' of the PE program reaches beyond the file";
  const std::string cut = "the PE program ends in its section table";
  return {
      {"Kernel", PeBlob().section(".text", some).put(0x202, "HdrS").bytes(), Errc::kUnsupported,
       "is a kernel without an initrd in it"},
      {"KernelForArm", PeBlob().section(".text", some).put(0x38, "ARM\x64").bytes(),
       Errc::kUnsupported, "is a kernel without an initrd in it"},
      {"BootLoader", PeBlob().section(".text", some).section(".sdmagic", some).bytes(),
       Errc::kUnsupported, "is an EFI program without an initrd in it"},
      {"UkiWithoutInitrd", PeBlob().section(".linux", some).bytes(), Errc::kUnsupported,
       "is a unified kernel image without an initrd in it"},
      {"UkiWithAnEmptyOne", PeBlob().section(".linux", some).section(".initrd", {}).bytes(),
       Errc::kUnsupported, "is a unified kernel image without an initrd in it"},
      {"NoSections", PeBlob().bytes(), Errc::kUnsupported,
       "is an EFI program without an initrd in it"},
      {"DataBeyondTheFile", with({.memory_size = 513, .file_size = 513}), Errc::kCorrupt, beyond},
      {"OffsetBeyondTheFile", with({.file_offset = 0xffffff00}), Errc::kCorrupt, beyond},
      {"SizesLargest", with({.memory_size = 0xffffffff, .file_size = 0xffffffff}), Errc::kCorrupt,
       beyond},
      {"CutInTheTable", Blob(uki.begin(), uki.begin() + 0x80 + 24 + 112 + 39), Errc::kTruncated,
       cut},
      {"CutInTheHeader", Blob(uki.begin(), uki.begin() + 0x80 + 20), Errc::kTruncated, cut},
  };
}

class LayoutRefused : public LayoutTest, public testing::WithParamInterface<RefusedRow> {};

TEST_P(LayoutRefused, SaysWhy) {
  const auto refused = layout(GetParam().image);
  EXPECT_EQ(error_of(refused), GetParam().message);
  EXPECT_EQ(code_of(refused), GetParam().code);
}

INSTANTIATE_TEST_SUITE_P(Rows, LayoutRefused, testing::ValuesIn(refused_rows()),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace kip::segments
