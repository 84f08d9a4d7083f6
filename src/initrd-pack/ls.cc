// ls: every member of every segment, in the order of the image.

#include "src/cli/blocks.h"
#include "src/cli/json.h"
#include "src/cli/members.h"
#include "src/initrd-pack/opened.h"
#include "src/initrd-pack/verbs.h"

namespace kip::initrd_pack {
namespace {

using cli::ExitCode;

// Names as GNU ls shows them: as they are, but on a terminal.
class Printer {
 public:
  explicit Printer(const Settings& settings) : settings_(settings) {}

  Status begin() {
    if (!settings_.report.json) return {};
    return blocks_.print(cli::members_json_begin(settings_.image));
  }

  Status row(const image::Row& row) {
    any_ = true;
    if (settings_.report.json) {
      TRY(blocks_.print(first_ ? "\n" : ",\n"));
      first_ = false;
      return blocks_.print(cli::member_json(row));
    }
    if (settings_.details) return blocks_.print(cli::long_line(row, on_terminal_));
    return blocks_.print(cli::shown_name(row.member.name, on_terminal_) + "\n");
  }

  Status end(const std::vector<Finding>& faults) {
    if (settings_.report.json) TRY(blocks_.print(cli::members_json_end(faults)));
    return blocks_.flush();
  }

  bool any() const { return any_; }

 private:
  const Settings& settings_;
  cli::Blocks blocks_;
  bool on_terminal_ = cli::stdout_is_terminal();
  bool first_ = true;
  bool any_ = false;
};

ExitCode failed(const Settings& settings, const Error& error, const cli::Messages& messages) {
  if (error.what.starts_with("stdout: "))
    messages.error(error.what);
  else
    messages.error_at(settings.image, error);
  return ExitCode::kFailed;
}

}  // namespace

ExitCode ls(const Settings& settings, const cli::Messages& messages) {
  const auto only = segment_number(settings.segment, messages);
  if (!only) return ExitCode::kUsage;
  const auto opened = open_image(settings.image, messages);
  if (!opened) return ExitCode::kFailed;
  Printer printer(settings);
  image::PathFilter filter(settings.paths);
  std::vector<Finding> faults;
  image::Listing listing(
      filter, *only, [&](const image::Row& row) { return printer.row(row); },
      [&](const Finding& fault) { faults.push_back(opened->placed(fault)); });
  Status status = printer.begin();
  if (status) status = segments::walk(opened->source(), {.beyond_faults = true}, listing);
  if (status) status = printer.end(faults);
  for (const Finding& fault : faults) messages.finding(fault);
  if (!status) return failed(settings, status.error(), messages);
  ExitCode code = any_fault(faults) ? ExitCode::kNo : ExitCode::kDone;
  if (*only > listing.segments()) {
    say_no_segment(settings.image, *only, listing.segments(), messages);
    return ExitCode::kNothing;
  }
  for (const std::string& path : filter.missing()) {
    messages.error(quote(settings.image) + ": no member " + quote(path));
    code = ExitCode::kNothing;
  }
  return code;
}

}  // namespace kip::initrd_pack
