#include <algorithm>
#include <fcntl.h>
#include <set>
#include <sys/stat.h>

#include "src/boot/entries.h"
#include "src/boot/entry.h"
#include "src/segments/layout.h"

namespace kip::boot {
namespace {

// Whether two names are of one file: its device and inode.
using Identity = std::pair<dev_t, ino_t>;

std::optional<Identity> identity_of(const Root& root, const std::string& path) {
  const auto file = root.open(path, O_PATH);
  struct stat status;
  if (!file || ::fstat(file->get(), &status) != 0) return std::nullopt;
  return Identity{status.st_dev, status.st_ino};
}

bool is_there(const Root& root, const std::string& path) {
  return root.open(path, O_PATH).has_value();
}

// The loader's path, where its file system may be mounted: at $BOOT; at '/', where $BOOT is a directory of the root file
// system; at '/' with a subvolume in front.
BootFile locate(const Root& root, const std::string& boot_root, std::string path) {
  if (!path.starts_with('/')) path = "/" + path;
  const std::string at_boot = boot_root + path;
  for (const std::string& place : {at_boot, path}) {
    if (is_there(root, place)) return {place, true};
  }
  const std::size_t boot = path.rfind("/boot/");
  if (boot != path.npos && boot != 0 && is_there(root, path.substr(boot)))
    return {path.substr(boot), true};
  return {path.starts_with(boot_root + "/") ? path : at_boot, false};
}

MenuEntry located(const Root& root, const std::string& boot_root, const EntryText& text) {
  MenuEntry entry;
  entry.line = text.line;
  entry.title = text.title;
  entry.more = text.more;
  if (!text.kernel.empty()) entry.kernel = locate(root, boot_root, text.kernel);
  for (const std::string& initrd : text.initrds)
    entry.initrds.push_back(locate(root, boot_root, initrd));
  entry.release = text.version.empty() ? release_in(text.kernel) : text.version;
  return entry;
}

class Reader {
 public:
  explicit Reader(const Root& root) : root_(root) {}

  void add(const std::string& boot_root) {
    for (const std::string& name : names(boot_root + "/loader/entries", ".conf"))
      add_type1(boot_root, boot_root + "/loader/entries/" + name);
    for (const std::string& name : names(boot_root + "/EFI/Linux", ".efi"))
      add_unified(boot_root + "/EFI/Linux/" + name);
    for (const char* const name : {"/grub/grub.cfg", "/grub2/grub.cfg"})
      add_grub(boot_root, boot_root + name);
  }

  Entries take() { return std::move(found_); }

 private:
  void unread(const std::string& place, const Error& error) {
    found_.findings.push_back(
        {Severity::kError, kRuleEntryUnread, place, error.offset, error.what, ""});
  }

  // None of a directory that was listed under another name.
  std::vector<std::string> names(const std::string& directory, std::string_view suffix) {
    const auto identity = identity_of(root_, directory);
    if (!identity || !seen_.insert(*identity).second) return {};
    auto listed = list_directory(root_, directory);
    if (!listed) unread(directory, listed.error());
    if (!listed) return {};
    std::erase_if(*listed, [&](const std::string& name) {
      return name.starts_with('.') || !name.ends_with(suffix);
    });
    return std::move(*listed);
  }

  void add_type1(const std::string& boot_root, const std::string& path) {
    const auto bytes = read_regular(path, kEntryLimit);
    if (!bytes) return unread(path, bytes.error());
    const EntryText text = parse_type1(as_text(*bytes));
    if (text.kernel.empty()) return;  // another EFI program
    MenuEntry entry = located(root_, boot_root, text);
    entry.file = path;
    found_.entries.push_back(std::move(entry));
  }

  void add_grub(const std::string& boot_root, const std::string& path) {
    const auto identity = identity_of(root_, path);
    if (!identity || !seen_.insert(*identity).second) return;
    const auto bytes = read_regular(path, kGrubLimit);
    if (!bytes) return unread(path, bytes.error());
    for (const EntryText& text : parse_grub(as_text(*bytes))) {
      if (text.kernel.empty()) continue;
      MenuEntry entry = located(root_, boot_root, text);
      if (text.foreign && !entry.kernel.there) continue;  // another system's file system
      entry.kind = EntryKind::kGrub;
      entry.file = path;
      found_.entries.push_back(std::move(entry));
    }
  }

  // What is no unified image is some EFI program.
  void add_unified(const std::string& path) {
    const auto file = root_.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (!file) return unread(path, file.error());
    const auto layout = segments::read_layout(file->get());
    if (!layout && layout.error().code == Errc::kSystem) return unread(path, layout.error());
    if (!layout || !layout->unified) return;
    MenuEntry entry;
    entry.kind = EntryKind::kUnified;
    entry.file = path;
    entry.kernel = {path, true};
    entry.release = layout->uname.value_or("");
    found_.entries.push_back(std::move(entry));
  }

  Result<std::vector<std::uint8_t>> read_regular(const std::string& path, std::uint64_t limit) {
    const Fd file = TRY(root_.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
    struct stat status;
    if (::fstat(file.get(), &status) != 0) return fail_errno("fstat");
    if (!S_ISREG(status.st_mode)) return fail(Errc::kInvalid, "is not a regular file");
    FileInput in(file.get());
    return read_rest(in, limit);
  }

  const Root& root_;
  std::set<Identity> seen_;
  Entries found_;
};

}  // namespace

std::string MenuEntry::place() const {
  return line == 0 ? file : file + ":" + std::to_string(line);
}

bool MenuEntry::is_spare() const {
  const auto is_one = [](const BootFile& it) {
    return names_a_spare(std::string_view(it.path).substr(it.path.rfind('/') + 1));
  };
  const std::string_view name = std::string_view(file).substr(file.rfind('/') + 1);
  return names_a_spare(title) || names_a_spare(name) || is_one(kernel) ||
         std::any_of(initrds.begin(), initrds.end(), is_one);
}

std::vector<std::string> boot_roots(const Root& root, const std::vector<std::string>& known) {
  std::vector<std::string> wanted = known, there;
  wanted.insert(wanted.end(), {"/boot", "/efi", "/boot/efi"});
  std::set<Identity> seen;
  for (const std::string& path : wanted) {
    const auto identity = path.empty() ? std::nullopt : identity_of(root, path);
    if (identity && seen.insert(*identity).second) there.push_back(path);
  }
  return there;
}

Entries read_entries(const Root& root, const std::vector<std::string>& boot_roots) {
  Reader reader(root);
  for (const std::string& boot_root : boot_roots) reader.add(boot_root);
  return reader.take();
}

}  // namespace kip::boot
