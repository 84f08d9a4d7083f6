// join: parts in order, one early part in front.
#include <fmt/format.h>

#include "src/cli/packing.h"
#include "src/image/parts.h"
#include "src/initrd-pack/output.h"

namespace kip::initrd_pack {
namespace {

using cli::ExitCode;
using ucode::Verdict;

// An update that no other one stands for, and that is left out all the same.
void say_left_out(const image::Join& join, const cli::Messages& messages) {
  for (std::size_t i = 0; i < join.selection.verdicts.size(); ++i) {
    const Verdict verdict = join.selection.verdicts[i];
    if (verdict != Verdict::kDebug && verdict != Verdict::kTie && verdict != Verdict::kUneven &&
        verdict != Verdict::kNoRevision)
      continue;
    const cli::UpdateRow row = cli::row_of(join.catalog, join.catalog.entries[i]);
    messages.warning(fmt::format("{} at offset {:#x}, revision {:#010x}, is left out: {}",
                                 quote(row.file), row.offset, row.update.revision,
                                 ucode::verdict_text(verdict)));
  }
}

}  // namespace

ExitCode join(const Settings& settings, const cli::Messages& messages) {
  const Output output(settings, messages);
  if (!output.is_sound()) return ExitCode::kUsage;
  std::vector<image::Part> parts;
  for (const std::string& path : settings.paths) {
    if (!is_file_name(path, messages)) return ExitCode::kUsage;
    parts.push_back({path});
  }
  image::JoinOptions options;
  options.time = cli::source_date_epoch(messages);
  const auto join = image::plan_parts(Root(), parts, options);
  if (!join) {
    messages.error_at(parts[join.error().part].path, join.error().error);
    return ExitCode::kFailed;
  }
  for (const Finding& finding : join->findings) messages.finding(finding);
  say_left_out(*join, messages);
  return output.write(*join, options, "join");
}

}  // namespace kip::initrd_pack
