#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "src/base/text.h"
#include "src/policy/conf.h"

namespace kip::policy {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
}

// What is wrong with the bytes of a line, or "". A carriage return within a line is a control
// character as others are.
std::string fault_of_bytes(std::string_view line) {
  if (line.starts_with(kByteOrderMark)) return "begins with a byte order mark";
  if (line.ends_with('\r')) return "ends in a carriage return";
  if (!is_utf8(line)) return "is not UTF-8 text";
  for (const char c : line) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\t') || byte == 0x7f)
      return fmt::format("holds the control character {:#04x}", byte);
  }
  return {};
}

class Parser {
 public:
  explicit Parser(const std::string& path) { file_.path = path; }

  ConfFile run(std::string_view text) {
    while (!text.empty() && !gave_up_) {
      ++number_;
      const std::size_t end = std::min(text.find('\n'), text.size());
      line(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return std::move(file_);
  }

 private:
  /// Where a key belongs. kBroken: the header could not be read, and said so.
  enum class Section : std::uint8_t { kNone, kBroken, kOpen };

  void line(std::string_view raw) {
    const std::string_view text = trim(raw);
    if (text.empty() || text.front() == '#' || text.front() == ';') return;
    const bool marked = raw.starts_with(kByteOrderMark);
    const bool header = (marked ? trim(raw.substr(kByteOrderMark.size())) : text).starts_with('[');
    if (const std::string what = fault_of_bytes(raw); !what.empty()) {
      fault(what, header);
    } else if (header) {
      section(text);
    } else {
      assignment(text);
    }
  }

  void section(std::string_view text) {
    const std::string_view name = text.substr(1, text.size() - 2);
    if (text.size() < 2 || text.back() != ']' || !is_name(name)) {
      return fault(quote_start(text) + " is no [Section]", /*header=*/true);
    }
    section_ = Section::kOpen;
    name_ = name;
  }

  void assignment(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == text.npos) return fault("no '=' in " + quote_start(text));
    const std::string_view key = trim(text.substr(0, equals));
    if (!is_name(key)) {
      return fault(quote_start(key) + " is no key, which is letters, digits and '-'");
    }
    if (section_ == Section::kNone)
      return fault(quote_start(key) + " stands in front of any [Section]");
    if (section_ == Section::kBroken) return;
    file_.lines.push_back({name_,
                           std::string(key),
                           std::string(trim(text.substr(equals + 1))),
                           {file_.path, number_}});
  }

  void fault(std::string what, bool header = false) {
    if (header) {
      section_ = Section::kBroken;
      what += "; the keys below it are left out";
    }
    if (file_.findings.size() + 1 == kConfFaultLimit) {
      what += "; the rest of the file is not read";
      gave_up_ = true;
    }
    Finding finding;
    finding.severity = Severity::kError;
    finding.rule = "conf-line";
    finding.place = to_text({file_.path, number_});
    finding.text = std::move(what);
    file_.findings.push_back(std::move(finding));
  }

  ConfFile file_;
  std::uint32_t number_ = 0;
  Section section_ = Section::kNone;
  std::string name_;  // of the section; REQUIRES: Section::kOpen
  bool gave_up_ = false;
};

}  // namespace

std::string to_text(const Origin& origin) {
  return origin.line == 0 ? origin.file : fmt::format("{}:{}", origin.file, origin.line);
}

ConfFile parse_conf(std::string_view text, const std::string& path) {
  return Parser(path).run(text);
}

}  // namespace kip::policy
