// The early search: equal to the re-telling in tests/support on every image, whatever it is.
#include <gtest/gtest.h>
#include <random>
#include <sys/mman.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/segments/finder.h"
#include "tests/base/must.h"
#include "tests/support/early_images.h"
#include "tests/support/kernel_finder.h"
#include "tests/support/newc_blob.h"

namespace kip::segments {
namespace {

using support::Blob;
using support::join;
using support::kAmdPath;
using support::kIntelPath;
using support::NewcBlob;
using support::text;
using support::zeros;

Search search(const Blob& image, std::string_view path = kIntelPath) {
  const Source source = [&](std::uint64_t offset) -> Result<std::unique_ptr<Input>> {
    return std::make_unique<MemoryInput>(Bytes(image).subspan(offset));
  };
  return must(find_early(source, image.size(), path));
}

std::optional<support::Extent> extent(const Search& search) {
  if (!search.found) return std::nullopt;
  return support::Extent{search.found->data_offset, search.found->size};
}

void expect_agreement(const Blob& image, const std::string& what) {
  for (const std::string_view path : {kIntelPath, kAmdPath, std::string_view("kernel/other")})
    ASSERT_EQ(extent(search(image, path)), support::find_early(image, path)) << what << path;
}

class FinderCatalogue : public testing::TestWithParam<support::EarlyImage> {};

TEST_P(FinderCatalogue, Agrees) {
  expect_agreement(GetParam().image, "");
}

TEST_P(FinderCatalogue, AgreesCutOffAtEveryByte) {
  const Blob& image = GetParam().image;
  for (std::size_t size = 0; size < image.size(); ++size) {
    const Blob cut(image.begin(), image.begin() + static_cast<std::ptrdiff_t>(size));
    ASSERT_EQ(extent(search(cut)), support::find_early(cut, kIntelPath)) << size;
  }
}

// Bytes changed, moved, left out and zeroed, several at once.
TEST_P(FinderCatalogue, AgreesOnRandomChanges) {
  std::mt19937 random(1);
  for (int round = 0; round < 400; ++round) {
    Blob image = GetParam().image;
    for (int change = round % 4; change >= 0 && image.size() > 8; --change) {
      const std::size_t at = random() % (image.size() - 4);
      const auto place = image.begin() + static_cast<std::ptrdiff_t>(at);
      switch (random() % 4) {
        case 0:
          *place = static_cast<std::uint8_t>("0123456789abcdefg\0"[random() % 18]);
          break;
        case 1:
          image.erase(place, place + 1 + static_cast<std::ptrdiff_t>(random() % 4));
          break;
        case 2:
          image.insert(place, 1 + random() % 600, std::uint8_t{0});
          break;
        default:
          std::fill(place, place + 4, std::uint8_t{0});
      }
    }
    expect_agreement(image, std::to_string(round) + " ");
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, FinderCatalogue, testing::ValuesIn(support::early_images()),
                         [](const auto& row) { return row.param.name; });

TEST(Finder, GivesTheMembersFacts) {
  const std::string backup = std::string(kIntelPath) + ".bak";
  const Blob image = NewcBlob().directory("kernel").link(backup, 3, text("DATA")).bytes();
  const Search found = search(image);
  ASSERT_TRUE(found.found);
  EXPECT_EQ(found.found->name, backup);
  EXPECT_EQ(found.found->member_offset, 120u);
  EXPECT_EQ(found.found->data_offset, 272u);
  EXPECT_EQ(found.found->size, 4u);
  EXPECT_EQ(found.found->links, 2u);
}

// Longer than any unpacker takes; the search does not mind.
TEST(Finder, FindsANameOfManyBytes) {
  const Blob image = NewcBlob().file(kIntelPath, text("DATA"), {.name_room = 70000}).bytes();
  EXPECT_EQ(extent(search(image)), support::find_early(image, kIntelPath));
  EXPECT_EQ(search(image).found->name, kIntelPath);
}

TEST(Finder, SaysWhyItWentNoFurther) {
  const Blob other = NewcBlob().file("other", text("DATA")).bytes();  // 244 bytes
  const Blob last =
      NewcBlob().file("last", text("12345"), {.pad_data = false}).trailer(false).bytes();
  const Blob bad = NewcBlob().file("n", {}, {.uid_text = "0000000g"}).bytes();
  const struct {
    const char* name;
    Blob image;
    Search::Stop stop;
    std::uint64_t end;
  } rows[] = {
      {"nothing", {}, Search::Stop::kEnd, 0},
      {"one archive", other, Search::Stop::kEnd, 244},
      {"zeros behind it", join({other, zeros(300)}), Search::Stop::kEnd, 436},
      {"compressed data", join({other, Blob{0x1f, 0x8b, 8, 0}, zeros(200)}),
       Search::Stop::kNoArchive, 244},
      {"an archive that is shifted", join({other, zeros(2), other}), Search::Stop::kNoArchive, 248},
      {"another format", join({text("070707"), zeros(200)}), Search::Stop::kNoArchive, 0},
      {"a field that is no number", join({other, bad}), Search::Stop::kBadField, 244},
      {"no final padding", join({other, last}), Search::Stop::kOverrun, 244},
  };
  for (const auto& row : rows) {
    const Search ended = search(row.image);
    EXPECT_FALSE(ended.found) << row.name;
    EXPECT_EQ(ended.stop, row.stop) << row.name;
    EXPECT_EQ(ended.end, row.end) << row.name;
  }
}

// A hole of 256 MiB: streamed, never held.
TEST(Finder, StepsOverALongRunOfZeros) {
  constexpr std::uint64_t kHole = std::uint64_t{1} << 28;
  const Blob image = NewcBlob().file(kIntelPath, text("DATA")).bytes();
  const Fd file(::memfd_create("image", MFD_CLOEXEC));
  ASSERT_EQ(::pwrite(file.get(), image.data(), image.size(), kHole),
            static_cast<ssize_t>(image.size()));
  const Source source = [&](std::uint64_t offset) -> Result<std::unique_ptr<Input>> {
    return std::make_unique<FileInput>(file.get(), offset);
  };
  const Search found = must(find_early(source, kHole + image.size(), kIntelPath));
  ASSERT_TRUE(found.found);
  EXPECT_EQ(found.found->member_offset, kHole);
}

TEST(Finder, SaysThatTheFileBecameShorter) {
  const Blob image = join({NewcBlob().file("other", text("DATA")).bytes(), zeros(64)});
  const Source source = [&](std::uint64_t offset) -> Result<std::unique_ptr<Input>> {
    return std::make_unique<MemoryInput>(
        Bytes(image).subspan(std::min<std::size_t>(offset, image.size())));
  };
  EXPECT_EQ(code_of(find_early(source, image.size() + 4000, kIntelPath)), Errc::kTruncated);
}

}  // namespace
}  // namespace kip::segments
