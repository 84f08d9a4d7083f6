// Vectors: FIPS 180-2, appendix B, and NIST's examples for the empty and the 448-bit message.
#include <gtest/gtest.h>
#include <ostream>
#include <string>
#include <vector>

#include "src/digest/sha256.h"
#include "tests/base/must.h"

namespace kip::digest {
namespace {

struct Vector {
  const char* name;
  std::string message;
  const char* digest;
};

void PrintTo(const Vector& vector, std::ostream* out) {
  *out << vector.name;
}

const std::vector<Vector> kVectors = {
    {"Empty", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"OneBlock", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"TwoBlocks", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"ManyBlocks", std::string(1000000, 'a'),
     "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
};

class Sha256Vector : public testing::TestWithParam<Vector> {};

TEST_P(Sha256Vector, GivesThePublishedDigest) {
  EXPECT_EQ(to_hex(must(sha256(as_bytes(GetParam().message)))), GetParam().digest);
}

TEST_P(Sha256Vector, GivesItInPiecesToo) {
  Hasher hasher = must(Hasher::make());
  for (int again = 0; again < 2; ++again) {
    hasher.begin();
    for (std::size_t at = 0; at < GetParam().message.size(); at += 1001)
      hasher.add(as_bytes(std::string_view(GetParam().message).substr(at, 1001)));
    EXPECT_EQ(to_hex(hasher.finish()), GetParam().digest);
  }
}

INSTANTIATE_TEST_SUITE_P(Fips, Sha256Vector, testing::ValuesIn(kVectors),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(ToHex, WritesLeadingZeros) {
  Sha256 digest{};
  digest[31] = 0x0a;
  EXPECT_EQ(to_hex(digest), std::string(62, '0') + "0a");
}

}  // namespace
}  // namespace kip::digest
