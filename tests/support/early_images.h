// The images of the catalogue of early archives, numbered as there; what kernels make of them is in
// kernel_finder_test.cc. For whoever reads the same bytes and has to agree.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "tests/support/blob.h"

namespace kip::support {

struct EarlyImage {
  std::string name;
  Blob image;
};

void PrintTo(const EarlyImage& row, std::ostream* out);

std::vector<EarlyImage> early_images();

}  // namespace kip::support
