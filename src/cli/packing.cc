#include <charconv>

#include "src/base/atomic_file.h"
#include "src/base/sink.h"
#include "src/cli/packing.h"

namespace kip::cli {

std::optional<ExitCode> Packing::write_marked(Sink& sink, std::span<const image::Piece> behind) {
  image::EarlyMark mark;
  mark.cpus = choice_.served();
  mark.page_offset = image::page_offset_of(behind);
  return write(sink, &mark);
}

std::optional<ExitCode> Packing::write(Sink& sink, const image::EarlyMark* mark) {
  const catalog::Catalog& catalog = choice_.catalog();
  catalog::Loader loader(choice_.root(), catalog, scratch_);
  auto written =
      image::write_early(choice_.selection(), catalog, loader, archive_time(), sink, mark);
  if (!written && !written.error().entry) {
    messages_.error_at(place_, written.error().error);
    return ExitCode::kFailed;
  }
  if (!written) return broken(catalog.entries[*written.error().entry], written.error().error);
  written_ = std::move(*written);
  for (const Finding& finding : written_.findings) messages_.finding(finding);
  return std::nullopt;
}

// Where everything was asked for, the caller goes on without it.
ExitCode Packing::broken(const catalog::Entry& entry, const Error& error) const {
  const catalog::Stream& stream = choice_.catalog().stream_of(entry);
  const Severity severity = choice_.request().all ? Severity::kWarning : Severity::kError;
  messages_.finding({severity, "update-broken", stream.place(), entry.file_offset(stream),
                     error.what + served_by(entry), ""});
  return ExitCode::kNo;
}

// "; it was the choice for 06-8f-08": the first CPU that was to get it.
std::string Packing::served_by(const catalog::Entry& entry) const {
  const auto& answers = choice_.selection().answers;
  for (std::size_t cpu = 0; cpu < answers.size(); ++cpu) {
    for (const std::size_t choice : answers[cpu].choices) {
      if (&choice_.entry_of(choice) == &entry)
        return "; it was the choice for " + choice_.cpus()[cpu].label;
    }
  }
  return "";
}

std::optional<ExitCode> Packing::read_back(int descriptor) {
  FileInput back(descriptor);
  if (const Status status = image::check_early(back, written_, choice_.served(), scratch_);
      !status) {
    messages_.error_at(place_,
                       {Errc::kCorrupt, "does not read back right: " + status.error().what, {}, 0});
    return ExitCode::kFailed;
  }
  return std::nullopt;
}

PackReport Packing::report() const {
  std::vector<std::size_t> copies(choice_.selection().choices.size());
  for (const image::WrittenUpdate& update : written_.updates) copies[update.choice] = update.entry;
  return choice_.summary(copies);
}

std::int64_t Packing::archive_time() const {
  if (const auto epoch = source_date_epoch(messages_)) return *epoch;
  return image::newest_date(choice_.selection(), choice_.catalog());
}

std::optional<PackReport> pack_staged(const Choice& choice, const Messages& messages,
                                      const std::string& path) {
  const auto failed = [&](const Error& error) {
    messages.error_at(path, error);
    return std::nullopt;
  };
  auto file = AtomicFile::create_staged(path);
  if (!file) return failed(file.error());
  Packing packing(choice, messages, path);
  if (packing.write_marked(*file, {}) || packing.read_back(file->descriptor())) return std::nullopt;
  if (const Status status = file->commit(); !status) return failed(status.error());
  return packing.report();
}

std::optional<std::int64_t> source_date_epoch(const Messages& messages) {
  const auto epoch = environment("SOURCE_DATE_EPOCH");
  if (!epoch) return std::nullopt;
  const char* const end = epoch->data() + epoch->size();
  std::int64_t seconds = 0;
  const auto parsed = std::from_chars(epoch->data(), end, seconds);
  if (parsed.ec == std::errc() && parsed.ptr == end) return seconds;
  messages.warning("SOURCE_DATE_EPOCH is no number, ignoring it");
  return std::nullopt;
}

}  // namespace kip::cli
