// Whether kernel-install runs kip's plugins where they belong, and lets them have the image.
#include "src/checks/install_conf.h"
#include "src/kip/doctor.h"

namespace kip::program {

void look_at_plugins(const Ward& ward, Findings& findings) {
  for (Finding& it : checks::check_install_plugins(ward.plugins)) findings.add(std::move(it));
  const auto install = checks::read_install_conf(ward.root, ward.plugins.systemd);
  const auto uki = checks::read_uki_conf(ward.root);
  if (!install) findings.failed("install.conf", install.error());
  if (!uki) findings.failed("uki.conf", uki.error());
  if (!install || !uki) return;
  for (Finding& it : checks::check_install_conf(*install, *uki)) findings.add(std::move(it));
}

}  // namespace kip::program
