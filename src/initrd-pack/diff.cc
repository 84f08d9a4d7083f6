// diff: what comes of two images, by microcode, by module, by file.

#include <sys/stat.h>

#include "src/cli/json.h"
#include "src/initrd-pack/opened.h"
#include "src/initrd-pack/verbs.h"

namespace kip::initrd_pack {
namespace {

using cli::ExitCode;

struct stat status_of(const Opened& opened) {
  struct stat status = {};
  (void)::fstat(opened.file.get(), &status);  // opened.cc has looked at it already
  return status;
}

// Byte for byte, up to the first difference.
Result<bool> same_bytes(const Opened& a, const Opened& b) {
  const struct stat in_a = status_of(a), in_b = status_of(b);
  if (in_a.st_dev == in_b.st_dev && in_a.st_ino == in_b.st_ino) return true;
  if (in_a.st_size != in_b.st_size) return false;
  FileInput from_a(a.file.get()), from_b(b.file.get());
  std::vector<std::uint8_t> block_a(128 * 1024), block_b(block_a.size());
  for (;;) {
    const std::size_t count = TRY(from_a.read(block_a));
    if (TRY(from_b.read(block_b)) != count) return false;
    if (!std::equal(block_a.begin(), block_a.begin() + static_cast<std::ptrdiff_t>(count),
                    block_b.begin()))
      return false;
    if (count < block_a.size()) return true;
  }
}

// What a fault leaves unknown; others, as misplaced archives, are what kernels see as well.
bool is_unread(const Finding& fault) {
  return fault.rule == segments::kRuleMethod || fault.rule == segments::kRuleCompressed ||
         fault.rule == segments::kRuleUnknown;
}

void say_void(const Opened& opened, const image::Contents& contents,
              std::vector<Finding>& findings) {
  for (const image::Taken& taken : contents.microcode) {
    if (!taken.broken.empty())
      findings.push_back({Severity::kWarning, "early-void", opened.path, std::nullopt,
                          "kernels load no microcode of a vendor: " + taken.broken, ""});
  }
}

std::optional<image::Contents> contents_of(const Opened& opened, const cli::Messages& messages,
                                           std::vector<Finding>& findings) {
  auto contents =
      image::read_contents(opened.source(), opened.layout.size,
                           [&](const Finding& fault) { findings.push_back(opened.placed(fault)); });
  if (!contents) {
    messages.error_at(opened.path, contents.error());
    return std::nullopt;
  }
  say_void(opened, *contents, findings);
  return std::move(*contents);
}

ExitCode judge(const cli::DiffReport& report, const cli::Messages& messages) {
  const auto& difference = report.difference;
  if (difference.only_time != 0)
    messages.detail("only the time differs: " + cli::counted(difference.only_time, "file"));
  if (std::any_of(report.findings.begin(), report.findings.end(), is_unread)) {
    messages.error("not all of both images could be read, so what differs is not known");
    return ExitCode::kFailed;
  }
  if (!difference.none()) return ExitCode::kNo;
  messages.note("same microcode, modules and files; only the bytes of the images differ");
  return ExitCode::kDone;
}

}  // namespace

ExitCode diff(const Settings& settings, const cli::Messages& messages) {
  const auto a = open_image(settings.image, messages);
  const auto b = open_image(settings.other, messages);
  if (!a || !b) return ExitCode::kFailed;
  cli::DiffReport report{a->path, b->path, false, {}, {}};
  if (const auto same = same_bytes(*a, *b)) {
    report.identical = *same;
  } else {
    messages.error(quote(a->path) + " and " + quote(b->path) + ": " + same.error().what);
    return ExitCode::kFailed;
  }
  if (!report.identical) {
    const auto in_a = contents_of(*a, messages, report.findings);
    if (!in_a) return ExitCode::kFailed;
    const auto in_b = contents_of(*b, messages, report.findings);
    if (!in_b) return ExitCode::kFailed;
    report.difference = image::compare(*in_a, *in_b);
  }
  for (const Finding& finding : report.findings) messages.finding(finding);
  if (!messages.print(settings.report.json ? to_json(report) : to_text(report)))
    return ExitCode::kFailed;
  if (!report.identical) return judge(report, messages);
  messages.note("identical");
  return ExitCode::kDone;
}

}  // namespace kip::initrd_pack
