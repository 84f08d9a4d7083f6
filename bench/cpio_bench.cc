// Writing and reading newc archives, in memory.
#include <benchmark/benchmark.h>

#include "cpio/reader.h"
#include "cpio/writer.h"
#include "src/base/sink.h"
#include "tests/support/blob.h"

namespace kip::bench {
namespace {

constexpr std::size_t kMembers = 1000;
constexpr std::size_t kMemberSize = 4096;  // bytes

Status write_archive(Sink& sink, Bytes data) {
  cpio::Writer archive(sink, 1);
  TRY(archive.directory("kernel"));
  for (std::size_t i = 0; i < kMembers; ++i) {
    TRY(archive.begin_file("kernel/member-" + std::to_string(i), data.size(), 16));
    TRY(archive.write(data));
  }
  return archive.finish(512);
}

void write(benchmark::State& state) {
  const support::Blob data = support::noise(kMemberSize, 1);
  for (auto _ : state) {
    MemorySink sink;
    if (!write_archive(sink, data)) state.SkipWithError("not written");
    benchmark::DoNotOptimize(sink.bytes().data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kMembers));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kMembers * kMemberSize));
}
BENCHMARK(write);

// Names and sizes of all members; with `data`, their bytes as well.
void read(benchmark::State& state, bool data) {
  MemorySink sink;
  if (!write_archive(sink, support::noise(kMemberSize, 1))) return;
  support::Blob buffer(kMemberSize);
  for (auto _ : state) {
    MemoryInput in(sink.bytes());
    cpio::Reader reader(in);
    std::size_t files = 0;
    for (auto member = reader.next(); member && *member; member = reader.next()) {
      if (!(*member)->is_regular()) continue;
      ++files;
      if (data && !in.read(buffer)) state.SkipWithError("not read");
    }
    if (files != kMembers) state.SkipWithError("not every member was found");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kMembers));
}
BENCHMARK_CAPTURE(read, headers, false);
BENCHMARK_CAPTURE(read, data, true);

}  // namespace
}  // namespace kip::bench
