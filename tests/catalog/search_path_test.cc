// The kernel's firmware search path: which of several files of one name it would take.
#include <gtest/gtest.h>

#include "tests/catalog/scanned.h"
#include "tests/codec/compress.h"
#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"

namespace kip::catalog {
namespace {

using codec::compress;
using codec::Method;
using support::Blob;
using support::IntelBlob;

Blob update(std::uint32_t revision) {
  return IntelBlob().revision(revision).bytes();
}

class SearchPath : public testing::Test {
 protected:
  Lines entries(const std::vector<std::string>& directories) {
    std::vector<std::string> full;
    for (const std::string& name : directories) full.push_back(directory_ / name);
    Catalog catalog;
    Scanner(root_, {}, catalog).add_search_path(full);
    findings_ = findings_of(catalog, directory_.path());
    return entries_of(catalog, directory_.path());
  }

  support::TempDir directory_;
  Root root_;
  Lines findings_;
};

TEST_F(SearchPath, TakesBothVendorsDirectoriesAndNothingElse) {
  directory_.write("fw/intel-ucode/06-8f-08", update(1));
  directory_.write("fw/amd-ucode/microcode_amd.bin",
                   support::AmdBlob().zen(support::AmdPatch(0x0a0011d5)).bytes());
  directory_.write("fw/other/06-8f-08", update(2));
  directory_.write("fw/06-8f-08", update(3));
  EXPECT_EQ(entries({"fw"}), (Lines{"fw/intel-ucode/06-8f-08 0 0x1",
                                    "fw/amd-ucode/microcode_amd.bin 52 0xa0011d5"}));
}

TEST_F(SearchPath, MayBeMissing) {
  EXPECT_EQ(entries({"none", "neither"}), Lines{});
  EXPECT_EQ(findings_, Lines{});
}

TEST_F(SearchPath, PrefersTheEarlierDirectory) {
  directory_.write("updates/intel-ucode/a", update(1));
  directory_.write("fw/intel-ucode/a", update(2));
  directory_.write("fw/intel-ucode/b", update(3));
  EXPECT_EQ(entries({"updates", "fw"}),
            (Lines{"updates/intel-ucode/a 0 0x1", "fw/intel-ucode/b 0 0x3"}));
}

TEST_F(SearchPath, PrefersPlainToZstdToXzToGzip) {
  const std::vector<std::pair<std::string, Blob>> copies = {
      {"a", update(1)},
      {"a.zst", compress(Method::kZstd, update(2))},
      {"a.xz", compress(Method::kXz, update(3))},
      {"a.gz", compress(Method::kGzip, update(4))},
  };
  for (std::size_t missing = 0; missing < copies.size(); ++missing) {
    const support::TempDir directory;
    for (std::size_t i = missing; i < copies.size(); ++i)
      directory.write("intel-ucode/" + copies[i].first, copies[i].second);
    Catalog catalog;
    Scanner(root_, {}, catalog).add_search_path({directory.path()});
    EXPECT_EQ(entries_of(catalog, directory.path()),
              Lines{fmt::format("intel-ucode/{} 0 {:#x}", copies[missing].first, missing + 1)});
  }
}

// The suffix is the outer loop of the kernel's search.
TEST_F(SearchPath, PrefersPlainInTheLastDirectoryToZstdInTheFirst) {
  directory_.write("updates/intel-ucode/a.zst", compress(Method::kZstd, update(1)));
  directory_.write("fw/intel-ucode/a", update(2));
  EXPECT_EQ(entries({"updates", "fw"}), Lines{"fw/intel-ucode/a 0 0x2"});
}

TEST_F(SearchPath, PrefersZstdInTheLastDirectoryToXzInTheFirst) {
  directory_.write("updates/intel-ucode/a.xz", compress(Method::kXz, update(1)));
  directory_.write("fw/intel-ucode/a.zst", compress(Method::kZstd, update(2)));
  EXPECT_EQ(entries({"updates", "fw"}), Lines{"fw/intel-ucode/a.zst 0 0x2"});
}

TEST_F(SearchPath, MasksWithAFileThatIsBroken) {
  directory_.write("updates/intel-ucode/06-8f-08", "broken");
  directory_.write("fw/intel-ucode/06-8f-08", update(2));
  EXPECT_EQ(entries({"updates", "fw"}), Lines{});
  EXPECT_EQ(findings_, Lines{"updates/intel-ucode/06-8f-08 file-foreign"});
}

TEST_F(SearchPath, KeepsVendorsOfTheSameNameApart) {
  directory_.write("updates/intel-ucode/a", update(1));
  directory_.write("fw/amd-ucode/a", update(2));
  EXPECT_EQ(entries({"updates", "fw"}),
            (Lines{"updates/intel-ucode/a 0 0x1", "fw/amd-ucode/a 0 0x2"}));
}

TEST_F(SearchPath, DoesNotEnterDirectories) {
  directory_.write("fw/intel-ucode/sub/a", update(1));
  EXPECT_EQ(entries({"fw"}), Lines{});
  EXPECT_EQ(findings_, Lines{});
}

TEST_F(SearchPath, GoesFromUpdatesOfTheKernelDownToTheBareTree) {
  const std::string paths[] = {"lib/firmware/updates/6.12.1", "lib/firmware/updates",
                               "lib/firmware/6.12.1", "lib/firmware"};
  std::uint32_t revision = 0;
  for (const std::string& path : paths)
    directory_.write("root/" + path + "/intel-ucode/a", update(++revision));
  const Root root = must(Root::at(directory_ / "root"));
  for (std::uint32_t first = 1; first <= 4; ++first) {
    Catalog catalog;
    Scanner(root, {}, catalog).add_search_path(firmware_search_path("", "6.12.1"));
    EXPECT_EQ(entries_of(catalog, "/lib/firmware")[0].substr(
                  entries_of(catalog, "/lib/firmware")[0].rfind(' ')),
              fmt::format(" {:#x}", first));
    support::must_run({"rm", "-r", directory_ / ("root/" + paths[first - 1] + "/intel-ucode")});
  }
}

TEST(FirmwareSearchPath, IsTheKernelsOrder) {
  EXPECT_EQ(
      firmware_search_path("/srv/fw", "6.12.1"),
      (std::vector<std::string>{"/srv/fw", "/lib/firmware/updates/6.12.1", "/lib/firmware/updates",
                                "/lib/firmware/6.12.1", "/lib/firmware"}));
}

TEST(FirmwareSearchPath, LeavesOutWhatIsNotKnown) {
  EXPECT_EQ(firmware_search_path("", ""),
            (std::vector<std::string>{"/lib/firmware/updates", "/lib/firmware"}));
}

}  // namespace
}  // namespace kip::catalog
