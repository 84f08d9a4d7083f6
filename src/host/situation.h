// What kind of machine this is, as far as it decides whether its CPUs' microcode is anybody's
// business here.
//
//   const Situation here = read_situation(Root());
//   if (!here.owns_microcode()) ...   // "a container (docker)"
//
// A kernel loads microcode only where no hypervisor stands below it, but for Xen's dom0, whose hypervisor reads the
// image of dom0. In a container or chroot the CPUs are real, yet the image that is built there is for
// another machine, or nobody's.
//
// Sources: systemd detect-virt (src/basic/virt.c), debianutils ischroot, Xen's /proc/xen/capabilities.
#pragma once

#include <string>

#include "src/base/file.h"

namespace kip::host {

enum class Environment : std::uint8_t {
  kBareMetal,
  kXenDom0,  // /proc/xen/capabilities says control_d
  kGuest,    // the CPUs have the hypervisor flag
  kContainer,  // /run/systemd/container, `container` in /proc/1/environ, /run/.containerenv, /.dockerenv
  kChroot,  // '/' is not the root of process 1
  kUnknown,  // no x86 CPU in /proc/cpuinfo (another architecture), or no such file (a chroot without /proc)
};

struct Situation {
  Environment environment = Environment::kUnknown;
  /// The container's kind ("docker", "lxc"), or empty: at most 32 printable ASCII characters.
  std::string detail;

  bool owns_microcode() const {
    return environment == Environment::kBareMetal || environment == Environment::kXenDom0;
  }
};

/// "a container (docker)", "a container", "a chroot", "Xen's dom0", "a guest", "bare metal", "an unknown environment".
std::string to_text(const Situation& situation);

/// A container is told from a guest first, since it may run in one; then a chroot; then dom0, then a guest. What
/// cannot be read (process 1's root and environment need root's rights) is taken as no sign, and so is an empty kind.
Situation read_situation(const Root& root);

/// x86: the only architecture with microcode in the early part of an image. By what this program was built for.
bool has_early_microcode();

}  // namespace kip::host
