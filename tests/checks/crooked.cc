#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "src/segments/tee.h"
#include "tests/base/must.h"
#include "tests/checks/crooked.h"
#include "tests/support/kernel_amd.h"
#include "tests/support/kernel_intel.h"

namespace kip::checks {
namespace {

using support::Blob;
using support::View;
using ucode::Vendor;

std::string line_of(const Finding& finding) {
  constexpr const char* kSeverities[] = {"note", "warning", "error"};
  std::string line = fmt::format("{} {}@{:#x}", kSeverities[static_cast<int>(finding.severity)],
                                 finding.rule, finding.offset.value_or(0));
  if (!finding.kernels.empty()) line += " [" + finding.kernels + "]";
  return line;
}

// Notes are compared where the row lists them.
std::vector<std::string> lines_of(const Looked& looked, const std::vector<std::string>& expected) {
  std::vector<std::string> lines;
  for (const Finding& finding : looked.findings) {
    const std::string line = line_of(finding);
    const bool listed = std::find(expected.begin(), expected.end(), line) != expected.end();
    if (finding.severity != Severity::kNote || listed) lines.push_back(line);
  }
  return lines;
}

std::string_view path_of(Vendor vendor) {
  return vendor == Vendor::kIntel ? support::kIntelPath : support::kAmdPath;
}

void expect_found_as_kernel(const Looked& looked, View image, Vendor vendor) {
  const auto theirs = support::find_early(image, path_of(vendor));
  const auto& ours = looked.searches[static_cast<std::size_t>(vendor)].found;
  ASSERT_EQ(ours.has_value(), theirs.has_value()) << ucode::vendor_name(vendor);
  if (!theirs) return;
  EXPECT_EQ(ours->data_offset, theirs->offset);
  EXPECT_EQ(ours->size, theirs->size);
}

// On a kernel that asks for no digests.
std::uint32_t loaded(const Looked& looked, Vendor vendor) {
  const ucode::LoaderCpu cpu =
      vendor == Vendor::kIntel
          ? ucode::LoaderCpu{vendor, {kIntelCpu}, kIntelPlatform, 0}
          : ucode::LoaderCpu{vendor, {kAmdCpu}, 0, support::zen_lowest_revision(kAmdCpu)};
  const auto served =
      serve(looked.inventory, looked.searches, cpu, ucode::KernelVersion::parse("6.12.1"));
  EXPECT_EQ(served.size(), 1U);
  EXPECT_EQ(served.front().update.has_value(), served.front().why.empty());
  return served.front().update ? served.front().update->revision : 0;
}

std::uint32_t loaded_by_kernel(View image, Vendor vendor) {
  const auto member = support::find_early(image, path_of(vendor));
  if (!member) return 0;
  const View data = image.subspan(member->offset, member->size);
  if (vendor == Vendor::kIntel) {
    const auto pick = support::kernel_intel(data, kIntelCpu, kIntelPlatform, 0);
    return pick.picked ? pick.picked->revision : 0;
  }
  const auto pick = support::kernel_amd(data, kAmdCpu, support::zen_lowest_revision(kAmdCpu));
  return pick.candidate ? pick.candidate->revision : 0;
}

// What ends the unpacking; the others only some kernels stumble over, or nobody.
bool ends_unpacking(const Finding& finding) {
  constexpr std::string_view kRules[] = {segments::kRuleMisaligned, segments::kRuleUnknown,
                                         segments::kRuleArchive, segments::kRuleSum,
                                         segments::kRuleNameEnd};
  return std::find(std::begin(kRules), std::end(kRules), finding.rule) != std::end(kRules);
}

void expect_unpacked_as_kernel(const Looked& looked, View image) {
  const auto verdict = support::unpack_verdict(image);
  const bool ours =
      std::any_of(looked.findings.begin(), looked.findings.end(), [&](const Finding& finding) {
        const bool raw =
            !verdict.compressed_at || finding.offset.value_or(0) <= *verdict.compressed_at;
        return raw && ends_unpacking(finding);
      });
  EXPECT_EQ(ours, !verdict.error.empty() || verdict.ends_inside_member) << verdict.error;
}

}  // namespace

Looked look_at(View image) {
  Looked looked;
  image::InventoryTaker taker(looked.inventory);
  UnpackCheck unpack;
  segments::Tee both({&taker, &unpack});
  const segments::Source source = [&](std::uint64_t offset) -> Result<std::unique_ptr<Input>> {
    return std::make_unique<MemoryInput>(Bytes(image).subspan(offset));
  };
  must(segments::walk(source, {.beyond_faults = true}, both));
  taker.finish();
  looked.searches = must(search_early(source, image.size()));
  looked.findings = looked.inventory.faults;
  for (const auto& more : {check_early_load(looked.inventory, looked.searches), unpack.findings()})
    looked.findings.insert(looked.findings.end(), more.begin(), more.end());
  std::stable_sort(looked.findings.begin(), looked.findings.end(),
                   [](const Finding& a, const Finding& b) {
                     return a.offset.value_or(0) < b.offset.value_or(0);
                   });
  return looked;
}

void expect_crooked(const Crooked& row) {
  SCOPED_TRACE(row.name);
  const Looked looked = look_at(row.image);
  EXPECT_EQ(lines_of(looked, row.findings), row.findings);
  for (const Vendor vendor : {Vendor::kIntel, Vendor::kAmd})
    expect_found_as_kernel(looked, row.image, vendor);
  EXPECT_EQ(loaded(looked, Vendor::kIntel), row.intel);
  EXPECT_EQ(loaded_by_kernel(row.image, Vendor::kIntel), row.intel);
  EXPECT_EQ(loaded(looked, Vendor::kAmd), row.amd);
  EXPECT_EQ(loaded_by_kernel(row.image, Vendor::kAmd), row.amd);
  if (row.unpacker_agrees) expect_unpacked_as_kernel(looked, row.image);
}

std::string at(const char* severity_and_rule, std::size_t offset) {
  return fmt::format("{}@{:#x}", severity_and_rule, offset);
}

Blob intel(std::uint32_t revision) {
  return support::IntelBlob().revision(revision).bytes();
}

Blob amd(std::uint32_t revision) {
  return support::AmdBlob().zen(support::AmdPatch(revision)).bytes();
}

Blob early(View intel_data, const support::NewcFields& fields) {
  return support::NewcBlob()
      .directory("kernel")
      .directory("kernel/x86")
      .directory("kernel/x86/microcode")
      .file(support::kIntelPath, intel_data, fields)
      .pad_to(512)
      .bytes();
}

Blob main_archive() {
  return support::NewcBlob()
      .file("init", support::text("#!/bin/sh\n"))
      .directory("usr")
      .directory("usr/lib")
      .file("usr/lib/libc.so.6", support::text("libc"))
      .symlink("lib", "usr/lib")
      .pad_to(4)
      .bytes();
}

}  // namespace kip::checks
