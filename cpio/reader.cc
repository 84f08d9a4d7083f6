#include <charconv>

#include "cpio/reader.h"

namespace kip::cpio {
namespace {

constexpr std::size_t kFieldDigits = 8;

Result<std::uint32_t> field(std::string_view header, std::size_t index, std::uint64_t at) {
  const char* const begin = header.data() + kMagic.size() + index * kFieldDigits;
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(begin, begin + kFieldDigits, value, 16);
  if (error != std::errc() || end != begin + kFieldDigits) {
    return fail(Errc::kCorrupt, "archive member has a field that is no hexadecimal number", at);
  }
  return value;
}

}  // namespace

bool is_newc(Bytes head) {
  const std::string_view text = as_text(head);
  return text.starts_with(kMagic) || text.starts_with(kMagicChecksum);
}

Status Reader::read_name(Member& member) {
  std::uint64_t got = 0;
  if (member.name_size > kNameLimit) {
    got = TRY(in_.skip(member.name_size));
  } else {
    std::vector<std::uint8_t> name(member.name_size);
    got = TRY(in_.read(name));
    member.name_ends = name.empty() || name.back() == 0;
    member.name = as_text(name).substr(0, as_text(name).find('\0'));
  }
  if (got < member.name_size)
    return fail(Errc::kTruncated, "archive member's name ends early", member.offset);
  return {};
}

Result<std::optional<Member>> Reader::next() {
  if (inside_) {
    const std::uint64_t left = member_end_ - in_.position();
    if (TRY(in_.skip(left)) < left)
      return fail(Errc::kTruncated, "archive member ends early", in_.position());
    inside_ = false;
  }
  if (!is_newc(TRY(in_.peek(kMagic.size())))) return std::optional<Member>();

  Member member;
  member.offset = in_.position();
  std::array<std::uint8_t, kHeaderSize> raw;
  if (TRY(in_.read(raw)) < raw.size())
    return fail(Errc::kTruncated, "archive member's header ends early", member.offset);
  const std::string_view header = as_text(raw);
  std::uint32_t* const fields[] = {
      &member.inode,        &member.mode,          &member.uid,           &member.gid,
      &member.links,        &member.mtime,         &member.size,          &member.device_major,
      &member.device_minor, &member.special_major, &member.special_minor, &member.name_size,
      &member.check};
  for (std::size_t i = 0; i < std::size(fields); ++i)
    *fields[i] = TRY(field(header, i, member.offset));
  member.summed = header.starts_with(kMagicChecksum);
  TRY(read_name(member));
  member.data_offset = align_up(in_.position(), kPadding);
  TRY(in_.skip(member.data_offset - in_.position()));
  member_end_ = align_up(member.data_offset + member.size, kPadding);
  inside_ = true;
  return std::optional<Member>(std::move(member));
}

}  // namespace kip::cpio
