// What `predict` reports: predict_text.cc and json_predict.cc say the same thing twice.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/checks/predict.h"
#include "src/cli/loader_source.h"

namespace kip::cli {

/// On one kernel asked about.
struct PredictedKernel {
  std::string kernel;  // as it was named; empty: all, and every range has its own
  checks::Predicted predicted;
};

/// A CPU on some platforms, with one BIOS.
struct PredictedCase {
  std::uint32_t platforms = 0;            // Intel: bits that this holds for; 0: none known
  std::optional<std::uint32_t> revision;  // what the BIOS left, where that was told
  std::string bios;                       // else which kind of BIOS; empty: it makes no difference
  std::vector<PredictedKernel> kernels;
};

struct PredictedCpu {
  std::string label;
  ucode::Vendor vendor = ucode::Vendor::kIntel;
  ucode::CpuSignature signature;
  std::optional<std::uint32_t> running;  // revision, where it is known
  bool platform_known = false;           // Intel
  std::vector<PredictedCase> cases;
  std::string none;               // why its loader gets nothing at all; empty: it gets something
  std::vector<UnseenRow> unseen;  // updates for it that no loader gets to see
};

struct PredictReport {
  std::string subject;  // the image; empty: firmware
  bool xen = false;     // its loader, not Linux's: kernels are forms of Xen
  LoaderSource source;
  std::vector<PredictedCpu> cpus;
  std::vector<std::string> notes;
};

/// Adds a case; those that differ in nothing but the platform become one.
void add_case(PredictedCase made, PredictedCpu& cpu);

/// Whether nothing at all is there for it: of the other vendor, nobody asked.
bool concerns_nobody(const PredictedCpu& cpu);

std::string to_text(const PredictReport& report);

}  // namespace kip::cli
