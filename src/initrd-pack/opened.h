// The image of a verb that reads one: opened, laid out, its faults said.
#pragma once

#include <optional>

#include "src/base/file.h"
#include "src/cli/messages.h"
#include "src/segments/layout.h"

namespace kip::initrd_pack {

struct Opened {
  std::string path;
  Fd file;
  segments::Layout layout;

  segments::Source source() const { return layout.source(file.get()); }

  /// A fault of a walk, with its place in the file.
  Finding placed(Finding finding) const;
};

/// nullopt after the error was said: a file that cannot be read, or holds no initrd.
std::optional<Opened> open_image(const std::string& path, const cli::Messages& messages);

/// Whether any of them is more than a note.
bool any_fault(const std::vector<Finding>& findings);

/// The number of --segment, 0 if it was not given; nullopt after an error was said.
std::optional<std::uint32_t> segment_number(const std::string& given,
                                            const cli::Messages& messages);

/// "no segment 7, there are 3"
void say_no_segment(const std::string& image, std::uint32_t number, std::uint32_t count,
                    const cli::Messages& messages);

}  // namespace kip::initrd_pack
