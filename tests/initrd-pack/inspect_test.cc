// inspect from outside: what is printed, and the exit code.
#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"
#include "tests/support/kernel_finder.h"
#include "tests/support/newc_blob.h"
#include "tests/support/pe_blob.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"

namespace kip::initrd_pack_test {
namespace {

using nlohmann::json;
using support::Blob;
using support::IntelBlob;
using support::join;
using support::NewcBlob;
using support::RunResult;
using support::text;
using support::zeros;

constexpr long kPeakLimitKib = 64 * 1024;

// A new process counts its parent's memory as its own until it has a program: a sanitized test has to
// start from something smaller.
constexpr const char* kMeasure = R"(
import os, sys
child = os.fork()
if child == 0:
    os.execv(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(child, 0)
sys.stderr.write(str(usage.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status))
)";

// This build's; or, where KIP_PROGRAMS names a directory, that one's.
std::string program() {
  const char* const more = std::getenv("KIP_PROGRAMS");
  if (more == nullptr || *more == '\0') return KIP_PROGRAM_DIR "/initrd-pack";
  return std::filesystem::absolute(more).string() + "/initrd-pack";
}

class Inspect : public testing::Test {
 protected:
  RunResult run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {program(), "inspect"});
    return support::run_program(arguments, {.cwd = dir_.path()});
  }

  support::TempDir dir_;
};

Blob early(support::View data) {
  return NewcBlob().file(support::kIntelPath, data, {.data_align = 16}).pad_to(512).bytes();
}

Blob main_archive() {
  return NewcBlob()
      .file("init", text("#!/bin/sh\n"))
      .directory("usr")
      .directory("usr/lib")
      .directory("usr/lib/modules")
      .directory("usr/lib/modules/6.12.1-amd64")
      .file("usr/lib/modules/6.12.1-amd64/x.ko.xz", text("module"))
      .symlink("lib", "usr/lib")
      .bytes();
}

Blob zstd(support::View plain) {
  return text(support::must_run({"zstd", "-c", "-q"}, {.input = support::to_string(plain)}));
}

TEST_F(Inspect, TellsSegmentsAndMicrocode) {
  dir_.write("image", join({early(IntelBlob().bytes()), main_archive()}));
  const RunResult told = run({"image"});
  EXPECT_EQ(told.exit_code, 0) << told.err;
  EXPECT_EQ(told.err, "");
  EXPECT_EQ(told.out,
            "  1 0x0               1308        1308  raw           1 file  microcode\n"
            "  2 0x600             1036        1036  raw          2 files  modules 6.12.1-amd64, "
            "main\n"
            "taken: 'kernel/x86/microcode/GenuineIntel.bin' in segment 1 at 0x0, 1 update\n"
            "    06-bf-02 0x000b06f2 pf 0x07, revision 0x0000003a of 2025-11-11\n");
}

TEST_F(Inspect, WarnsOfWhatIsLostAndAnswersByItsExitCode) {
  const Blob good = early(IntelBlob().bytes()), main = zstd(main_archive());
  dir_.write("stale", join({early(IntelBlob().revision(0x39).bytes()), good, main}));
  const RunResult stale = run({"stale"});
  EXPECT_EQ(stale.exit_code, 1);
  EXPECT_NE(stale.out.find("warning: early-shadowed: 'stale': offset 0x600: "), stale.out.npos)
      << stale.out;
  dir_.write("void", join({early(join({IntelBlob().bytes(), zeros(4)})), main}));
  const RunResult broken = run({"void"});
  EXPECT_EQ(broken.exit_code, 1);
  EXPECT_NE(broken.out.find("error: early-void: 'void': offset 0x4a0: "), broken.out.npos)
      << broken.out;
  EXPECT_NE(broken.out.find("\nvoid: 'kernel"), broken.out.npos);
}

TEST_F(Inspect, TellsNotesOnlyWhenAskedForMore) {
  const Blob good = early(IntelBlob().bytes());
  dir_.write("twice", join({good, good, main_archive()}));
  const RunResult brief = run({"twice"});
  EXPECT_EQ(brief.exit_code, 0) << brief.out;
  EXPECT_EQ(brief.out.find("note: "), brief.out.npos);
  EXPECT_EQ(brief.err, "");
  EXPECT_NE(run({"-v", "twice"}).err.find("note: early-shadowed"), std::string::npos);
  const RunResult more = run({"--as-kernel", "twice"});
  EXPECT_EQ(more.exit_code, 0);
  EXPECT_NE(more.out.find("note: early-shadowed"), more.out.npos);
  EXPECT_NE(more.out.find("loader, Intel: takes 'kernel/x86/microcode/GenuineIntel.bin' at 0x0"),
            more.out.npos);
  EXPECT_NE(more.out.find("loader, AMD: finds nothing; its search ends at "), more.out.npos);
}

