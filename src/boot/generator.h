// The distribution's generator, where kernel-install does not start it: Debian's writes /boot/initrd.img-KVER, and a plugin of
// systemd's package (55-initrd, 85-initrd) stages that file, or it is given to kernel-install.
//
//   if (const auto generator = generator_of(root, call_arguments)) run({generator->words, …});
//
// Sources: Debian's systemd 252 and 257 (debian/extra/kernel-install.d), initramfs-tools' update-initramfs(8), dracut's
// /etc/kernel/postinst.d/dracut.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/base/file.h"

namespace kip::boot {

struct Generator {
  std::vector<std::string> words;  // the command
  std::string makes;               // "/boot/initrd.img-KVER"
};

/// `arguments` are kernel-install's: "add", KVER, IMAGE, INITRD... nullopt: kernel-install starts the generator itself, or nobody
/// knows who does.
std::optional<Generator> generator_of(const Root& root, const std::vector<std::string>& arguments);

}  // namespace kip::boot
