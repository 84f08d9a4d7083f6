// Parsing, walking and choosing, in memory.
#include <benchmark/benchmark.h>

#include "bench/releases.h"
#include "ucode/intel.h"
#include "ucode/select.h"
#include "ucode/walk.h"

namespace kip::bench {
namespace {

class Updates : public ucode::UpdateSink {
 public:
  void update(const ucode::Update& update, Bytes) override { all.push_back(update); }
  void fault(const Finding&, const ucode::Update*) override { ++faults; }

  std::vector<ucode::Update> all;
  std::size_t faults = 0;
};

void walk(benchmark::State& state, ucode::StreamKind kind, ucode::Depth depth,
          const support::Blob& stream, std::size_t expected) {
  for (auto _ : state) {
    MemoryInput in(stream);
    Updates sink;
    if (!ucode::walk(kind, depth, in, sink) || sink.all.size() != expected || sink.faults != 0)
      state.SkipWithError("not every update was found");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(expected));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(stream.size()));
}

void parse_intel(benchmark::State& state) {
  const support::Blob update = intel_update(0);
  for (auto _ : state) {
    if (!ucode::parse_intel(update)) state.SkipWithError("refused");
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(update.size()));
}
BENCHMARK(parse_intel);

void walk_intel_headers(benchmark::State& state) {
  walk(state, ucode::StreamKind::kIntel, ucode::Depth::kHeaders, intel_release(), kUpdates);
}
BENCHMARK(walk_intel_headers);

void walk_intel_whole(benchmark::State& state) {
  walk(state, ucode::StreamKind::kIntel, ucode::Depth::kWhole, intel_release(), kUpdates);
}
BENCHMARK(walk_intel_whole)->Unit(benchmark::kMillisecond);

void walk_amd_headers(benchmark::State& state) {
  walk(state, ucode::StreamKind::kAmd, ucode::Depth::kHeaders, amd_release(), kAmdPatches);
}
BENCHMARK(walk_amd_headers);

void walk_amd_whole(benchmark::State& state) {
  walk(state, ucode::StreamKind::kAmd, ucode::Depth::kWhole, amd_release(), kAmdPatches);
}
BENCHMARK(walk_amd_whole);

// `everything`: for every CPU there is microcode for, otherwise for one.
void select_among(benchmark::State& state, bool everything) {
  const support::Blob stream = intel_release();
  MemoryInput in(stream);
  Updates sink;
  if (!ucode::walk(ucode::StreamKind::kIntel, ucode::Depth::kHeaders, in, sink)) return;
  std::vector<ucode::Candidate> candidates;
  for (const ucode::Update& update : sink.all) candidates.push_back({&update, true});
  std::vector<ucode::CpuQuery> queries = ucode::every_cpu(candidates);
  if (!everything) queries.resize(1);
  for (auto _ : state) {
    const auto selection = ucode::select(candidates, queries, {});
    if (selection.choices.empty()) state.SkipWithError("nothing chosen");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(candidates.size()));
}
BENCHMARK_CAPTURE(select_among, one_cpu, false);
BENCHMARK_CAPTURE(select_among, every_cpu, true)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace kip::bench
