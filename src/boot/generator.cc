#include <algorithm>
#include <fcntl.h>

#include "src/boot/generator.h"

namespace kip::boot {
namespace {

constexpr std::size_t kInitrds = 3;  // behind "add", KVER, IMAGE

bool exists(const Root& root, const std::string& path) {
  return root.open(path, O_PATH).has_value();
}

// One that an administrator masked, by a link to /dev/null or an empty file, is not run.
bool is_run(const Root& root, const std::string& plugin) {
  const auto over = root.open("/etc/kernel/install.d/" + plugin, O_PATH);
  if (!over) return exists(root, "/usr/lib/kernel/install.d/" + plugin);
  const auto text = read_file(root, "/etc/kernel/install.d/" + plugin, 1 << 20);
  return text && !text->empty();
}

// Whether kernel-install gets `initrd` from a file that somebody else wrote.
bool takes(const Root& root, const std::vector<std::string>& arguments, const std::string& initrd) {
  if (arguments.size() > kInitrds)
    return std::find(arguments.begin() + kInitrds, arguments.end(), initrd) != arguments.end();
  return is_run(root, "55-initrd.install") || is_run(root, "85-initrd.install");
}

}  // namespace

std::optional<Generator> generator_of(const Root& root, const std::vector<std::string>& arguments) {
  if (arguments.size() < kInitrds) return std::nullopt;
  const std::string& kernel = arguments[1];
  const std::string initrd = "/boot/initrd.img-" + kernel;
  if (!takes(root, arguments, initrd) || !exists(root, initrd)) return std::nullopt;
  if (exists(root, "/usr/sbin/update-initramfs"))
    return Generator{{"/usr/sbin/update-initramfs", "-u", "-k", kernel}, initrd};
  for (const char* const dracut : {"/usr/bin/dracut", "/usr/sbin/dracut"}) {
    if (exists(root, dracut)) return Generator{{dracut, "-q", "--force", initrd, kernel}, initrd};
  }
  return std::nullopt;
}

}  // namespace kip::boot
