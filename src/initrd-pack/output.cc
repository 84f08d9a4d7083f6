#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "src/base/atomic_file.h"
#include "src/cli/json.h"
#include "src/initrd-pack/output.h"

namespace kip::initrd_pack {

using cli::ExitCode;

bool Output::is_sound() const {
  const bool writes_there = to_stdout() && !settings_.output.dry_run;
  if (writes_there && cli::stdout_is_terminal()) {
    messages_.error("the image is not written to a terminal; -o FILE names a file");
    return false;
  }
  if (writes_there && settings_.report.json) {
    messages_.error("--json needs -o FILE or -n: both would go to stdout");
    return false;
  }
  return true;
}

std::string Output::place() const {
  return to_stdout() ? "stdout" : path();
}

ExitCode Output::write(Made& made) const {
  if (settings_.output.dry_run) return to_nowhere(made);
  return to_stdout() ? to_stdout(made) : to_file(made);
}

void Output::fill(Made& made, std::uint64_t early_bytes) {
  const image::Placement placement = image::place(*made.pieces, early_bytes);
  made.report.early_bytes = early_bytes;
  made.report.bytes = placement.size;
  for (std::size_t i = 0; i < made.pieces->size(); ++i) {
    const image::Piece& piece = (*made.pieces)[i];
    const image::Placed& at = placement.pieces[i];
    made.report.parts.push_back(
        {piece.path, at.offset, piece.size(), piece.file_size - piece.size(), at.padding});
  }
}

ExitCode Output::write(const image::Join& join, const image::JoinOptions& options,
                       const char* verb) const {
  Made made{{}, &join.pieces, {}, {}};
  made.report.verb = verb;
  made.report.updates = rows_of(join.catalog, join.selection);
  if (!join.selection.choices.empty()) {
    made.early = [&](Sink& sink, int descriptor) -> std::optional<ExitCode> {
      const auto written = image::write_early_part(Root(), join, options, sink, descriptor);
      return written ? std::nullopt : std::optional(failed(place(), written.error()));
    };
  }
  return write(made);
}

// All but the file: the early part is made and checked.
ExitCode Output::to_nowhere(Made& made) const {
  if (!to_stdout()) {
    if (const Status allowed = AtomicFile::check(path(), existing()); !allowed)
      return failed(path(), allowed.error());
  }
  Fd memory;
  if (const auto code = to_memory(made, memory)) return *code;
  return report(made);
}

// The early part alone, and where everything else would be.
std::optional<ExitCode> Output::to_memory(Made& made, Fd& memory) const {
  memory = Fd(::memfd_create("early", MFD_CLOEXEC));
  if (!memory) return failed("", fail_errno("cannot make a memory file").value());
  DescriptorSink early(memory.get());
  if (made.early) {
    if (const auto code = made.early(early, memory.get())) return code;
  }
  fill(made, early.written());
  return std::nullopt;
}

// The early part by way of a memory file: nothing goes out before it was read back.
ExitCode Output::to_stdout(Made& made) const {
  Fd memory;
  if (const auto code = to_memory(made, memory)) return *code;
  DescriptorSink out(STDOUT_FILENO);
  Status status = out.append(memory.get(), 0, made.report.early_bytes);
  if (status) status = image::write_pieces(Root(), *made.pieces, out);
  if (!status) return failed("stdout", status.error());
  return report(made);
}

ExitCode Output::to_file(Made& made) const {
  if (is_in_place() && !made.early &&
      made.pieces->front().size() == made.pieces->front().file_size) {
    fill(made, 0);
    made.report.changed = false;
    return report(made);
  }
  auto file = create(made);
  if (!file) return failed(path(), file.error());
  if (made.early) {
    if (const auto code = made.early(*file, file->descriptor())) return *code;
  }
  fill(made, file->written());
  const auto already = is_there_already(made, *file);
  if (!already) return failed(path(), already.error());
  if (*already) {
    made.report.changed = false;
    return report(made);
  }
  if (const Status status = image::write_pieces(Root(), *made.pieces, *file); !status)
    return failed(path(), status.error());
  say_fat(file->descriptor());
  if (const Status status = file->commit(); !status) return failed(path(), status.error());
  made.report.output = path();
  return report(made);
}

Result<AtomicFile> Output::create(const Made& made) const {
  if (!is_in_place()) return AtomicFile::create(path(), existing(), common_mode(*made.pieces));
  AtomicFile file = TRY(AtomicFile::create(path(), existing(), 0600));
  const image::Opened original = TRY(image::open_regular(Root(), path()));
  TRY(file.take_over(original.file.get()));
  return file;
}

// In place, with the early part in `file`: whether the image has it so, and all else behind it.
Result<bool> Output::is_there_already(const Made& made, const AtomicFile& file) const {
  const image::Piece& image = made.pieces->back();
  const std::uint64_t early = file.written();
  if (!is_in_place() || made.report.bytes != image.file_size) return false;
  if (image.kept != std::vector<image::Range>{{early, image.file_size}}) return false;
  const image::Opened original = TRY(image::open_regular(Root(), path()));
  return image::same_bytes(original.file.get(), 0, file.descriptor(), 0, early);
}

void Output::say_fat(int descriptor) const {
  struct statfs system;
  struct stat status;
  const bool replaces = ::stat(path().c_str(), &status) == 0;
  if (!replaces || ::fstatfs(descriptor, &system) != 0 || system.f_type != MSDOS_SUPER_MAGIC)
    return;
  messages_.note(
      quote(path()) +
      " is on a FAT file system: a power loss while it is replaced may leave neither the "
      "old file nor the new one; keep another boot entry, or a copy, until this is done");
}

ExitCode Output::report(const Made& made) const {
  const cli::JoinReport& report = made.report;
  if (settings_.report.json)
    return messages_.print(cli::to_json(report)) ? ExitCode::kDone : ExitCode::kFailed;
  for (const std::string& line : made.notes) messages_.note(line);
  std::string what =
      report.early_bytes == 0
          ? "no early part"
          : fmt::format("{} in an early part of {} bytes",
                        cli::counted(report.updates.size(), "update"), report.early_bytes);
  if (!report.changed) {
    messages_.note(quote(path()) + ": " + what + ", as it was; not touched");
    return ExitCode::kDone;
  }
  for (const std::string& line : cli::to_lines(report)) messages_.note(line);
  what += fmt::format(", {} bytes in all", report.bytes);
  messages_.note(settings_.output.dry_run ? what + ", nothing written"
                                          : (to_stdout() ? "stdout" : quote(path())) + ": " + what);
  return ExitCode::kDone;
}

ExitCode Output::failed(const std::string& path, const Error& error) const {
  messages_.error_at(path, error);
  return ExitCode::kFailed;
}

mode_t common_mode(const std::vector<image::Piece>& pieces) {
  mode_t mode = 0644;
  for (const image::Piece& piece : pieces) mode &= piece.mode;
  return mode;
}

std::vector<cli::UpdateRow> rows_of(const catalog::Catalog& catalog,
                                    const ucode::Selection& selection) {
  std::vector<cli::UpdateRow> rows;
  for (const ucode::Choice& choice : selection.choices)
    rows.push_back(cli::row_of(catalog, catalog.entries[choice.candidates.front()]));
  return rows;
}

bool is_file_name(const std::string& path, const cli::Messages& messages) {
  if (path != "-") return true;
  messages.error(
      "'-': standard input is no image here, since images are read more than once; a file of "
      "that name is './-'");
  return false;
}

}  // namespace kip::initrd_pack
