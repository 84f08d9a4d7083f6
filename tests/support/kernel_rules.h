// Which microcode loader a re-telling plays: one switch per change of behaviour in Linux, named
// after what changed. The comment gives the first release; a stable branch may carry it earlier,
// so a caller sets the switches of the very kernel it means.
//
// Not modelled: kernels up to 4.19 (their AMD scan hunts in 12-byte steps and stops at patches over
// 4096 bytes) and the pre-5.11 Intel pre-filter by family and model.
#pragma once

namespace kip::support {

struct KernelRules {
  // -- Intel.
  bool rework = true;  // 6.7: a candidate is compared with the CPU, not with the last pick's header
  bool pf_new = false;  // 7.1: a patch with platform mask 0 fits every platform

  // -- AMD: choosing.
  bool same_rev = true;     // 6.1: the running revision is applied again
  bool zen_id = true;       // 6.12: Zen patches are matched by patch id, the table is not looked at
  bool select = false;      // 6.19: only patches of the running revision's class are considered
  bool rev0_early = false;  // 2026: revision 0 becomes the CPU's lowest before anything else

  // -- AMD: the digest list.
  bool sha = true;             // 6.14: vulnerable revisions take listed patches only
  bool sha_zen5 = true;        // 6.15: cutoffs of family 1Ah; before, nothing is asked of it
  bool sha_tsa = true;         // 6.16: 79 ids instead of 63
  bool norev = true;           // 6.17: revision 0 counts as the CPU's lowest in the digest question
  bool naples = true;          // 6.18: cutoff of 0x800F12 is 0x08001277, before it was 0x0800126F
  bool known_gen = false;      // 6.18: only generations known to be affected are checked
  bool more_models = true;     // Nov 2025: cutoffs of 0xB0081, 0xB6080
  bool more_models_2 = true;   // a week later: cutoff of 0xB4041
  bool strix_halo = false;     // Jan 2026: affected models of family 1Ah reach to 7Fh, not 6Fh
  bool sha_check_off = false;  // microcode.amd_sha_check=off on the command line

  // The default: 6.12.60, whose stable branch took zen_id to more_models but not select.
  static KernelRules linux_6_12_60() { return {}; }

  static KernelRules linux_6_1() {
    KernelRules rules;
    rules.rework = rules.zen_id = false;
    rules.sha = rules.sha_zen5 = rules.sha_tsa = rules.norev = false;
    rules.naples = rules.more_models = rules.more_models_2 = false;
    return rules;
  }

  static KernelRules linux_6_19() {
    KernelRules rules;
    rules.select = rules.known_gen = rules.strix_halo = true;
    return rules;
  }

  // As the tree of mid-2026 reads.
  static KernelRules linux_7_1() {
    KernelRules rules = linux_6_19();
    rules.pf_new = rules.rev0_early = true;
    return rules;
  }
};

}  // namespace kip::support
