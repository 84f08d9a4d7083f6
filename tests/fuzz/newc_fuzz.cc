// newc archives. Input: a byte that chooses an alignment, then the archive.
//
// The reader never shows bytes that are not there, finds what the kernel's early search finds, and
// reads back what the writer makes of its members.
#include <algorithm>

#include "cpio/reader.h"
#include "cpio/writer.h"
#include "src/base/sink.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/kernel_finder.h"

namespace kip::fuzz {
namespace {

struct Archive {
  std::vector<cpio::Member> members;
  std::vector<support::Blob> data;  // one a member
  std::optional<Error> error;
  std::uint64_t end = 0;  // where the reader stopped
};

Archive read(Bytes bytes) {
  Archive archive;
  MemoryInput in(bytes);
  cpio::Reader reader(in);
  for (;;) {
    auto member = reader.next();
    if (!member) archive.error = member.error();
    archive.end = in.position();
    if (!member || !*member) return archive;
    support::Blob data((*member)->size < bytes.size() ? (*member)->size : bytes.size());
    SliceInput slice(in, (*member)->size);
    const auto count = slice.read(data);
    require(count.has_value(), "memory has no error");
    data.resize(*count);
    archive.data.push_back(std::move(data));
    archive.members.push_back(std::move(**member));
  }
}

void require_inside(const Archive& archive, Bytes bytes) {
  std::uint64_t end = 0;
  for (std::size_t i = 0; i < archive.members.size(); ++i) {
    const cpio::Member& member = archive.members[i];
    const support::Blob& data = archive.data[i];
    require(member.offset >= end && member.offset % 4 == 0, "members come in order, aligned");
    require(member.data_offset >= member.offset + cpio::kHeaderSize + member.name_size,
            "data lies behind the name");
    require(data.size() <= member.size, "a member has no more data than it says");
    require(data.size() == member.size || i + 1 == archive.members.size(),
            "only the last member's data may be cut off");
    require(data.size() == member.size || archive.error, "and that is an error");
    if (data.empty()) continue;
    require(member.data_offset + data.size() <= bytes.size(), "data lies in the input");
    const Bytes there = bytes.subspan(member.data_offset, data.size());
    require(support::Blob(there.begin(), there.end()) == data, "data is what stands there");
    end = member.data_offset + member.size;
  }
}

// The reader gives no name where it is too long for the unpacker; the early search compares it.
bool is_nameless(const Archive& archive, const std::optional<support::Extent>& found) {
  return found && std::any_of(archive.members.begin(), archive.members.end(),
                              [&](const cpio::Member& member) {
                                return member.data_offset == found->offset &&
                                       member.name_size > cpio::kNameLimit;
                              });
}

void require_finder_agrees(const Archive& archive, Bytes bytes, std::string_view path) {
  std::optional<support::Extent> ours;
  for (const cpio::Member& member : archive.members) {
    const bool whole =
        cpio::align_up(member.data_offset + member.size, cpio::kPadding) <= bytes.size();
    if (!ours && whole && member.is_regular() && member.name.starts_with(path))
      ours = support::Extent{static_cast<std::size_t>(member.data_offset), member.size};
  }
  if (!archive.error) {
    const auto theirs = support::find_early(bytes.first(archive.end), path);
    if (is_nameless(archive, theirs)) return;
    require(ours == theirs, "reader and early search find the same");
    return;
  }
  const auto theirs = support::find_early(bytes, path);
  if (is_nameless(archive, theirs)) return;
  require(!ours || ours == theirs, "the early search finds what the reader found");
  require(ours || !theirs, "and nothing where the reader stopped");
}

// What of an archive the writer can write: the same names, data and permissions come back.
void require_round_trip(const Archive& archive, std::uint64_t alignment) {
  MemorySink sink;
  cpio::Writer writer(sink, 1);
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < archive.members.size(); ++i) {
    const cpio::Member& member = archive.members[i];
    const std::uint32_t permissions = member.mode & ~cpio::kModeTypeMask;
    const bool named = !member.name.empty() && !member.is_trailer() &&
                       member.name.size() + alignment < cpio::kNameLimit;
    if (!named || archive.data[i].size() != member.size) continue;
    if (member.is_directory() && member.size == 0) {
      require(writer.directory(member.name, permissions).has_value(), "a directory is written");
    } else if (member.is_regular()) {
      require(writer.begin_file(member.name, member.size, alignment, permissions).has_value() &&
                  writer.write(archive.data[i]).has_value(),
              "a file is written");
      require(writer.data_offset() % alignment == 0, "a file's data is aligned");
    } else {
      continue;
    }
    kept.push_back(i);
  }
  require(writer.finish(512).has_value() && sink.written() % 512 == 0, "archives end aligned");

  const Archive again = read(sink.bytes());
  require(!again.error && again.members.size() == kept.size() + 1, "the reader reads it");
  require(again.members.back().is_trailer(), "up to its trailer");
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const cpio::Member &before = archive.members[kept[i]], &after = again.members[i];
    require(before.name == after.name && before.mode == after.mode, "names and modes come back");
    require(archive.data[kept[i]] == again.data[i], "data comes back");
    require(!after.is_regular() || after.data_offset % alignment == 0, "data is aligned");
  }
  const auto verdict = support::unpack_verdict(sink.bytes());
  require(verdict.error.empty() && !verdict.ends_inside_member, "the kernel unpacks it");
}

void run(Bytes input) {
  Choices choices(input);
  const std::uint64_t alignment = std::uint64_t{4} << choices.below(8);
  const Bytes bytes = choices.rest();
  const Archive archive = read(bytes);
  require_inside(archive, bytes);
  require_finder_agrees(archive, bytes, support::kIntelPath);
  require_finder_agrees(archive, bytes, support::kAmdPath);
  require_finder_agrees(archive, bytes, "k");
  require_round_trip(archive, alignment);
}

}  // namespace
}  // namespace kip::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kip::fuzz::run({data, size});
  return 0;
}