TEST_F(Inspect, GoesByTheKernel) {
  dir_.write("summed", NewcBlob().file("init", text("x"), {.magic = "070702"}).bytes());
  EXPECT_EQ(run({"summed"}).exit_code, 1);
  EXPECT_EQ(run({"--kernel", "5.10.1", "summed"}).exit_code, 1);
  const RunResult newer = run({"--kernel", "6.12.1", "summed"});
  EXPECT_EQ(newer.exit_code, 0) << newer.out;
}

TEST_F(Inspect, SaysWhatACpuGets) {
  dir_.write("image", join({early(IntelBlob().bytes()), zstd(main_archive())}));
  const RunResult served = run({"--cpu", "0xb06f2,0x02", "--early", "image"});
  EXPECT_EQ(served.exit_code, 0) << served.out;
  EXPECT_NE(served.out.find("0xb06f2,0x02: pf 0x02 revision 0x0000003a of 2025-11-11: loads if the "
                            "BIOS left an older revision\n"),
            served.out.npos)
      << served.out;
  const RunResult other = run({"--cpu", "0xb06f2", "--cpu", "06-55-04", "image"});
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_NE(other.out.find("06-55-04: nothing: no update is for this CPU\n"), other.out.npos);
  EXPECT_EQ(run({"--cpu", "0xb06f2,,gt:0x3a", "image"}).exit_code, 1);
  EXPECT_EQ(run({"--cpu", "0xb06f2,,gt:0x39", "image"}).exit_code, 0);
  EXPECT_NE(run({"--cpu", "all", "image"}).out.find("06-bf-02 0x000b06f2: pf 0x07 revision"),
            std::string::npos);
}

// Behind the first compressed byte there may be anything.
TEST_F(Inspect, LooksAtTheFrontAloneIfThatIsAsked) {
  Blob image = join({early(IntelBlob().bytes()), zstd(main_archive())});
  for (std::size_t i = image.size() - 40; i < image.size(); ++i) image[i] ^= 0x5A;
  dir_.write("image", image);
  EXPECT_EQ(run({"image"}).exit_code, 1);
  const RunResult told = run({"--early", "image"});
  EXPECT_EQ(told.exit_code, 0) << told.out;
  EXPECT_NE(told.out.find("zstd"), told.out.npos);
}

TEST_F(Inspect, SaysTheSameAsJson) {
  dir_.write("image", join({early(join({IntelBlob().bytes(), zeros(4)})), main_archive()}));
  const RunResult told = run({"--json", "--cpu", "0xb06f2", "--kernel", "6.12.1", "image"});
  EXPECT_EQ(told.exit_code, 1);
  const json report = json::parse(told.out);
  EXPECT_EQ(report["schema"], 1);
  EXPECT_EQ(report["report"], "inspect");
  EXPECT_EQ(report["kernel"], "6.12.1");
  EXPECT_EQ(report["unified"], false);
  ASSERT_GE(report["segments"].size(), 2U);
  EXPECT_EQ(report["segments"][0]["number"], 1);
  EXPECT_EQ(report["segments"][0]["method"], "raw");
  EXPECT_EQ(report["segments"][0]["uses"], json::array({"microcode"}));
  ASSERT_EQ(report["microcode"].size(), 1U);
  EXPECT_EQ(report["microcode"][0]["standing"], "void");
  EXPECT_EQ(report["microcode"][0]["updates"][0]["revision"], "0x0000003a");
  EXPECT_EQ(report["microcode"][0]["updates"][0]["offset"], 0xa0);
  EXPECT_EQ(report["microcode"][0]["faults"][0]["rule"], "intel-residue");
  EXPECT_EQ(report["loaders"][0]["found"], true);
  EXPECT_EQ(report["loaders"][1]["found"], false);
  EXPECT_EQ(report["cpus"][0]["why"], "the file that the loader takes is void");
  ASSERT_EQ(report["findings"].size(), 1U);
  EXPECT_EQ(report["findings"][0]["rule"], "early-void");
  EXPECT_EQ(report["findings"][0]["offset"], 0x4a0);
}

