#include <cctype>
#include <cstdio>
#include <stdexcept>

#include "tests/support/newc_blob.h"

namespace kip::support {
namespace {

constexpr std::size_t kHeaderSize = 110;
constexpr std::uint32_t kRegular = 0100644;
constexpr std::uint32_t kDirectory = 040755;
constexpr std::uint32_t kSymlink = 0120777;

std::string hex8(std::uint32_t value, HexCase letters) {
  char digits[16];
  std::snprintf(digits, sizeof digits, "%08x", static_cast<unsigned>(value));
  std::string out(digits);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const bool upper = letters == HexCase::kUpper || (letters == HexCase::kMixed && i % 2 != 0);
    if (upper) out[i] = static_cast<char>(std::toupper(static_cast<unsigned char>(out[i])));
  }
  return out;
}

std::uint32_t byte_sum(View data) {
  std::uint32_t sum = 0;
  for (const std::uint8_t byte : data) sum += byte;
  return sum;
}

void pad(Blob& out, std::size_t multiple, std::uint8_t byte) {
  while (out.size() % multiple != 0) out.push_back(byte);
}

// How many bytes the name takes when the member begins at `start`.
std::uint32_t room_for(std::string_view name, std::size_t start, const NewcFields& fields) {
  auto room = static_cast<std::uint32_t>(name.size() + 1);
  if (fields.name_room) room = *fields.name_room;
  if (fields.data_align > 1) {
    while ((start + kHeaderSize + room) % fields.data_align != 0) ++room;
  }
  return room;
}

NewcFields with_mode(NewcFields fields, std::uint32_t mode, std::uint32_t nlink) {
  if (!fields.mode) fields.mode = mode;
  if (!fields.nlink) fields.nlink = nlink;
  return fields;
}

}  // namespace

void NewcBlob::member(std::string_view name, View data, const NewcFields& fields) {
  const std::string magic = fields.magic.value_or("070701");
  const std::string uid = fields.uid_text.value_or(hex8(fields.uid.value_or(0), fields.hex));
  if (magic.size() != 6 || uid.size() != 8) {
    throw std::logic_error("NewcBlob: a header field has a fixed width");
  }
  ++members_;
  const std::uint32_t room = room_for(name, out_.size(), fields);
  const std::uint32_t good_check = magic == "070702" ? byte_sum(data) : 0;
  const auto digits = [&](std::optional<std::uint32_t> field, std::uint32_t good) {
    return hex8(field.value_or(good), fields.hex);
  };
  std::string header = magic;
  header += digits(fields.ino, members_);
  header += digits(fields.mode, kRegular);
  header += uid;
  header += digits(fields.gid, 0);
  header += digits(fields.nlink, 1);
  header += digits(fields.mtime, 0);
  header += digits(fields.filesize, static_cast<std::uint32_t>(data.size()));
  header += digits(fields.devmajor, 0);
  header += digits(fields.devminor, 0);
  header += digits(fields.rdevmajor, 0);
  header += digits(fields.rdevminor, 0);
  header += digits(fields.namesize, room);
  header += digits(fields.check, good_check);
  append(out_, text(header));

  Blob name_area = text(name);
  name_area.resize(room);
  append(out_, name_area);
  pad(out_, 4, fields.pad_byte);
  append(out_, data);
  if (fields.pad_data) pad(out_, 4, fields.pad_byte);
}

NewcBlob& NewcBlob::file(std::string_view name, View data, const NewcFields& fields) {
  member(name, data, with_mode(fields, kRegular, 1));
  return *this;
}

NewcBlob& NewcBlob::directory(std::string_view name, const NewcFields& fields) {
  member(name, {}, with_mode(fields, kDirectory, 2));
  return *this;
}

NewcBlob& NewcBlob::symlink(std::string_view name, std::string_view target,
                            const NewcFields& fields) {
  member(name, text(target), with_mode(fields, kSymlink, 1));
  return *this;
}

NewcBlob& NewcBlob::link(std::string_view name, std::uint32_t ino, View data,
                         const NewcFields& fields) {
  NewcFields linked = with_mode(fields, kRegular, 2);
  if (!linked.ino) linked.ino = ino;
  member(name, data, linked);
  return *this;
}

NewcBlob& NewcBlob::raw(View bytes) {
  append(out_, bytes);
  return *this;
}

NewcBlob& NewcBlob::trailer(bool wanted) {
  trailer_ = wanted;
  return *this;
}

NewcBlob& NewcBlob::pad_to(std::uint32_t multiple) {
  pad_to_ = multiple;
  return *this;
}

Blob NewcBlob::bytes() const {
  NewcBlob whole = *this;
  if (trailer_) whole.member("TRAILER!!!", {}, {.ino = 0, .mode = 0, .nlink = 1});
  pad(whole.out_, pad_to_, 0);
  return whole.out_;
}

}  // namespace kip::support
