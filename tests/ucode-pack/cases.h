// Edge cases as tables: what lies in the tree, what is asked, and everything the program then says.
//
// Each row is run several times: asked for its CPU, with and without an existing FILE; asked for a
// CPU that only a good update beside it serves, since one bad file must not hide the rest; and
// through `verify`.
#pragma once

#include <functional>
#include <gtest/gtest.h>
#include <ostream>
#include <string>
#include <vector>

#include "tests/ucode-pack/archive.h"
#include "tests/ucode-pack/scene.h"

namespace kip::ucode_pack_test {

struct Case {
  std::string name;
  std::function<void(const support::TempDir&)> make;  // fills `tree/`
  std::vector<std::string> ask;                       // --cpu and what else pack is told
  int code = 0;
  std::vector<std::string> complaints;  // of pack, every one in order, "error: …" or "warning: …"
  support::Blob intel;                  // GenuineIntel.bin to the byte; empty: no such member
  std::vector<support::Blob> patches;  // in AuthenticAMD.bin, in order
  std::vector<std::string> faults;     // what `verify tree` prints
};

void PrintTo(const Case& row, std::ostream* out);

/// The name of a row in the name of its test: letters and digits of Case::name.
std::string case_name(const testing::TestParamInfo<Case>& row);

/// One file in the tree.
std::function<void(const support::TempDir&)> file(std::string name, support::Blob bytes);

/// Runs a row on a program, in all its ways.
void run_case(const Case& row, const std::string& program);

/// The CPU that only the good update beside the case serves, and that update.
inline constexpr std::uint32_t kBesideSignature = 0x000B0671;
support::Blob beside();

}  // namespace kip::ucode_pack_test