// Places in a unified image name the section, and its own release is the target.
TEST_F(Inspect, ReadsAUnifiedImageAsTheKernelGetsIt) {
  const Blob good = early(IntelBlob().bytes());
  dir_.write("good.efi", support::PeBlob()
                             .section(".uname", text("6.12.1-amd64"))
                             .section(".initrd", main_archive())
                             .section(".ucode", good)
                             .bytes());
  const RunResult fine = run({"--cpu", "0xb06f2", "good.efi"});
  EXPECT_EQ(fine.exit_code, 0) << fine.out << fine.err;
  EXPECT_EQ(fine.out.find("section '.uname' at 0x"), 0U) << fine.out;
  EXPECT_NE(fine.out.find("kernel '6.12.1-amd64'\n"), fine.out.npos);
  EXPECT_NE(fine.out.find("  1 0x0 (.ucode at 0x"), fine.out.npos) << fine.out;
  EXPECT_EQ(json::parse(run({"--json", "good.efi"}).out)["kernel"], "6.12.1-amd64");

  dir_.write("late.efi",
             support::PeBlob()
                 .section(".initrd", join({zstd(main_archive()),
                                           zeros((4 - zstd(main_archive()).size() % 4) % 4), good}))
                 .bytes());
  const RunResult late = run({"--cpu", "0xb06f2", "late.efi"});
  EXPECT_EQ(late.exit_code, 1);
  EXPECT_NE(late.out.find("warning: early-unreachable: 'late.efi (.initrd)': offset 0x"),
            late.out.npos)
      << late.out;
  EXPECT_NE(late.out.find("0xb06f2: nothing: its microcode is where the loader does not find it\n"),
            late.out.npos);

  dir_.write("bare.efi", support::PeBlob().section(".linux", text("kernel")).bytes());
  EXPECT_EQ(run({"bare.efi"}).exit_code, 4);
}

TEST_F(Inspect, CallsAnImageThatCannotBootAnError) {
  const Blob main = NewcBlob().file("init", text("#!")).bytes();
  dir_.write("behind", join({NewcBlob().file("other", text("x")).bytes(), zeros(2), main}));
  dir_.write("zeros", zeros(64));
  const RunResult behind = run({"behind"});
  EXPECT_EQ(behind.exit_code, 1);
  EXPECT_NE(behind.out.find("error: segment-misaligned: "), std::string::npos) << behind.out;
  EXPECT_NE(behind.out.find("put 2 more zero bytes in front of it"), std::string::npos);
  EXPECT_NE(behind.out.find("error: unpack-init-lost: "), std::string::npos) << behind.out;
  const RunResult nothing = run({"zeros"});
  EXPECT_EQ(nothing.exit_code, 1);
  EXPECT_NE(nothing.out.find("error: image-empty: "), std::string::npos) << nothing.out;
}

TEST_F(Inspect, SaysThatOtherPlatformsGetNothing) {
  dir_.write("image", early(IntelBlob().bytes()));
  EXPECT_NE(run({"--cpu", "06-bf-02", "image"}).out.find("; on other platforms: nothing"),
            std::string::npos);
  dir_.write("all", early(IntelBlob().platform_flags(0xff).bytes()));
  EXPECT_EQ(run({"--cpu", "06-bf-02", "all"}).out.find("other platforms"), std::string::npos);
  EXPECT_EQ(run({"--cpu", "0xb06f2,0x01", "image"}).out.find("platforms"), std::string::npos);
}

TEST_F(Inspect, EndsWithFourOrTwoWhereThereIsNoAnswer) {
  EXPECT_EQ(run({"missing"}).exit_code, 4);
  EXPECT_EQ(run({"."}).exit_code, 4);
  EXPECT_EQ(run({}).exit_code, 2);
  dir_.write("image", main_archive());
  EXPECT_EQ(run({"--cpu", "rubbish", "image"}).exit_code, 2);
  EXPECT_EQ(run({"--early", "--as-kernel", "image"}).exit_code, 2);
}

// A gigabyte; with sanitizers, whose memory says nothing, less of it.
TEST_F(Inspect, TakesLittleMemoryOfALargeImage) {
  const Blob binary = support::read_file(program());
  const std::string_view bytes(reinterpret_cast<const char*>(binary.data()), binary.size());
  const bool plain = bytes.find("__asan_init") == bytes.npos;
  const std::uint32_t size = plain ? 0x40000000 : 0x1000000;
  const Blob head =
      NewcBlob().file("init", {}, {.filesize = size, .pad_data = false}).trailer(false).bytes();
  dir_.sparse("large", head.size() + size, head);
  const RunResult told = support::run_program(
      {"python3", "-I", "-S", "-c", kMeasure, program(), "inspect", "large"}, {.cwd = dir_.path()});
  EXPECT_EQ(told.exit_code, 0) << told.out << told.err;
  if (plain) {
    EXPECT_LT(std::stol(told.err), kPeakLimitKib);
  }
}

}  // namespace
}  // namespace kip::initrd_pack_test
