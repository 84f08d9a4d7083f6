// Files as boot loaders start them: unified kernel images, or no such thing. Input: the file.
//
// What is read of it lies in it; what the kernel gets is made of these parts and of zeros, from whatever
// offset on it is asked for.
#include <algorithm>
#include <sys/mman.h>

#include "src/base/file.h"
#include "src/base/sink.h"
#include "src/segments/layout.h"
#include "tests/fuzz/fuzz.h"

namespace kip::fuzz {
namespace {

support::Blob read_from(const segments::Source& source, std::uint64_t offset, std::uint64_t limit) {
  const auto in = source(offset);
  require(in.has_value(), "a source opens");
  const auto bytes = read_rest(**in, limit);
  require(bytes.has_value(), "and can be read, up to its size");
  return *bytes;
}

void run(Bytes bytes) {
  const Fd file(::memfd_create("image", MFD_CLOEXEC));
  require(file && DescriptorSink(file.get()).write(bytes).has_value(), "a memory file");
  const auto layout = segments::read_layout(file.get());
  if (!layout) {
    require(layout.error().code != Errc::kSystem, "a memory file can be read");
    return;
  }
  for (const segments::Section& section : layout->sections) {
    require(section.size == 0 || section.offset + section.size <= bytes.size(),
            "sections lie in the file");
  }
  support::Blob expected;
  for (const segments::Section& part : layout->initrds) {
    support::append(expected, bytes.subspan(part.offset, part.size));
    while (layout->unified && expected.size() % 4 != 0) expected.push_back(0);
  }
  require(layout->size == expected.size(), "the size is that of all parts");
  const auto source = layout->source(file.get());
  require(read_from(source, 0, layout->size) == expected, "what the kernel gets");
  for (const std::uint64_t offset : {layout->size / 3, layout->size / 2 + 1, layout->size}) {
    if (offset >= layout->size) continue;
    const support::Blob rest(expected.begin() + static_cast<std::ptrdiff_t>(offset),
                             expected.end());
    require(read_from(source, offset, layout->size) == rest, "the same from an offset on");
    const segments::Place place = layout->place(offset);
    require(place.offset <= bytes.size(), "a place lies in the file");
    require(expected[offset] == 0 || bytes[place.offset] == expected[offset],
            "and has the byte that is asked for");
  }
}

}  // namespace
}  // namespace kip::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kip::fuzz::run({data, size});
  return 0;
}
