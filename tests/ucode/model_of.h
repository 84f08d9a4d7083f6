// The rules of the model that play the same kernel as those of the re-telling.
#pragma once

#include "tests/support/kernel_rules.h"
#include "ucode/kernel_rules.h"

namespace kip::ucode {

inline LoaderRules model_of(const support::KernelRules& kernel) {
  LoaderRules rules;
  const auto take = [&](bool has, KernelRule rule) {
    if (has) rules = rules.with(rule);
  };
  take(kernel.rework, KernelRule::kRework);
  take(kernel.pf_new, KernelRule::kAnyPlatform);
  take(kernel.same_rev, KernelRule::kSameRevision);
  take(kernel.zen_id, KernelRule::kZenId);
  take(kernel.select, KernelRule::kSelect);
  take(kernel.rev0_early, KernelRule::kRevisionZero);
  take(kernel.sha, KernelRule::kSha);
  take(kernel.sha_zen5, KernelRule::kShaZen5);
  take(kernel.sha_tsa, KernelRule::kShaTsa);
  take(kernel.norev, KernelRule::kNoRevision);
  take(kernel.naples, KernelRule::kNaples);
  take(kernel.known_gen, KernelRule::kKnownModels);
  take(kernel.more_models, KernelRule::kMoreModels);
  take(kernel.more_models_2, KernelRule::kShimada);
  take(kernel.strix_halo, KernelRule::kStrixHalo);
  return rules;
}

}  // namespace kip::ucode
