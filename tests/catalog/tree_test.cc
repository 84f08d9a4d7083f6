// What lies in firmware trees besides microcode, and in which order it is met.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/catalog/scanned.h"
#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"

namespace kip::catalog {
namespace {

using support::AmdBlob;
using support::AmdPatch;
using support::IntelBlob;

support::Blob update(std::uint32_t revision) {
  return IntelBlob().revision(revision).bytes();
}

std::string message_of(const Catalog& catalog) {
  return catalog.findings.empty() ? "" : catalog.findings[0].text;
}

TEST(Tree, IsReadByPathFilesBeforeDirectories) {
  const Tree tree;
  tree->write("b/2", update(5));
  tree->write("z", update(3));
  tree->write("a/1", update(4));
  tree->write("B", update(1));
  tree->write("b/a/1", update(6));
  tree->write("a.file", update(2));
  EXPECT_EQ(tree.entries(),
            (Lines{"B 0 0x1", "a.file 0 0x2", "z 0 0x3", "a/1 0 0x4", "b/2 0 0x5", "b/a/1 0 0x6"}));
}

TEST(Tree, CountsRegularFiles) {
  const Tree tree;
  tree->write("a", update(1));
  tree->write("d/foreign", "text");
  tree->fifo("pipe");
  EXPECT_EQ(tree.scan().files, 2u);
}

TEST(Tree, TakesATrailingSlash) {
  const Tree tree;
  tree->write("d/a", update(1));
  EXPECT_EQ(tree.entries("d//"), Lines{"d/a 0 0x1"});
}

TEST(Tree, IsEmptyWithoutComplaint) {
  const Tree tree;
  EXPECT_EQ(tree.findings(), Lines{});
}

TEST(Tree, FollowsLinksToFiles) {
  const Tree tree;
  const support::TempDir elsewhere;
  tree->link("link", elsewhere.write("file", update(1)));
  EXPECT_EQ(tree.entries(), Lines{"link 0 0x1"});
  EXPECT_EQ(tree.findings(), Lines{});
}

TEST(Tree, FollowsLinksToDirectories) {
  const Tree tree;
  const support::TempDir elsewhere;
  elsewhere.write("file", update(1));
  tree->link("link", elsewhere.path());
  EXPECT_EQ(tree.entries(), Lines{"link/file 0 0x1"});
}

TEST(Tree, StepsOverAFifo) {
  const Tree tree;
  tree->fifo("06-8f-08");
  tree->write("z", update(1));
  EXPECT_EQ(tree.findings(), Lines{"06-8f-08 file-kind"});
  EXPECT_EQ(tree.entries(), Lines{"z 0 0x1"});
}

TEST(Tree, StepsOverALinkToAFifo) {
  const Tree tree;
  const support::TempDir elsewhere;
  tree->link("link", elsewhere.fifo("pipe"));
  EXPECT_EQ(tree.findings(), Lines{"link file-kind"});
}

TEST(Tree, StepsOverASocket) {
  const Tree tree;
  tree->socket("s");
  EXPECT_EQ(tree.findings(), Lines{"s file-kind"});
}

TEST(Tree, StepsOverALinkToASocket) {
  const Tree tree;
  const support::TempDir elsewhere;
  tree->link("link", elsewhere.socket("s"));
  EXPECT_EQ(tree.findings(), Lines{"link file-kind"});
}

TEST(Tree, StepsOverALinkToADevice) {
  const Tree tree;
  tree->link("zero", "/dev/zero");
  EXPECT_EQ(tree.findings(), Lines{"zero file-kind"});
}

TEST(Tree, StepsOverADanglingLink) {
  const Tree tree;
  tree->link("06-8f-08", "nowhere");
  EXPECT_EQ(tree.findings(), Lines{"06-8f-08 file-dangling"});
  EXPECT_EQ(message_of(tree.scan()), "dangling symbolic link, skipping");
}

TEST(Tree, StepsOverALinkToItself) {
  const Tree tree;
  tree->link("loop", "loop");
  EXPECT_EQ(tree.findings(), Lines{"loop file-unreadable"});
  EXPECT_EQ(message_of(tree.scan()), "Too many levels of symbolic links, skipping");
}

TEST(Tree, StepsOverALinkToADirectoryAboveIt) {
  const Tree tree;
  tree->write("d/a", update(1));
  tree->link("d/d/up", "../..");
  EXPECT_EQ(tree.findings(), Lines{"d/d/up file-loop"});
  EXPECT_EQ(tree.entries(), Lines{"d/a 0 0x1"});
}

TEST(Tree, EntersADirectoryOnceForEveryLinkThatIsNoLoop) {
  const Tree tree;
  tree->write("d/a", update(1));
  tree->link("e", "d");
  EXPECT_EQ(tree.entries(), (Lines{"d/a 0 0x1", "e/a 0 0x1"}));
  EXPECT_EQ(tree.findings(), Lines{});
}

TEST(Tree, EndsInTheDepth) {
  const Tree tree;
  std::string path = "d";
  for (int level = 0; level < 80; ++level) path += "/d";
  tree->write(path + "/a", update(1));
  EXPECT_EQ(message_of(tree.scan()), "too many directories inside each other, skipping");
  EXPECT_EQ(tree.entries(), Lines{});
}

// A regular file that opens, and fails to be read at address 0: this process's own memory.
TEST(Tree, ReportsAFileThatCannotBeRead) {
  const Tree tree;
  tree->link("06-8f-08", "/proc/self/mem");
  tree->write("z", update(1));
  EXPECT_EQ(tree.findings(), Lines{"06-8f-08 file-unreadable"});
  EXPECT_EQ(message_of(tree.scan()), "Input/output error");
  EXPECT_EQ(tree.entries(), Lines{"z 0 0x1"});
}

// Permissions do not stop root, so a child asks that is not root (any more).
TEST(Tree, ReportsWhatItMayNotOpen) {
  constexpr uid_t kNobody = 65534;
  const Tree tree;
  tree->write("closed/a", update(1));
  tree->write("closed-file", update(1));
  tree->write("open", update(2));
  ASSERT_EQ(::chmod(tree->path().c_str(), 0755), 0);
  ASSERT_EQ(::chmod((*tree / "closed").c_str(), 0), 0);
  ASSERT_EQ(::chmod((*tree / "closed-file").c_str(), 0), 0);
  EXPECT_EXIT(
      {
        if (::chdir(tree->path().c_str()) != 0) ::_exit(3);
        if (::geteuid() == 0 && ::seteuid(kNobody) != 0) ::_exit(3);
        const Root root;
        Catalog catalog;
        must(Scanner(root, {}, catalog).add("."));
        EXPECT_EQ(entries_of(catalog, "."), Lines{"open 0 0x2"});
        EXPECT_EQ(findings_of(catalog, "."),
                  (Lines{"closed-file file-unreadable", "closed file-unreadable"}));
        ::_exit(testing::Test::HasFailure() ? 1 : 0);
      },
      testing::ExitedWithCode(0), "");
}

TEST(Tree, NamesWithNewlinesAreQuoted) {
  const Tree tree;
  tree->write("06-8f\n-08", IntelBlob().break_main_sum().bytes());
  const Catalog catalog = tree.scan(".", {.depth = ucode::Depth::kWhole});
  ASSERT_EQ(catalog.findings.size(), 1u);
  const std::string line = to_line(catalog.findings[0]);
  EXPECT_EQ(line.find('\n'), line.npos);
  EXPECT_NE(line.find("06-8f\\x0a-08"), line.npos) << line;
}

TEST(Tree, NamesInInvalidUtf8AreOpenedAsTheyAre) {
  const Tree tree;
  tree->write("M\xfcller \xff\xfe", update(7));
  const Catalog catalog = tree.scan();
  EXPECT_EQ(entries_of(catalog, tree->path()), Lines{"M\xfcller \xff\xfe 0 0x7"});
  const Root root;
  Scratch scratch;
  Loader loader(root, catalog, scratch);
  EXPECT_EQ(must(loader.load(0)).size(), 1024u);
}

TEST(Tree, OpensA4GiBHoleWithoutReadingIt) {
  const Tree tree;
  tree->sparse("holes", std::uint64_t{4} << 30);
  EXPECT_EQ(tree.findings(), Lines{});
}

TEST(Tree, ReportsA4GiBHoleThatIsNamedLikeMicrocode) {
  const Tree tree;
  tree->sparse("06-8f-08", std::uint64_t{4} << 30);
  EXPECT_EQ(tree.findings(), Lines{"06-8f-08 file-foreign"});
}

TEST(Tree, TakesAnUpdateInFrontOfAHoleOf4GiB) {
  for (const ucode::Depth depth : {ucode::Depth::kHeaders, ucode::Depth::kWhole}) {
    const Tree tree;
    tree->sparse("intel", std::uint64_t{4} << 30, update(1));
    tree->sparse("amd", (std::uint64_t{4} << 30) + 4096,
                 AmdBlob().zen(AmdPatch(0x0a0011d5)).bytes());
    const Catalog catalog = tree.scan(".", {.depth = depth});
    EXPECT_EQ(entries_of(catalog, tree->path()), (Lines{"amd 52 0xa0011d5", "intel 0 0x1"}));
    EXPECT_EQ(findings_of(catalog, tree->path()),
              (Lines{"amd amd-trailing", "intel intel-residue"}));
  }
}

TEST(Tree, ReportsAHeaderThatAnnouncesAHoleOf4GiB) {
  const Tree tree;
  tree->sparse("huge", std::uint64_t{4} << 30,
               IntelBlob().raw_data_size(0xffffff00).raw_total_size(0xfffffffc).bytes());
  EXPECT_EQ(tree.entries(), Lines{});
  EXPECT_LE(tree.findings().size(), 1u);
}

TEST(Scanner, FailsOnAPathThatIsMissing) {
  const Root root;
  Catalog catalog;
  const Tree tree;
  EXPECT_EQ(error_of(Scanner(root, {}, catalog).add(*tree / "missing")),
            "No such file or directory");
}

TEST(Scanner, FailsOnAPathThatIsNeitherFileNorDirectory) {
  const Root root;
  Catalog catalog;
  const Tree tree;
  for (const std::string& path : {tree->fifo("pipe"), std::string("/dev/null")}) {
    EXPECT_EQ(error_of(Scanner(root, {}, catalog).add(path)),
              "neither a regular file nor a directory")
        << path;
  }
}

TEST(Scanner, KeepsToItsRoot) {
  const support::TempDir directory;
  directory.write("root/lib/firmware/a", update(1));
  directory.write("outside/b", update(2));
  directory.link("root/lib/firmware/away", "../../../outside");
  const Root root = must(Root::at(directory / "root"));
  Catalog catalog;
  must(Scanner(root, {}, catalog).add("/lib/firmware"));
  EXPECT_EQ(entries_of(catalog, "/lib/firmware"), Lines{"a 0 0x1"});
  EXPECT_EQ(findings_of(catalog, "/lib/firmware"), Lines{"away file-dangling"});
}

std::string everything(const Catalog& catalog) {
  std::string text = std::to_string(catalog.files) + "\n";
  for (const std::string& line : entries_of(catalog, "")) text += line + "\n";
  for (const Finding& finding : catalog.findings) text += to_line(finding) + "\n";
  return text;
}

TEST(Scanner, MakesTheSameCatalogueWithAnyNumberOfThreads) {
  const Tree tree;
  for (unsigned i = 0; i < 400; ++i) {
    const std::string name = fmt::format("{}/{:03}", i % 3 == 0 ? "sub" : ".", i);
    if (i % 5 == 0) {
      tree->write(name, "foreign");
    } else if (i % 7 == 0) {
      tree->write(name, IntelBlob().revision(i).break_main_sum().bytes());
    } else if (i % 11 == 0) {
      tree->link(name, "nowhere");
    } else if (i % 13 == 0) {
      tree->link(fmt::format("link-{:03}", i), "sub");
    } else {
      tree->write(name, update(i + 1));
    }
  }
  const std::string one =
      everything(tree.scan(".", {.depth = ucode::Depth::kWhole, .digests = true, .threads = 1}));
  for (const unsigned threads : {2u, 4u, 16u}) {
    EXPECT_EQ(everything(tree.scan(
                  ".", {.depth = ucode::Depth::kWhole, .digests = true, .threads = threads})),
              one);
  }
}

TEST(Scanner, SaysHowFarItIsFromTheCallingThread) {
  static std::uint64_t last;
  last = 0;
  const Tree tree;
  for (unsigned i = 0; i < 100; ++i) tree->write(std::to_string(i), "foreign");
  tree.scan(".", {.progress = [](std::uint64_t files) { last = files; }});
  EXPECT_GT(last, 50u);
  EXPECT_LE(last, 100u);
}

}  // namespace
}  // namespace kip::catalog
