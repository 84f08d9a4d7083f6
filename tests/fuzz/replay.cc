// Runs a fuzz target over files and directories of seeds, and over an empty input: the part of
// fuzzing that every test run can afford. Linked with one target instead of libFuzzer.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include "tests/fuzz/fuzz.h"

namespace kip::fuzz {
namespace {

// In a heap block of exactly that length, so that a sanitizer sees a read behind it.
void run(const std::vector<char>& input) {
  const std::unique_ptr<std::uint8_t[]> block(new std::uint8_t[input.size()]);
  std::copy(input.begin(), input.end(), block.get());
  LLVMFuzzerTestOneInput(block.get(), input.size());
}

std::vector<std::filesystem::path> seeds_of(const std::filesystem::path& place) {
  if (!std::filesystem::is_directory(place)) return {place};
  std::vector<std::filesystem::path> seeds;
  for (const auto& entry : std::filesystem::directory_iterator(place)) {
    if (entry.is_regular_file()) seeds.push_back(entry.path());
  }
  std::sort(seeds.begin(), seeds.end());
  return seeds;
}

int replay(int count, char** places) {
  run({});
  std::size_t replayed = 0;
  for (int i = 0; i < count; ++i) {
    for (const auto& seed : seeds_of(places[i])) {
      std::printf("%s\n", seed.filename().c_str());  // the last line names the one that failed
      std::fflush(stdout);
      std::ifstream file(seed, std::ios::binary);
      run(std::vector<char>(std::istreambuf_iterator<char>(file), {}));
      ++replayed;
    }
  }
  std::printf("%zu seeds\n", replayed);
  return replayed != 0 ? 0 : 1;
}

}  // namespace
}  // namespace kip::fuzz

int main(int count, char** arguments) {
  return kip::fuzz::replay(count - 1, arguments + 1);
}
