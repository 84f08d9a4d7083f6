#include "tests/support/elf_module.h"

namespace kip::support {
namespace {

void append64(Blob& out, std::uint64_t value) {
  append32(out, static_cast<std::uint32_t>(value));
  append32(out, static_cast<std::uint32_t>(value >> 32));
}

void append16(Blob& out, std::uint16_t value) {
  out.push_back(static_cast<std::uint8_t>(value));
  out.push_back(static_cast<std::uint8_t>(value >> 8));
}

Blob section(std::uint32_t name, std::uint32_t type, std::uint64_t offset, std::uint64_t size,
             std::uint32_t link = 0) {
  Blob out;
  append32(out, name);
  append32(out, type);
  append64(out, 0);  // flags
  append64(out, 0);  // address
  append64(out, offset);
  append64(out, size);
  append32(out, link);
  append32(out, 0);  // info
  append64(out, 1);  // alignment
  append64(out, 0);  // size of an entry
  return out;
}

}  // namespace

Blob elf_module(const std::vector<std::pair<std::string, std::string>>& info,
                const ElfFields& fields) {
  Blob data;
  for (const auto& [key, value] : info)
    append(data, text(key + "=" + value + std::string(1, '\0')));
  const Blob names = text(std::string(1, '\0') + fields.section + std::string(1, '\0') +
                          ".shstrtab" + std::string(1, '\0'));
  constexpr std::uint64_t kHeader = 64;
  const std::uint64_t info_at = kHeader + fields.text.size();
  const std::uint64_t names_at = info_at + data.size();
  const std::uint64_t headers_at = names_at + names.size();

  Blob out = {0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  append16(out, 1);   // relocatable
  append16(out, 62);  // x86-64
  append32(out, 1);
  append64(out, 0);  // entry
  append64(out, 0);  // program headers
  append64(out, headers_at);
  append32(out, 0);
  append16(out, kHeader);
  append16(out, 0);
  append16(out, 0);
  append16(out, 64);
  append16(out, fields.count_in_first ? 0 : 3);
  append16(out, fields.count_in_first ? 0xffff : 2);
  append(out, fields.text);
  append(out, data);
  append(out, names);
  append(out, fields.count_in_first ? section(0, 0, 0, 3, 2) : section(0, 0, 0, 0));
  append(out, section(1, 1, info_at, data.size()));
  const auto own_name = static_cast<std::uint32_t>(fields.section.size() + 2);
  append(out, section(own_name, 3, names_at, names.size()));
  return out;
}

}  // namespace kip::support
