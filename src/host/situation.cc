#include <algorithm>
#include <fcntl.h>
#include <optional>
#include <string_view>
#include <sys/stat.h>
#include <vector>

#include "src/host/cpus.h"
#include "src/host/situation.h"

namespace kip::host {
namespace {

constexpr std::size_t kHeadLimit = 0x10000;  // bytes read of a file that gives a sign
constexpr std::size_t kDetailLimit = 32;
constexpr std::string_view kSpace = " \t\r\n";

// What a file begins with; empty where it cannot be read. An environment may be longer than we read.
std::string head_of(const Root& root, const std::string& path) {
  const auto file = root.open(path, O_RDONLY | O_NONBLOCK);
  if (!file) return {};
  FileInput in(file->get());
  std::vector<std::uint8_t> bytes(kHeadLimit);
  const auto count = in.read(bytes);
  return std::string(as_text(bytes).substr(0, count.value_or(0)));
}

// Takes what stands before one of `ends`, and that end, off the text.
std::string_view take_until(std::string_view& text, std::string_view ends) {
  const std::size_t end = std::min(text.find_first_of(ends), text.size());
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return taken;
}

// Nobody vouches for these bytes, and they are shown.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c >= ' ' && c <= '~' && out.size() < kDetailLimit) out += c;
  }
  return out;
}

// A container's kind as its manager wrote it; nullopt if there is nothing but space.
std::optional<std::string> kind_of(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == text.npos) return std::nullopt;
  return printable(text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin));
}

std::optional<std::string> kind_in_environment(std::string_view variables) {
  constexpr std::string_view kName = "container=";
  while (!variables.empty()) {
    const std::string_view variable = take_until(variables, std::string_view("\0", 1));
    if (variable.starts_with(kName)) return kind_of(variable.substr(kName.size()));
  }
  return std::nullopt;
}

// Those that name the container come first: images that are copied may carry the mark of another.
std::optional<std::string> container_kind(const Root& root) {
  if (auto kind = kind_of(head_of(root, "/run/systemd/container"))) return kind;
  if (auto kind = kind_in_environment(head_of(root, "/proc/1/environ"))) return kind;
  if (root.open("/run/.containerenv", O_PATH)) return "podman";
  if (root.open("/.dockerenv", O_PATH)) return "docker";
  return std::nullopt;
}

std::optional<struct stat> status_of_directory(const Root& root, const std::string& path) {
  struct stat status;
  const auto directory = root.open(path, O_PATH | O_DIRECTORY);
  if (!directory || ::fstat(directory->get(), &status) != 0) return std::nullopt;
  return status;
}

bool is_chroot(const Root& root) {
  const auto ours = status_of_directory(root, "/");
  const auto first = status_of_directory(root, "/proc/1/root");
  return ours && first && (ours->st_dev != first->st_dev || ours->st_ino != first->st_ino);
}

bool is_xen_dom0(const Root& root) {
  const std::string capabilities = head_of(root, "/proc/xen/capabilities");
  std::string_view rest = capabilities;
  while (!rest.empty()) {
    if (take_until(rest, " ,\t\r\n") == "control_d") return true;
  }
  return false;
}

}  // namespace

std::string to_text(const Situation& situation) {
  switch (situation.environment) {
    case Environment::kBareMetal:
      return "bare metal";
    case Environment::kXenDom0:
      return "Xen's dom0";
    case Environment::kGuest:
      return "a guest";
    case Environment::kContainer:
      return situation.detail.empty() ? "a container" : "a container (" + situation.detail + ")";
    case Environment::kChroot:
      return "a chroot";
    case Environment::kUnknown:
      break;
  }
  return "an unknown environment";
}

Situation read_situation(const Root& root) {
  if (const auto kind = container_kind(root)) return {Environment::kContainer, *kind};
  if (is_chroot(root)) return {Environment::kChroot, {}};
  if (is_xen_dom0(root)) return {Environment::kXenDom0, {}};
  const auto text = read_file(root, "/proc/cpuinfo", kCpuinfoLimit);
  if (!text) return {};
  const auto machine = parse_cpuinfo(as_text(*text));
  if (!machine) return {};
  return {machine->hypervisor ? Environment::kGuest : Environment::kBareMetal, {}};
}

bool has_early_microcode() {
#if defined(__x86_64__) || defined(__i386__)
  return true;
#else
  return false;
#endif
}

}  // namespace kip::host
