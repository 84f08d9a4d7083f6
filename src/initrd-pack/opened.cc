#include <algorithm>
#include <charconv>
#include <fcntl.h>
#include <sys/stat.h>

#include "src/initrd-pack/opened.h"

namespace kip::initrd_pack {
namespace {

Result<Opened> open(const std::string& path) {
  if (path == "-")
    return fail(Errc::kInvalid, "standard input is no image here: images are read more than once");
  Opened opened{path, TRY(Root().open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)), {}};
  struct stat status;
  if (::fstat(opened.file.get(), &status) != 0) return fail_errno("cannot be looked at");
  if (!S_ISREG(status.st_mode)) return fail(Errc::kInvalid, "is not a regular file");
  if (status.st_size == 0) return fail(Errc::kInvalid, "is empty");
  opened.layout = TRY(segments::read_layout(opened.file.get()));
  return opened;
}

}  // namespace

Finding Opened::placed(Finding finding) const {
  finding.place = path;
  if (!finding.offset) return finding;
  const segments::Place place = layout.place(*finding.offset);
  finding.offset = place.offset;
  if (!place.section.empty()) finding.place += " (" + place.section + ")";
  return finding;
}

std::optional<Opened> open_image(const std::string& path, const cli::Messages& messages) {
  auto opened = open(path);
  if (opened) return std::move(*opened);
  messages.error_at(path, opened.error());
  return std::nullopt;
}

bool any_fault(const std::vector<Finding>& findings) {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return finding.severity != Severity::kNote; });
}

std::optional<std::uint32_t> segment_number(const std::string& given,
                                            const cli::Messages& messages) {
  std::uint32_t number = 0;
  if (given.empty()) return number;
  const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), number);
  if (error == std::errc() && end == given.data() + given.size() && number != 0) return number;
  messages.error("--segment: " + quote(given) + " is no number of a segment, counted from 1");
  return std::nullopt;
}

void say_no_segment(const std::string& image, std::uint32_t number, std::uint32_t count,
                    const cli::Messages& messages) {
  messages.error(quote(image) + ": no segment " + std::to_string(number) + ", the image has " +
                 cli::counted(count, "segment"));
}

}  // namespace kip::initrd_pack
