// kip.conf.d. Input: the text of one file.
//
// What is read has its place in the text, written out again it reads the same, and of what counts as
// a setting each value is one that a line has.
#include <algorithm>

#include "src/policy/settings.h"
#include "tests/fuzz/fuzz.h"
#include "ucode/selector.h"

namespace kip::fuzz {
namespace {

using policy::ConfFile;
using policy::ConfLine;

void require_clean(const ConfLine& line, std::uint32_t last) {
  require(line.origin.line >= 1 && line.origin.line <= last, "a line's number is within the text");
  require(line.origin.file == "f", "a line names its file");
  require(!line.section.empty() && !line.key.empty(), "a line has its section and key");
  require(line.value.find_first_of("\n\r") == line.value.npos &&
              line.value.find('\0') == line.value.npos,
          "no value has a line end or a NUL");
  require(!line.value.starts_with(' ') && !line.value.ends_with('\t'),
          "no value has blanks around");
}

void require_same_again(const ConfFile& file) {
  std::string text;
  for (const ConfLine& line : file.lines)
    text += "[" + line.section + "]\n" + line.key + "=" + line.value + "\n";
  const ConfFile again = policy::parse_conf(text, "f");
  require(again.findings.empty(), "what was read is written out without a fault");
  require(std::equal(file.lines.begin(), file.lines.end(), again.lines.begin(), again.lines.end(),
                     [](const ConfLine& a, const ConfLine& b) {
                       return a.section == b.section && a.key == b.key && a.value == b.value;
                     }),
          "and reads the same");
}

void require_settings(const ConfFile& file) {
  const policy::Settings settings = policy::settings_from({file});
  require(settings.findings.size() <= file.findings.size() + file.lines.size(),
          "a line has one finding at most");
  require(settings.broken() || file.findings.empty(), "a fault breaks the settings");
  for (const auto& hold : settings.microcode.hold) {
    require(ucode::parse_selector(hold.value).has_value(), "a hold is a selector");
    require(std::any_of(file.lines.begin(), file.lines.end(),
                        [&](const ConfLine& line) {
                          return line.origin == hold.origin && line.key == "Hold" &&
                                 line.value == hold.value;
                        }),
            "a hold is that of its line");
  }
  policy::Settings other;
  policy::apply_environment(other, file.lines.empty() ? "" : file.lines[0].value, std::nullopt);
  require(!other.broken() || other.microcode.cpu.empty(), "a broken variable replaces nothing");
}

void run(Bytes input) {
  const std::string_view text = as_text(input);
  const ConfFile file = policy::parse_conf(text, "f");
  const auto last = static_cast<std::uint32_t>(std::count(text.begin(), text.end(), '\n') + 1);
  require(file.findings.size() <= policy::kConfFaultLimit, "faults have a limit");
  require(file.lines.size() + file.findings.size() <= last, "a line is one thing");
  std::uint32_t before = 0;
  for (const ConfLine& line : file.lines) {
    require_clean(line, last);
    require(line.origin.line > before, "lines come in order");
    before = line.origin.line;
  }
  for (const Finding& finding : file.findings)
    require(to_line(finding).find('\n') == std::string::npos, "a finding is one line");
  require_same_again(file);
  require_settings(file);
}

}  // namespace
}  // namespace kip::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kip::fuzz::run({data, size});
  return 0;
}
