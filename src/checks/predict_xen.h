// What Xen will do with the updates that its loader gets to see: predict.h's answers, of the model in ucode/xen.h.
//
//   const Predicted predicted = predict_xen(stream, cpu, {switches, /*revision_known=*/true, /*made_for_it=*/false, has_digest});
//
// In Outcome and Fate, `kernels` names the forms of Xen that an answer holds for: "with XSN-2 (March 2025)". Words in quotes
// are what Xen writes to its log.
#pragma once

#include "src/checks/predict.h"
#include "ucode/xen.h"

namespace kip::checks {

struct XenQuestion {
  ucode::XenSwitches switches;
  bool revision_known = false;
  bool made_for_it =
      false;  // only what is for the CPU counts, and tables are as the encoder makes them
  ucode::HasDigest has_digest;
};

Predicted predict_xen(std::span<const ucode::Update> stream, const ucode::LoaderCpu& cpu,
                      const XenQuestion& question);

}  // namespace kip::checks
