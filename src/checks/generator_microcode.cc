#include <algorithm>
#include <fcntl.h>

#include "src/checks/generator_microcode.h"
#include "src/checks/key_lines.h"
#include "src/policy/drop_ins.h"

namespace kip::checks {
namespace {

using policy::DracutStatement;

bool is_installed(const Root& root, const std::string& program) {
  return root.open("/usr/bin/" + program, O_PATH) || root.open("/usr/sbin/" + program, O_PATH);
}

void add_dracut(const policy::DracutFiles& dracut, std::vector<MicrocodeOff>& off) {
  const DracutStatement* last = nullptr;
  for (const policy::DracutFile& file : dracut.files) {
    for (const DracutStatement& it : file.statements) {
      if (it.name == "early_microcode") last = &it;
    }
  }
  if (last == nullptr || last->kind != DracutStatement::Kind::kSet || last->value == "yes") return;
  off.push_back({"dracut",
                 to_text(last->origin),
                 "early_microcode=" + last->value,
                 "early_microcode=yes",
                 {}});
}

Status add_default(const Root& root, const std::string& path, const char* key, ucode::Vendor vendor,
                   std::vector<MicrocodeOff>& off) {
  const auto lines = read_key_lines(root, path);
  if (!lines) return fail(lines.error().code, quote(path) + ": " + lines.error().what);
  const KeyLine* const last = last_of(*lines, key);
  if (last == nullptr || last->value != "no") return {};
  off.push_back({"initramfs-tools", to_text(last->origin), std::string(key) + "=no",
                 std::string(key) + "=auto", vendor});
  return {};
}

Status add_mkinitcpio(const Root& root, std::vector<MicrocodeOff>& off) {
  std::vector<std::string> paths = {"/etc/mkinitcpio.conf"};
  std::vector<std::string> names = TRY(policy::drop_in_names(root, "/etc/mkinitcpio.conf.d"));
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) paths.push_back("/etc/mkinitcpio.conf.d/" + name);
  // Drop-ins are sourced behind the file, into one shell.
  std::string text, place;
  for (const std::string& path : paths) {
    if (!policy::drop_in_exists(root, path)) continue;
    const auto bytes = policy::read_drop_in(root, path);
    if (!bytes) return fail(bytes.error().code, quote(path) + ": " + bytes.error().what);
    const std::string one(as_text(*bytes));
    if (one.find("HOOKS") != one.npos) place = path;
    text += one + "\n";
  }
  if (hooks_lack_microcode(text))
    off.push_back({"mkinitcpio", place, "HOOKS without microcode", "microcode in HOOKS", {}});
  return {};
}

// As a word, with or without quotes.
bool names_microcode(std::string_view words) {
  constexpr std::string_view kEnds = " \t\r'\"";
  while (!words.empty()) {
    const std::size_t end = std::min(words.find_first_of(kEnds), words.size());
    if (words.substr(0, end) == "microcode") return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

}  // namespace

bool hooks_lack_microcode(std::string_view text) {
  bool known = false, has = false, open = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    line = line.substr(0, line.find('#'));
    const bool set = line.starts_with("HOOKS=("), more = line.starts_with("HOOKS+=(");
    if (!open && !set && !more) continue;
    has = has && !set;
    known = true;
    if (set || more) line.remove_prefix(line.find('(') + 1);
    open = line.find(')') == line.npos;
    has = names_microcode(line.substr(0, line.find(')'))) || has;
  }
  return known && !has;
}

Result<std::vector<MicrocodeOff>> read_microcode_off(const Root& root,
                                                     const policy::DracutFiles& dracut) {
  std::vector<MicrocodeOff> off;
  if (is_installed(root, "dracut")) add_dracut(dracut, off);
  if (is_installed(root, "update-initramfs")) {
    TRY(add_default(root, "/etc/default/intel-microcode", "IUCODE_TOOL_INITRAMFS",
                    ucode::Vendor::kIntel, off));
    TRY(add_default(root, "/etc/default/amd64-microcode", "AMD64UCODE_INITRAMFS",
                    ucode::Vendor::kAmd, off));
  }
  if (is_installed(root, "mkinitcpio")) TRY(add_mkinitcpio(root, off));
  return off;
}

}  // namespace kip::checks
