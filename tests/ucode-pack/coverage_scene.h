// A fleet and a release for the tests of `coverage`: updates for two platforms of an Intel CPU, and patches of an AMD CPU on both
// sides of the EntrySign fix.
#pragma once

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"
#include "tests/ucode-pack/records.h"
#include "tests/ucode-pack/scene.h"

namespace kip::ucode_pack_test {

inline const std::string kNew = "0x0000003a", kOld = "0x00000039";

inline support::Blob intel(std::uint32_t signature, std::uint32_t flags, std::uint32_t revision,
                           std::uint32_t seed = 1) {
  return support::IntelBlob()
      .signature(signature)
      .platform_flags(flags)
      .revision(revision)
      .seed(seed)
      .bytes();
}

class Fleet : public Scene {
 public:
  explicit Fleet(const std::string& program = quick_program()) : Scene(program) {
    dir().write("tree/06-bf-02",
                support::join({intel(0xB06F2, 0x07, 0x3A), intel(0xB06F2, 0x10, 0x3A, 4)}));
    dir().write("tree/amd.bin", support::AmdBlob()
                                    .zen(support::AmdPatch(0x0A0011D5))
                                    .zen(support::AmdPatch(0x0A0011DE))
                                    .bytes());
  }

  void write(const std::vector<MadeCpu>& cpus, int indent = -1) const {
    std::string text;
    for (const MadeCpu& cpu : cpus) text += record_of(cpu).dump(indent) + "\n";
    dir().write("fleet", text);
  }

  [[nodiscard]] Told ask(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"coverage", "--cpu", "@fleet", "--firmware", "tree"});
    return run(more);
  }

  [[nodiscard]] nlohmann::json report(std::vector<std::string> more = {}, int code = 0) const {
    more.emplace_back("--json");
    const Told told = ask(more);
    EXPECT_EQ(told.code, code) << told.err;
    return nlohmann::json::parse(told.out);
  }
};

inline const MadeCpu kBehind = {0xB06F2, 0x01, 0x20}, kCurrent = {0xB06F2, 0x01, 0x3A},
                     kAhead = {0xB06F2, 0x01, 0x3B}, kOther = {0xB06F2, 0x10, 0x20},
                     kNobody = {0x000906E9, 0x02, 0x5};

}  // namespace kip::ucode_pack_test
