// The legacy text form: what counts as a dword, what as nothing, and where a mistake is.
#include <gtest/gtest.h>
#include <string>

#include "tests/support/intel_blob.h"
#include "ucode/intel_text.h"

namespace kip::ucode {
namespace {

using support::Blob;

struct Accepted {
  const char* name;
  std::string text;
  Blob bytes;
};

TEST(IntelText, TakesTheseForms) {
  const Accepted rows[] = {
      {"nothing", "", {}},
      {"blank lines", "\n \n\t\n\r\n", {}},
      {"comment", "/* 06-0f-02 */\n// another\n/ a third\n", {}},
      {"comment behind blanks", "  /* x */\n", {}},
      {"little-endian", "0x01020304,\n", {4, 3, 2, 1}},
      {"no comma behind the last", "0x00000001, 0x00000002", {1, 0, 0, 0, 2, 0, 0, 0}},
      {"no newline at the end", "0x00000001,", {1, 0, 0, 0}},
      {"carriage returns", "0x00000001,\r\n0x00000002,\r\n", {1, 0, 0, 0, 2, 0, 0, 0}},
      {"blanks around commas", "\t0x00000001\t, \v\f0x00000002 ,\n", {1, 0, 0, 0, 2, 0, 0, 0}},
      {"capital letters", "0XABCDEF01,", {0x01, 0xEF, 0xCD, 0xAB}},
      {"few digits", "0x1,", {1, 0, 0, 0}},
      {"leading zeros", "0x0000000000000001,", {1, 0, 0, 0}},
      {"five in a line", "0x1,0x2,0x3,0x4,0x5,", {1, 0, 0, 0, 2, 0, 0, 0, 3, 0,
                                                  0, 0, 4, 0, 0, 0, 5, 0, 0, 0}},
  };
  for (const Accepted& row : rows) {
    const auto bytes = intel_from_text(row.text);
    ASSERT_TRUE(bytes) << row.name << ": " << bytes.error().what;
    EXPECT_EQ(*bytes, row.bytes) << row.name;
  }
}

struct Refused {
  const char* name;
  std::string text;
  Errc code;
  std::uint64_t offset;
  const char* message;
};

TEST(IntelText, RefusesInTheseWords) {
  const std::string line = "0x00000001,\n";  // 12 bytes
  const auto corrupt = Errc::kCorrupt;
  const Refused rows[] = {
      {"I41 no hexadecimal", line + "  hello\n", corrupt, 14,
       "neither a hexadecimal dword nor a comment"},
      {"decimal", line + "17,\n", corrupt, 12, "neither a hexadecimal dword nor a comment"},
      {"comment behind a dword", "0x00000001, /* x */\n", corrupt, 12,
       "neither a hexadecimal dword nor a comment"},
      {"two commas", "0x00000001,,\n", corrupt, 11, "neither a hexadecimal dword nor a comment"},
      {"comma first", ",0x00000001\n", corrupt, 0, "neither a hexadecimal dword nor a comment"},
      {"no digits", line + "0x,\n", corrupt, 12, "no hexadecimal dword"},
      {"sign", line + "0x-1,\n", corrupt, 12, "no hexadecimal dword"},
      {"33 bits", line + "0x100000000,\n", corrupt, 12, "no hexadecimal dword"},
      {"no comma between", line + "0x00000001 0x00000002\n", corrupt, 23,
       "no comma behind a dword"},
      {"letter behind", line + "0x0000000g\n", corrupt, 21, "no comma behind a dword"},
      {"I41 NUL byte", line + std::string("0x\0001,\n", 6), corrupt, 14, "NUL byte in text"},
      {"NUL byte in a comment", std::string("/ \0\n", 4), corrupt, 2, "NUL byte in text"},
      {"line of 2049 bytes", line + "/" + std::string(2048, 'x') + "\n", Errc::kLimit, 12,
       "line is over 2048 bytes"},
  };
  for (const Refused& row : rows) {
    const auto bytes = intel_from_text(row.text);
    ASSERT_FALSE(bytes) << row.name;
    EXPECT_EQ(bytes.error().what, row.message) << row.name;
    EXPECT_EQ(bytes.error().code, row.code) << row.name;
    EXPECT_EQ(bytes.error().offset, row.offset) << row.name;
  }
}

TEST(IntelText, TakesALineOf2048Bytes) {
  EXPECT_TRUE(intel_from_text("/" + std::string(2047, 'x') + "\n0x1,"));
}

TEST(IntelText, GivesBackWhatWasWritten) {
  const Blob update = support::IntelBlob().old_form().bytes();
  EXPECT_EQ(intel_from_text(support::to_dat_text(update, "heading")).value(), update);
}

}  // namespace
}  // namespace kip::ucode
