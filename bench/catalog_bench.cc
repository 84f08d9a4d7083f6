// Scanning a firmware tree on disk, warm: 400 Intel files, two AMD ones, 1000 foreign ones.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "bench/releases.h"
#include "src/catalog/catalog.h"
#include "tests/support/temp_dir.h"

namespace kip::bench {
namespace {

constexpr std::uint32_t kForeign = 1000;

void fill(const support::TempDir& tree) {
  for (std::uint32_t i = 0; i < kUpdates; ++i)
    tree.write(fmt::format("intel-ucode/06-{:02x}-{:02x}", i / 16, i % 16), intel_update(i));
  for (const char* const name : {"microcode_amd_fam19h.bin", "microcode_amd_fam1ah.bin"})
    tree.write(std::string("amd-ucode/") + name, amd_release());
  for (std::uint32_t i = 0; i < kForeign; ++i) {
    // A first byte that no microcode and no compressor has.
    const support::Blob foreign = support::join({support::text("x"), support::noise(2000, i)});
    tree.write(fmt::format("other-{}/blob-{}.bin", i / 100, i), foreign);
  }
}

void scan(benchmark::State& state, ucode::Depth depth) {
  const support::TempDir tree;
  fill(tree);
  const Root root;
  for (auto _ : state) {
    catalog::Catalog catalog;
    catalog::Scanner scanner(root, {.depth = depth}, catalog);
    if (!scanner.add(tree.path()) || catalog.entries.size() != kUpdates + 2 * kAmdPatches)
      state.SkipWithError("not every update was found");
  }
  state.SetItemsProcessed(state.iterations() * (kUpdates + 2 + kForeign));
}
BENCHMARK_CAPTURE(scan, headers, ucode::Depth::kHeaders)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(scan, whole, ucode::Depth::kWhole)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace kip::bench
