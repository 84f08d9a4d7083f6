// What the tools make and Linux refuses.
#include <gtest/gtest.h>
#include <ostream>

#include "src/codec/kernel_fit.h"
#include "tests/codec/compress.h"

namespace kip::codec {
namespace {

using support::Blob;
using support::join;
using support::text;

struct Row {
  const char* name;
  Method method;
  Blob stream;
  std::optional<std::string> unfit = {};
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

class UnfitForKernel : public testing::TestWithParam<Row> {};

TEST_P(UnfitForKernel, GoesByTheFirstBytes) {
  const Row& row = GetParam();
  EXPECT_EQ(detect(row.stream), row.method);
  const Bytes head = Bytes(row.stream).first(std::min(row.stream.size(), Input::kPeek));
  EXPECT_EQ(unfit_for_kernel(row.method, head), row.unfit);
}

TEST_P(UnfitForKernel, SaysNothingOfTooFewBytes) {
  const Row& row = GetParam();
  bool told = false;
  for (std::size_t size = 0; size < std::min<std::size_t>(row.stream.size(), 32); ++size) {
    const auto unfit = unfit_for_kernel(row.method, Bytes(row.stream).first(size));
    ASSERT_TRUE(!unfit || unfit == row.unfit) << size;
    ASSERT_TRUE(!told || unfit) << size;
    told = unfit.has_value();
  }
}

Blob xz(const char* check) {
  return run_through({"xz", "-c", std::string("--check=") + check}, text("text"));
}

std::string xz_reason(const char* check) {
  return "its check is " + std::string(check) + "; kernels take xz --check=crc32 and --check=none";
}

Blob gzip_with_name() {
  const support::TempDir directory;
  return text(support::must_run({"gzip", "-c", "-N", directory.write("name", "text")}));
}

// A header with these flags, and what gzip wrote behind its own.
Blob gzip(std::uint8_t flags, const Blob& fields) {
  Blob stream = compress(Method::kGzip, text("text"));
  stream[3] = flags;
  stream.insert(stream.begin() + 10, fields.begin(), fields.end());
  return stream;
}

std::string gzip_reason(const char* field) {
  return std::string(field) + " in the gzip header; kernels step over nothing but a name";
}

Blob zstd(std::initializer_list<std::uint8_t> header) {
  return join({Blob{0x28, 0xb5, 0x2f, 0xfd}, Blob(header), Blob{1, 0, 0}});
}

Blob zstd_with_dictionary() {
  const support::TempDir directory;
  for (int i = 0; i < 64; ++i)
    directory.write("sample" + std::to_string(i),
                    "a sample of its own, number " + std::to_string(i * 7919) + ", and so on");
  const std::string dictionary = directory.write("dictionary", "");
  support::must_run(
      {"sh", "-c",
       "cd \"$1\" && zstd -q -f --train sample* -o dictionary --dictID=77 --maxdict=1024", "sh",
       directory.path()});
  return run_through({"zstd", "-q", "-c", "-D", dictionary}, text("text"));
}

std::vector<Row> rows() {
  constexpr Method kXz = Method::kXz, kGzip = Method::kGzip, kZstd = Method::kZstd;
  return {
      {"XzNone", kXz, xz("none")},
      {"XzCrc32", kXz, xz("crc32")},
      {"XzCrc64", kXz, xz("crc64"), xz_reason("CRC64")},
      {"XzSha256", kXz, xz("sha256"), xz_reason("SHA-256")},
      {"XzDefault", kXz, compress(kXz, text("text")), xz_reason("CRC64")},
      {"Gzip", kGzip, compress(kGzip, text("text"))},
      {"GzipName", kGzip, gzip_with_name()},
      {"GzipTextFlag", kGzip, gzip(0x01, {})},
      {"GzipComment", kGzip, gzip(0x10, text(std::string_view("why\0", 4))),
       gzip_reason("a comment")},
      {"GzipNameAndComment", kGzip, gzip(0x18, text(std::string_view("n\0why\0", 6))),
       gzip_reason("a comment")},
      {"GzipExtra", kGzip, gzip(0x04, {2, 0, 1, 2}), gzip_reason("an extra field")},
      {"GzipHeaderSum", kGzip, gzip(0x02, {1, 2}), gzip_reason("a checksum")},
      {"GzipMethod", kGzip, Blob{0x1f, 0x8b, 7, 0, 0, 0, 0, 0, 0, 0},
       "compression method 7; kernels know only deflate, method 8"},
      {"GzipOld", kGzip, Blob{0x1f, 0x9e, 8, 0},
       "the old gzip format, magic 1f 9e; kernels know only deflate"},
      {"Zstd", kZstd, compress(kZstd, text("text"))},
      {"ZstdUltra", kZstd, run_through({"zstd", "-q", "-c", "--ultra", "-22"}, text("text"))},
      {"ZstdLong27", kZstd, run_through({"zstd", "-q", "-c", "--long=27"}, text("text"))},
      {"ZstdLong28", kZstd, run_through({"zstd", "-q", "-c", "--ultra", "--long=28"}, text("text")),
       "a window of 256 MiB; kernels take 128 MiB"},
      {"ZstdWindowOf128MiB", kZstd, zstd({0x00, 17 << 3})},
      {"ZstdWindowOf144MiB", kZstd, zstd({0x00, 17 << 3 | 1}),
       "a window of 144 MiB; kernels take 128 MiB"},
      {"ZstdOneSegmentOf128MiB", kZstd, zstd({0xa0, 0, 0, 0, 8})},
      {"ZstdOneSegmentOf128MiBAndAByte", kZstd, zstd({0xa0, 1, 0, 0, 8}),
       "a window of 129 MiB; kernels take 128 MiB"},
      {"ZstdOneSegmentOf300Bytes", kZstd, zstd({0x60, 44, 0})},
      {"ZstdDictionary", kZstd, zstd_with_dictionary(),
       "needs dictionary 77, which kernels do not have"},
      {"ZstdDictionary0", kZstd, zstd({0x01, 0, 0})},
      {"ZstdOneSegmentWithDictionary", kZstd, zstd({0x23, 1, 0, 0, 1, 0}),
       "needs dictionary 16777217, which kernels do not have"},
      {"Bzip2", Method::kBzip2, compress(Method::kBzip2, text("text"))},
      {"Lzma", Method::kLzma, compress(Method::kLzma, text("text"))},
      {"Lz4", Method::kLz4Legacy, compress(Method::kLz4Legacy, text("text"))},
      {"Lzo", Method::kLzo, text("\x89LZO and so on")},
  };
}

INSTANTIATE_TEST_SUITE_P(Rows, UnfitForKernel, testing::ValuesIn(rows()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(KnownButUnread, NamesWhatToolsMake) {
  const support::TempDir directory;
  const std::string file = directory.write("file", "text");
  const auto named = [](Bytes bytes) { return std::string(known_but_unread(bytes)); };
  EXPECT_EQ(named(run_through({"lz4", "-q", "-c", "-"}, text("text"))),
            "an lz4 frame; kernels read only the legacy format (lz4 -l)");
  EXPECT_EQ(named(text(support::must_run({"tar", "-cf", "-", file}))), "a tar archive");
  EXPECT_EQ(named(run_through({"cpio", "-o", "-H", "odc", "--quiet"}, text(file + "\n"))),
            "a cpio archive in the old portable format; kernels read only newc (cpio -H newc)");
  EXPECT_EQ(named(run_through({"cpio", "-o", "-H", "bin", "--quiet"}, text(file + "\n"))),
            "a cpio archive in the old binary format; kernels read only newc (cpio -H newc)");
}

TEST(KnownButUnread, NamesMagics) {
  for (const Blob& magic : {Blob{0x50, 0x2a, 0x4d, 0x18}, Blob{0x5f, 0x2a, 0x4d, 0x18}})
    EXPECT_STREQ(known_but_unread(join({magic, Blob{1, 0, 0, 0, 9}})),
                 "a skippable zstd frame; kernels want the magic of zstd data first");
  EXPECT_STREQ(known_but_unread(text("PK\x03\x04 and so on")), "a zip archive");
  EXPECT_STREQ(known_but_unread(text("7z\xbc\xaf\x27\x1c")), "a 7z archive");
}

TEST(KnownButUnread, LeavesTheRest) {
  for (const Blob& head :
       {Blob{}, text("070701"), text("070702"), text("PK"), Blob{0x60, 0x2a, 0x4d, 0x18},
        support::zeros(512), support::noise(512, 1), compress(Method::kLz4Legacy, text("text")),
        compress(Method::kZstd, text("text"))})
    EXPECT_EQ(known_but_unread(head), nullptr);
}

}  // namespace
}  // namespace kip::codec
