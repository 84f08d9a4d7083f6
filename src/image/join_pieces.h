// What comes behind the early part of a joined image: the image, and an overlay. For join.cc.
#pragma once

#include "src/image/join.h"

namespace kip::image {

/// Adds the pieces, and says whether they change the image's end. `opened`: the image, or nullptr. `cuts`: of its front.
Status append_pieces(const Root& root, const std::string& image, const Opened* opened,
                     const std::vector<Range>& cuts, const JoinOptions& options, Join& join);

}  // namespace kip::image
