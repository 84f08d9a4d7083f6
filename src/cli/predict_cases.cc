#include <algorithm>

#include "src/cli/predict_report.h"

namespace kip::cli {
namespace {

bool is_same(const PredictedCase& a, const PredictedCase& b) {
  return std::equal(a.kernels.begin(), a.kernels.end(), b.kernels.begin(), b.kernels.end(),
                    [](const auto& x, const auto& y) {
                      return x.predicted.outcomes == y.predicted.outcomes &&
                             x.predicted.fates == y.predicted.fates &&
                             x.predicted.remarks == y.predicted.remarks;
                    });
}

}  // namespace

void add_case(PredictedCase made, PredictedCpu& cpu) {
  const auto same = std::find_if(cpu.cases.begin(), cpu.cases.end(), [&](const auto& other) {
    return other.bios == made.bios && is_same(other, made);
  });
  if (same == cpu.cases.end()) {
    cpu.cases.push_back(std::move(made));
  } else {
    same->platforms |= made.platforms;
  }
}

bool concerns_nobody(const PredictedCpu& cpu) {
  return cpu.unseen.empty() &&
         std::all_of(cpu.cases.begin(), cpu.cases.end(), [](const PredictedCase& it) {
           return it.kernels.front().predicted.fates.empty();
         });
}

}  // namespace kip::cli
