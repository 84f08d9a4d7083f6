#include <fmt/format.h>
#include <gtest/gtest.h>
#include <set>

#include "tests/support/kernel_amd.h"
#include "tests/support/kernel_finder.h"
#include "tests/support/kernel_intel.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"
#include "tests/ucode-pack/archive.h"

namespace kip::ucode_pack_test {
namespace {

using support::Blob;
using support::KernelRules;
using support::View;

/// Members above this size are not scanned once for every CPU in them: it would take minutes.
constexpr std::size_t kScanLimit = 1024 * 1024;

Blob member(View archive, std::string_view path) {
  const auto found = support::find_early(archive, path);
  if (!found) return {};
  EXPECT_EQ(found->offset % 16, 0U) << path;
  EXPECT_NE(found->size, 0U) << path;
  const View data = archive.subspan(found->offset, found->size);
  return {data.begin(), data.end()};
}

void check_unpackers(const std::string& path, View archive, const Members& members) {
  std::set<std::string> expected = {"kernel", "kernel/x86", "kernel/x86/microcode"};
  if (!members.intel.empty()) expected.emplace(support::kIntelPath);
  if (!members.amd.empty()) expected.emplace(support::kAmdPath);
  const auto verdict = support::unpack_verdict(archive);
  EXPECT_EQ(verdict.error, "");
  EXPECT_FALSE(verdict.ends_inside_member);
  std::set<std::string> names;
  for (const auto& file : verdict.files) names.insert(file.name);
  EXPECT_EQ(names, expected);

  const support::TempDir unpacked;
  support::must_run({"sh", "-c", "exec cpio -i -d --quiet <\"$0\"", path},
                    {.input = {}, .cwd = unpacked.path(), .env = {}});
  for (const auto& [name, bytes] : {std::pair(support::kIntelPath, &members.intel),
                                    std::pair(support::kAmdPath, &members.amd)}) {
    if (bytes->empty()) {
      EXPECT_FALSE(support::exists(unpacked / name)) << name;
    } else {
      EXPECT_TRUE(support::read_file(unpacked / name) == *bytes) << "GNU cpio disagrees: " << name;
    }
  }
}

void check_loadable(View intel, View update) {
  const std::uint32_t signature = support::get32(update, 0x0C);
  const std::uint32_t flags = support::get32(update, 0x18);
  bool picked = flags == 0 && !intel_choice(intel, signature, 0).empty();
  for (std::uint32_t bit = 1; bit != 0; bit <<= 1) {
    if ((flags & bit) == 0) continue;
    const Blob choice = intel_choice(intel, signature, bit);
    EXPECT_FALSE(choice.empty());
    picked = picked || !choice.empty();
  }
  EXPECT_TRUE(picked) << fmt::format("nothing to load for {:#x}", signature);
}

void check_intel(View intel) {
  const auto scan = support::kernel_intel(intel, 0, 1, 0);
  EXPECT_EQ(scan.fault, support::IntelFault::kNone)
      << support::to_string(scan.fault) << " at " << scan.fault_offset;
  if (scan.fault != support::IntelFault::kNone) return;
  std::size_t at = 0;
  for (const Blob& update : updates_of(intel)) {
    EXPECT_EQ(at % 16, 0U) << "an update that is not aligned, as the member is";
    at += update.size();
  }
  if (intel.size() > kScanLimit) return;
  for (const Blob& update : updates_of(intel)) check_loadable(intel, update);
}

void check_amd(View amd) {
  std::size_t at = 0;
  while (at < amd.size()) {
    ASSERT_EQ(support::get32(amd, at), 0x00414D44U) << "no container at " << at;
    ASSERT_EQ(support::get32(amd, at + 4), 0U);
    const std::size_t table = support::get32(amd, at + 8);
    ASSERT_EQ(table % 16, 0U);
    const View entries = amd.subspan(at + 12, table);
    for (std::size_t i = 0; i + 16 < table; i += 16) {
      const std::uint32_t cpuid = support::get32(entries, i);
      for (const KernelRules& rules : {KernelRules::linux_6_1(), KernelRules::linux_6_12_60()}) {
        EXPECT_FALSE(amd_choice(amd, cpuid, 0, rules).empty()) << fmt::format("{:#x}", cpuid);
      }
    }
    EXPECT_EQ(support::sum32(entries.last(16)), 0U) << "the table is not closed by a zero entry";
    at += 12 + table;
    while (at < amd.size() && support::get32(amd, at) == 1) at += 8 + support::get32(amd, at + 4);
  }
}

}  // namespace

Members check_archive(const std::string& path) {
  const Blob archive = support::read_file(path);
  EXPECT_EQ(archive.size() % 512, 0U);
  const Members members = {member(archive, support::kIntelPath),
                           member(archive, support::kAmdPath)};
  EXPECT_FALSE(members.intel.empty() && members.amd.empty());
  check_unpackers(path, archive, members);
  if (!members.intel.empty()) check_intel(members.intel);
  if (!members.amd.empty()) check_amd(members.amd);
  return members;
}

std::vector<Blob> updates_of(View intel) {
  std::vector<Blob> updates;
  while (intel.size() >= 48) {
    const std::size_t stored = support::get32(intel, 0x1C);
    const std::size_t size = stored != 0 ? support::get32(intel, 0x20) : 2048;
    if (size == 0 || size > intel.size()) break;
    updates.emplace_back(intel.begin(), intel.begin() + static_cast<std::ptrdiff_t>(size));
    intel = intel.subspan(size);
  }
  return updates;
}

std::vector<Blob> patches_of(View amd) {
  std::vector<Blob> patches;
  std::size_t at = 0;
  while (at < amd.size()) {
    if (support::get32(amd, at) == 0x00414D44) {
      at += 12 + support::get32(amd, at + 8);
      continue;
    }
    const std::size_t size = support::get32(amd, at + 4);
    const View patch = amd.subspan(at + 8, size);
    patches.emplace_back(patch.begin(), patch.end());
    at += 8 + size;
  }
  return patches;
}

Blob amd_choice(View amd, std::uint32_t cpuid, std::uint32_t current_revision,
                const KernelRules& rules) {
  const auto pick = support::kernel_amd(amd, cpuid, current_revision, rules);
  if (!pick.candidate || pick.outcome == support::AmdOutcome::kNotNewer) return {};
  const View patch = amd.subspan(pick.candidate->offset, pick.candidate->size);
  return {patch.begin(), patch.end()};
}

Blob intel_choice(View intel, std::uint32_t signature, std::uint32_t flags,
                  std::uint32_t current_revision) {
  const auto pick = support::kernel_intel(intel, signature, flags, current_revision);
  if (!pick.picked) return {};
  const View update = intel.subspan(pick.picked->offset, pick.picked->size);
  return {update.begin(), update.end()};
}

}  // namespace kip::ucode_pack_test
