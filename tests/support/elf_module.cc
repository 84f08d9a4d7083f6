#include "tests/support/elf_module.h"

namespace kip::support {
namespace {

// Tables of tests call us before main().
std::string with_nul(const std::string& characters) {
  return characters + '\0';
}

// Numbers of one word size and byte order.
class Numbers {
 public:
  explicit Numbers(const ElfFields& fields) : word_(fields.narrow ? 4 : 8), big_(fields.big) {}

  void append16(Blob& out, std::uint64_t value) const { append(out, value, 2); }
  void append32(Blob& out, std::uint64_t value) const { append(out, value, 4); }
  void append_word(Blob& out, std::uint64_t value) const { append(out, value, word_); }

 private:
  void append(Blob& out, std::uint64_t value, unsigned size) const {
    for (unsigned i = 0; i < size; ++i)
      out.push_back(static_cast<std::uint8_t>(value >> (8 * (big_ ? size - 1 - i : i))));
  }

  unsigned word_;
  bool big_;
};

struct Section {
  std::string name;
  std::uint32_t type;
  Blob data;
  std::uint32_t link = 0;
  std::uint64_t entry_size = 0;
};

Blob strings(const std::vector<std::string>& all) {
  Blob out;
  for (const std::string& one : all) append(out, text(with_nul(one)));
  return out;
}

// A null symbol, and an undefined global one for each name; `names` grows by the names.
Blob undefined_symbols(const Numbers& numbers, const ElfFields& fields, Blob& names) {
  Blob table = zeros(fields.narrow ? 16 : 24);
  for (const std::string& name : fields.needs) {
    numbers.append32(table, names.size());
    append(names, text(with_nul(name)));
    if (fields.narrow) append(table, zeros(8));  // value, size
    append(table, Blob{0x10, 0, 0, 0});          // global; no section
    if (!fields.narrow) append(table, zeros(16));
  }
  return table;
}

std::vector<Section> sections_of(const ModuleInfo& info, const ElfFields& fields) {
  Blob entries;
  for (const auto& [key, value] : info) append(entries, text(with_nul(key + "=" + value)));
  std::vector<Section> sections = {{fields.section, 1, entries}};
  if (!fields.exports.empty())
    sections.push_back({"__ksymtab_strings", 1, strings(fields.exports)});
  if (!fields.needs.empty()) {
    Blob names = text(with_nul(""));
    const Blob table = undefined_symbols(Numbers(fields), fields, names);
    sections.push_back({".strtab", 3, names});
    sections.push_back({".symtab", 2, table, static_cast<std::uint32_t>(sections.size()),
                        fields.narrow ? 16U : 24U});
  }
  return sections;
}

Blob header(const Numbers& numbers, const ElfFields& fields, std::uint64_t headers_at,
            std::size_t count) {
  const auto size = static_cast<std::uint16_t>(fields.narrow ? 52 : 64);
  Blob out = {0x7f,
              'E',
              'L',
              'F',
              static_cast<std::uint8_t>(fields.narrow ? 1 : 2),
              static_cast<std::uint8_t>(fields.big ? 2 : 1),
              1};
  append(out, zeros(9));
  numbers.append16(out, 1);   // relocatable
  numbers.append16(out, 62);  // x86-64
  numbers.append32(out, 1);
  numbers.append_word(out, 0);  // entry
  numbers.append_word(out, 0);  // program headers
  numbers.append_word(out, headers_at);
  numbers.append32(out, 0);
  numbers.append16(out, size);
  numbers.append16(out, 0);
  numbers.append16(out, 0);
  numbers.append16(out, fields.narrow ? 40 : 64);
  numbers.append16(out, fields.count_in_first ? 0 : count);
  numbers.append16(out, fields.count_in_first ? 0xffff : count - 1);
  return out;
}

void append_header(Blob& out, const Numbers& numbers, std::uint32_t name, const Section& section,
                   std::uint64_t offset, std::uint64_t size) {
  numbers.append32(out, name);
  numbers.append32(out, section.type);
  numbers.append_word(out, 0);  // flags
  numbers.append_word(out, 0);  // address
  numbers.append_word(out, offset);
  numbers.append_word(out, size);
  numbers.append32(out, section.link);
  numbers.append32(out, 0);     // info
  numbers.append_word(out, 1);  // alignment
  numbers.append_word(out, section.entry_size);
}

}  // namespace

Blob elf_module(const ModuleInfo& info, const ElfFields& fields) {
  const Numbers numbers(fields);
  std::vector<Section> sections = sections_of(info, fields);
  sections.push_back({".shstrtab", 3, {}});
  std::vector<std::uint32_t> name_at;
  Blob names = text(with_nul(""));
  for (const Section& section : sections) {
    name_at.push_back(static_cast<std::uint32_t>(names.size()));
    append(names, text(with_nul(section.name)));
  }
  sections.back().data = names;

  std::uint64_t at = (fields.narrow ? 52 : 64) + fields.text.size();
  Blob headers, data;
  const std::size_t count = sections.size() + 1;
  append_header(headers, numbers, 0,
                {"", 0, {}, fields.count_in_first ? static_cast<std::uint32_t>(count - 1) : 0}, 0,
                fields.count_in_first ? count : 0);
  std::uint64_t info_at = at;
  if (fields.info_last) {
    const std::size_t info_size = sections[0].data.size();
    for (std::size_t i = 1; i < sections.size(); ++i) info_at += sections[i].data.size();
    info_at += count * (fields.narrow ? 40 : 64);
    append_header(headers, numbers, name_at[0], sections[0], info_at, info_size);
  }
  for (std::size_t i = fields.info_last ? 1 : 0; i < sections.size(); ++i) {
    append_header(headers, numbers, name_at[i], sections[i], at, sections[i].data.size());
    append(data, sections[i].data);
    at += sections[i].data.size();
  }
  return join({header(numbers, fields, at, count), fields.text, data, headers,
               fields.info_last ? View(sections[0].data) : View()});
}

}  // namespace kip::support
