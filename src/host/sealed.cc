#include <algorithm>
#include <fcntl.h>

#include "src/host/sealed.h"

namespace kip::host {
namespace {

constexpr std::uint64_t kTableLimit = 1 << 20;
constexpr std::string_view kBlank = " \t\r";

std::string_view next_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(kBlank));
  line.remove_prefix(word.size());
  return word;
}

// NAME DEVICE KEY OPTIONS
bool is_opened_by_tpm(std::string_view line) {
  constexpr int kOptions = 4;
  std::string_view word;
  for (int i = 0; i < kOptions; ++i) {
    word = next_word(line);
    if (word.starts_with('#')) return false;
  }
  return word.starts_with("tpm2-") || word.find(",tpm2-") != word.npos;
}

}  // namespace

std::vector<std::size_t> tpm_lines(std::string_view crypttab) {
  std::vector<std::size_t> lines;
  for (std::size_t number = 1; !crypttab.empty(); ++number) {
    const std::size_t end = std::min(crypttab.find('\n'), crypttab.size());
    if (is_opened_by_tpm(crypttab.substr(0, end))) lines.push_back(number);
    crypttab.remove_prefix(std::min(end + 1, crypttab.size()));
  }
  return lines;
}

std::vector<std::string> sealed_by_tpm(const Root& root) {
  std::vector<std::string> places;
  for (const std::string table : {"/etc/crypttab", "/etc/crypttab.initramfs"}) {
    const auto text = read_file(root, table, kTableLimit);
    if (!text) continue;
    for (const std::size_t line : tpm_lines(as_text(*text)))
      places.push_back(table + ":" + std::to_string(line));
  }
  for (const char* const policy : {"/var/lib/systemd/pcrlock.json", "/run/systemd/pcrlock.json"}) {
    if (root.open(policy, O_PATH)) places.emplace_back(policy);
  }
  return places;
}

}  // namespace kip::host
