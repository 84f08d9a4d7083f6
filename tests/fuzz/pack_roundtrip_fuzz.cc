// From firmware files to the archive, as ucode-pack does it. Input: bytes that choose what updates
// the files hold, and for which CPUs to pack.
//
// What was chosen is written and reads back; the kernel's loader then takes, on every CPU asked
// for, the newest sound update that there was for it, and nothing where there was none.
#include <algorithm>

#include "src/base/sink.h"
#include "src/image/early.h"
#include "tests/fuzz/firmware.h"
#include "tests/fuzz/memory_file.h"
#include "tests/support/amd_blob.h"
#include "tests/support/kernel_amd.h"
#include "tests/support/kernel_finder.h"
#include "tests/support/kernel_intel.h"

namespace kip::fuzz {
namespace {

support::View member(const support::Blob& archive, std::string_view path) {
  const auto found = support::find_early(archive, path);
  if (!found) return {};
  require(found->offset % 16 == 0, "updates are aligned");
  return support::View(archive).subspan(found->offset, found->size);
}

void require_intel(const Firmware& firmware, support::View stream, const Cpu& cpu) {
  const auto best = firmware.best_intel(cpu);
  const auto pick = support::kernel_intel(stream, cpu.signature, cpu.platform_flags, 0);
  require(pick.fault == support::IntelFault::kNone, "the kernel finds no fault in the stream");
  require(pick.picked.has_value() == best.has_value(), "Intel: it loads when there is something");
  require(!best || pick.picked->revision == *best, "Intel: it loads the newest");
}

void require_amd(const Firmware& firmware, support::View stream, const Cpu& cpu) {
  const auto expect = [&](std::uint32_t running, support::KernelRules rules,
                          std::optional<std::uint32_t> best) {
    rules.sha = false;
    const auto pick = support::kernel_amd(stream, cpu.signature, running, rules);
    require(pick.loaded() == best.has_value(), "AMD: it loads when there is something");
    require(!best || pick.candidate->revision == *best, "AMD: it loads the newest");
  };
  const auto best = firmware.best_amd(cpu, AmdClass::kAny);
  expect(0, support::KernelRules::linux_6_12_60(), best);
  expect(0, support::KernelRules::linux_6_1(), best);
  // With class selection: what the newest of the running class is. Only for CPUs with a cutoff.
  const auto rules = support::KernelRules::linux_6_19();
  const std::uint32_t lowest = support::zen_lowest_revision(cpu.signature);
  if (!support::kernel_amd_cutoff(lowest, rules)) return;
  expect(lowest, rules, firmware.best_amd(cpu, AmdClass::kOld));
  const auto fixed = firmware.best_amd(cpu, AmdClass::kFixed);
  if (fixed) expect(*fixed, rules, fixed);
}

void run(Bytes input) {
  Choices choices(input);
  const Firmware firmware(choices);
  catalog::Catalog catalog;
  const Root root;
  std::vector<MemoryFile> files;
  for (const support::Blob& bytes : firmware.files()) files.emplace_back(bytes);
  catalog::Scanner scanner(root, {.depth = firmware.depth()}, catalog);
  for (const MemoryFile& file : files) require(scanner.add(file.path()).has_value(), "a scan");

  std::vector<ucode::Candidate> candidates;
  for (const catalog::Entry& entry : catalog.entries)
    candidates.push_back({&entry.update, entry.sound});
  std::vector<ucode::CpuQuery> queries;
  std::vector<image::ManifestCpu> served;
  for (const Cpu& cpu : firmware.cpus()) {
    queries.push_back({ucode::selector_for(cpu.vendor, {cpu.signature}, cpu.platform_flags), {}});
    if (firmware.best(cpu)) {
      served.push_back({cpu.vendor, {{cpu.signature}, cpu.platform_flags}});
    }
  }
  const auto selection = ucode::select(candidates, queries, {});
  for (std::size_t i = 0; i < queries.size(); ++i) {
    require(selection.answers[i].choices.empty() != firmware.best(firmware.cpus()[i]).has_value(),
            "a CPU gets something exactly if there is something for it");
  }
  if (selection.choices.empty()) return;

  Scratch scratch;
  catalog::Loader loader(root, catalog, scratch);
  MemorySink sink;
  const auto written = image::write_early(selection, catalog, loader, 1, sink);
  require(written.has_value(), "what was chosen is written");
  require(sink.written() % image::kArchiveMultiple == 0, "the archive is a multiple of 512");
  MemoryInput back(sink.bytes());
  require(image::check_early(back, *written, served, scratch).has_value(), "it reads back");
  for (const Cpu& cpu : firmware.cpus()) {
    if (cpu.vendor == ucode::Vendor::kIntel) {
      require_intel(firmware, member(sink.bytes(), support::kIntelPath), cpu);
    } else {
      require_amd(firmware, member(sink.bytes(), support::kAmdPath), cpu);
    }
  }
}

}  // namespace
}  // namespace kip::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kip::fuzz::run({data, size});
  return 0;
}
