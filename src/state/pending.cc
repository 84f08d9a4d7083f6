#include <algorithm>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/atomic_file.h"
#include "src/base/record.h"
#include "src/state/pending.h"

namespace kip::state {
namespace {

constexpr std::string_view kFirstLine = "kip pending 1";
constexpr const char* kDirectory = "/var/lib/kip/pending";

// Hidden names are those of files that are being written.
bool names_a_file(std::string_view kernel) {
  constexpr std::size_t kNameLimit = 255;
  return !kernel.empty() && kernel.front() != '.' && kernel.size() <= kNameLimit &&
         kernel.find('/') == kernel.npos && kernel.find('\0') == kernel.npos;
}

Status check_kernel(const std::string& kernel) {
  if (names_a_file(kernel)) return {};
  return fail(Errc::kInvalid, quote(kernel) + " is no name of a kernel");
}

bool take_line(std::string_view line, Pending& pending) {
  const std::string_view kind = take_word(line);
  const auto value = percent_decode(line);
  if (!value) return false;
  if (kind == "module") {
    pending.modules.push_back({*value, ""});
  } else if (kind == "rule" && !pending.modules.empty()) {
    pending.modules.back().rule = *value;
  } else if (kind == "argument") {
    pending.arguments.push_back(*value);
  } else {
    return false;
  }
  return true;
}

// Opened within the root, which says where a link of its leads; nullopt: it is not there.
Result<std::optional<Fd>> open_directory(const Root& root, const std::string& path) {
  auto directory = root.open(path, O_RDONLY | O_DIRECTORY);
  if (!directory && directory.error().system_errno == ENOENT) return std::nullopt;
  if (!directory) return fail(directory.error().code, quote(path) + ": " + directory.error().what);
  return std::move(*directory);
}

Result<Root> root_at(const std::string& directory) {
  if (directory.empty()) return Root();
  return Root::at(directory);
}

// Makes a directory in one that is open, for all to see whatever the umask.
Status make_directory(int parent, const char* name) {
  constexpr mode_t kMode = 0755;
  if (::mkdirat(parent, name, kMode) != 0) {
    if (errno == EEXIST) return {};
    return fail_errno("cannot be made");
  }
  if (::fchmodat(parent, name, kMode, 0) != 0) return fail_errno("chmod");
  return {};
}

bool is_same(int descriptor, const std::string& path) {
  struct stat a, b;
  return ::fstat(descriptor, &a) == 0 && ::stat(path.c_str(), &b) == 0 && a.st_dev == b.st_dev &&
         a.st_ino == b.st_ino;
}

// The path of kDirectory, with all that leads to it.
Result<std::string> make_directories(const std::string& root_path) {
  const Root root = TRY(root_at(root_path));
  Fd directory = TRY(root.open("/", O_RDONLY | O_DIRECTORY));
  std::string path;
  for (const char* const name : {"var", "lib", "kip", "pending"}) {
    path.append("/").append(name);
    if (const Status made = make_directory(directory.get(), name); !made)
      return fail(Errc::kSystem, quote(path) + ": " + made.error().what);
    auto next = TRY(open_directory(root, path));
    if (!next) return fail(Errc::kInvalid, quote(path) + " is a link to nothing");
    directory = std::move(*next);
  }
  if (!is_same(directory.get(), root_path + path))
    return fail(Errc::kInvalid, quote(path) + ": a link there leads out of the root");
  return root_path + path;
}

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

Result<std::vector<std::string>> names_in(const Fd& directory) {
  const std::unique_ptr<DIR, CloseDirectory> stream(
      ::fdopendir(::fcntl(directory.get(), F_DUPFD_CLOEXEC, 0)));
  if (!stream) return fail_errno(kDirectory);
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* const entry = ::readdir(stream.get());
    if (entry == nullptr && errno != 0) return fail_errno(kDirectory);
    if (entry == nullptr) break;
    if (names_a_file(entry->d_name)) names.emplace_back(entry->d_name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<Pending> read_one(const Root& root, const std::string& path, const std::string& kernel) {
  const Fd file = TRY(root.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  struct stat status;
  if (::fstat(file.get(), &status) != 0) return fail_errno("fstat");
  if (!S_ISREG(status.st_mode)) return fail(Errc::kInvalid, "is not a regular file");
  FileInput in(file.get());
  const auto bytes = TRY(read_rest(in, kPendingLimit));
  auto pending = parse_pending(as_text(bytes), kernel);
  if (!pending) return fail(Errc::kUnsupported, "is no record of a kind that is known here");
  return std::move(*pending);
}

}  // namespace

std::string to_text(const Pending& pending) {
  const auto encode = [](const std::string& text) { return percent_encode(text, Blanks::kKeep); };
  std::string text = std::string(kFirstLine) + "\n";
  for (const PendingModule& module : pending.modules)
    text += fmt::format("module {}\nrule {}\n", encode(module.name), encode(module.rule));
  for (const std::string& argument : pending.arguments)
    text += fmt::format("argument {}\n", encode(argument));
  return text;
}

std::optional<Pending> parse_pending(std::string_view text, const std::string& kernel) {
  Pending pending{kernel, {}, {}};
  const auto take = [&](std::string_view line) { return take_line(line, pending); };
  if (!take_lines(text, kFirstLine, take) || to_text(pending) != text) return std::nullopt;
  return pending;
}

Status write_pending(const std::string& root, const Pending& pending) {
  TRY(check_kernel(pending.kernel));
  const std::string path = TRY(make_directories(root)) + "/" + pending.kernel;
  constexpr mode_t kMode = 0644;
  AtomicFile file = TRY(AtomicFile::create(path, AtomicFile::Existing::kReplaceLink, kMode));
  if (::fchmod(file.descriptor(), kMode) != 0) return fail_errno("chmod");
  TRY(file.write(as_bytes(to_text(pending))));
  return file.commit();
}

Status remove_pending(const std::string& root, const std::string& kernel) {
  TRY(check_kernel(kernel));
  const auto directory = TRY(open_directory(TRY(root_at(root)), kDirectory));
  struct stat status;
  // Asked for first, since a read-only file system refuses even to remove what is not there.
  if (!directory ||
      (::fstatat(directory->get(), kernel.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 &&
       errno == ENOENT))
    return {};
  if (::unlinkat(directory->get(), kernel.c_str(), 0) != 0 && errno != ENOENT)
    return fail_errno(quote(std::string(kDirectory) + "/" + kernel));
  return {};
}

Result<PendingRecords> read_pending(const Root& root) {
  PendingRecords found;
  const auto directory = TRY(open_directory(root, kDirectory));
  if (!directory) return found;
  for (const std::string& kernel : TRY(names_in(*directory))) {
    const std::string path = std::string(kDirectory) + "/" + kernel;
    auto pending = read_one(root, path, kernel);
    if (pending) {
      found.records.push_back(std::move(*pending));
      continue;
    }
    Finding finding;
    finding.rule = "pending-unread";
    finding.place = path;
    finding.text = pending.error().what;
    found.findings.push_back(std::move(finding));
  }
  return found;
}

}  // namespace kip::state
