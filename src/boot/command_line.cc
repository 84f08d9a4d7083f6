#include <algorithm>
#include <vector>

#include "src/base/finding.h"
#include "src/boot/command_line.h"
#include "src/boot/entry.h"
#include "src/host/cpus.h"

namespace kip::boot {
namespace {

using Words = std::vector<std::string_view>;

Words words_of(std::string_view text) {
  constexpr std::string_view kBlank = " \t\n\r\f\v";
  Words words;
  for (;;) {
    text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
    if (text.empty()) return words;
    const std::size_t end = std::min(text.find_first_of(kBlank), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::string joined(const Words& words) {
  std::string text;
  for (const std::string_view word : words) text.append(text.empty() ? "" : " ").append(word);
  return text;
}

}  // namespace

Result<CommandLine> command_line_now(const Root& root, const std::string& conf_root) {
  std::vector<std::string> places = {"/etc/kernel/cmdline", "/usr/lib/kernel/cmdline"};
  if (!conf_root.empty()) places = {conf_root + "/cmdline"};
  for (const std::string& place : places) {
    const auto text = read_file(root, place, kEntryLimit);
    if (text) return CommandLine{joined(words_of(as_text(*text))), place, false};
    const int error = text.error().system_errno;
    if (error != ENOENT && error != ENOTDIR)
      return fail(text.error().code, quote(place) + ": " + text.error().what);
  }
  if (!conf_root.empty()) return CommandLine{};
  const std::string running = host::read_command_line(root);
  Words words = words_of(running);
  std::erase_if(words, [](std::string_view word) {
    return word.starts_with("BOOT_IMAGE=") || word.starts_with("initrd=");
  });
  return CommandLine{joined(words), host::kCommandLineFile, true};
}

bool same_options(std::string_view a, std::string_view b, const std::string& token) {
  Words left = words_of(a), right = words_of(b);
  const std::string added = "systemd.machine_id=" + token;
  for (Words* const words : {&left, &right}) std::erase(*words, std::string_view(added));
  return left == right;
}

}  // namespace kip::boot
