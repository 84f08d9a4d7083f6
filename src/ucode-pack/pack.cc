// pack: choose, write, read back as the kernel would, rename.
#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include "src/cli/json.h"
#include "src/image/early.h"
#include "src/ucode-pack/choice.h"

namespace kip::ucode_pack {
namespace {

using cli::ExitCode;

bool usage_is_sound(const Settings& settings, const cli::Messages& messages) {
  const bool to_stdout = settings.output.to_stdout() && !settings.output.dry_run;
  if (to_stdout && cli::stdout_is_terminal()) {
    messages.error("the archive is not written to a terminal; -o FILE names a file");
    return false;
  }
  if (to_stdout && settings.report.json) {
    messages.error("--json needs -o FILE or -n: both would go to stdout");
    return false;
  }
  return true;
}

ExitCode report(const Settings& settings, const cli::Messages& messages, const Choice& choice,
                const image::WrittenEarly& written, std::uint64_t bytes) {
  std::vector<std::size_t> copies(choice.selection().choices.size());
  for (const image::WrittenUpdate& update : written.updates) copies[update.choice] = update.entry;
  cli::PackReport said = choice.summary(copies);
  said.output = settings.output.dry_run || settings.output.to_stdout() ? "" : settings.output.path;
  said.bytes = bytes;
  if (settings.report.json) {
    return messages.print(cli::to_json(said)) ? ExitCode::kDone : ExitCode::kFailed;
  }
  const bool all = choice.request().all;
  for (const cli::PackedCpu& cpu : said.cpus) {
    for (const std::string& line : cli::to_lines(cpu)) {
      all ? messages.detail(line) : messages.note(line);
    }
  }
  const std::string what = fmt::format("{}, {} bytes", cli::counted(said.updates, "update"), bytes);
  const std::string where = said.output.empty() ? "stdout" : quote(said.output);
  messages.note(settings.output.dry_run ? what + ", nothing written" : where + ": " + what);
  return ExitCode::kDone;
}

// Takes everything and keeps nothing: a dry run reads and checks all that it would write.
class NullSink : public Sink {
 protected:
  Status do_write(Bytes) override { return {}; }
};

class Writer {
 public:
  Writer(const Settings& settings, const cli::Messages& messages, const Choice& choice)
      : settings_(settings), messages_(messages), choice_(choice) {}

  /// kNo: an update turned out broken when it was read whole; nothing was written.
  ExitCode run() {
    if (settings_.output.dry_run) return to_nowhere();
    return settings_.output.to_stdout() ? to_stdout() : to_file();
  }

 private:
  ExitCode to_nowhere() {
    if (!settings_.output.to_stdout()) {
      const Status allowed = AtomicFile::check(settings_.output.path, settings_.output.existing());
      if (!allowed) return failed(settings_.output.path, allowed.error());
    }
    NullSink sink;
    if (const auto code = write(sink)) return *code;
    return report(settings_, messages_, choice_, written_, sink.written());
  }

  ExitCode to_file() {
    auto file = AtomicFile::create(settings_.output.path, settings_.output.existing());
    if (!file) return failed(settings_.output.path, file.error());
    if (const auto code = write(*file)) return *code;
    if (const auto code = read_back(file->descriptor())) return *code;
    if (const Status status = file->commit(); !status) {
      return failed(settings_.output.path, status.error());
    }
    return report(settings_, messages_, choice_, written_, file->written());
  }

  // By way of a memory file: nothing goes out before it was read back.
  ExitCode to_stdout() {
    const Fd memory(::memfd_create("early", MFD_CLOEXEC));
    if (!memory) return failed("", fail_errno("cannot make a memory file").value());
    DescriptorSink sink(memory.get());
    if (const auto code = write(sink)) return *code;
    if (const auto code = read_back(memory.get())) return *code;
    FileInput archive(memory.get());
    std::vector<std::uint8_t> buffer(64 * 1024);
    for (;;) {
      const auto count = archive.read(buffer);
      if (!count) return failed("", count.error());
      if (*count == 0) return report(settings_, messages_, choice_, written_, sink.written());
      if (!messages_.print(as_text(Bytes(buffer).first(*count)))) return ExitCode::kFailed;
    }
  }

  ExitCode failed(const std::string& path, const Error& error) {
    messages_.error_at(path, error);
    return ExitCode::kFailed;
  }

  // nullopt: all of it was written.
  std::optional<ExitCode> write(Sink& sink) {
    const catalog::Catalog& catalog = choice_.catalog();
    catalog::Loader loader(choice_.root(), catalog, scratch_);
    auto written = image::write_early(choice_.selection(), catalog, loader, archive_time(), sink);
    if (!written && !written.error().entry) {
      return failed(settings_.output.path, written.error().error);
    }
    if (!written) return broken(catalog.entries[*written.error().entry], written.error().error);
    written_ = std::move(*written);
    for (const Finding& finding : written_.findings) messages_.finding(finding);
    return std::nullopt;
  }

  // Where everything was asked for, the caller goes on without it.
  ExitCode broken(const catalog::Entry& entry, const Error& error) {
    const catalog::Stream& stream = choice_.catalog().stream_of(entry);
    const Severity severity = choice_.request().all ? Severity::kWarning : Severity::kError;
    messages_.finding({severity, "update-broken", stream.place(), entry.file_offset(stream),
                       error.what + served_by(entry), ""});
    return ExitCode::kNo;
  }

  // "; it was the choice for 06-8f-08": the first CPU that was to get it.
  std::string served_by(const catalog::Entry& entry) const {
    const auto& answers = choice_.selection().answers;
    for (std::size_t cpu = 0; cpu < answers.size(); ++cpu) {
      for (const std::size_t choice : answers[cpu].choices) {
        if (&choice_.entry_of(choice) == &entry)
          return "; it was the choice for " + choice_.cpus()[cpu].label;
      }
    }
    return "";
  }

  // nullopt: the archive holds what was written, and a kernel finds it.
  std::optional<ExitCode> read_back(int descriptor) {
    FileInput back(descriptor);
    if (const Status status = image::check_early(back, written_, loader_cpus(), scratch_);
        !status) {
      return failed(settings_.output.path,
                    {Errc::kCorrupt, "does not read back right: " + status.error().what, {}, 0});
    }
    return std::nullopt;
  }

  std::int64_t archive_time() const {
    if (const auto epoch = cli::environment("SOURCE_DATE_EPOCH")) {
      const char* const end = epoch->data() + epoch->size();
      std::int64_t seconds = 0;
      const auto parsed = std::from_chars(epoch->data(), end, seconds);
      if (parsed.ec == std::errc() && parsed.ptr == end) return seconds;
      messages_.warning("SOURCE_DATE_EPOCH is no number, ignoring it");
    }
    std::int64_t newest = 0;
    for (std::size_t i = 0; i < choice_.selection().choices.size(); ++i) {
      newest = std::max(newest, ucode::date_seconds(choice_.entry_of(i).update.date));
    }
    return newest;
  }

  // For each choice and each CPU it was chosen for: one that must be able to load something.
  std::vector<ucode::LoaderCpu> loader_cpus() const {
    std::vector<ucode::LoaderCpu> cpus;
    for (std::size_t i = 0; i < choice_.selection().choices.size(); ++i) {
      const ucode::Update& update = choice_.entry_of(i).update;
      for (const ucode::Target& target : update.targets) {
        if (!choice_.selection().choices[i].cpus.contains(target.signature)) continue;
        const std::uint32_t lowest_bit = target.platform_flags & (~target.platform_flags + 1);
        cpus.push_back({update.vendor, target.signature, lowest_bit, 0});
      }
    }
    return cpus;
  }

  const Settings& settings_;
  const cli::Messages& messages_;
  const Choice& choice_;
  image::WrittenEarly written_;
  Scratch scratch_;
};

}  // namespace

ExitCode pack(const Settings& settings, const cli::Messages& messages) {
  if (!usage_is_sound(settings, messages)) return ExitCode::kUsage;
  Choice choice(settings, messages);
  if (const ExitCode code = choice.prepare(); code != ExitCode::kDone) return code;
  for (const ucode::Depth depth : {ucode::Depth::kHeaders, ucode::Depth::kChecked}) {
    ExitCode code = choice.read_and_choose(depth);
    if (code != ExitCode::kDone) return code;
    if (depth == ucode::Depth::kHeaders) say_findings(choice.catalog(), messages);
    code = choice.judge();
    if (code != ExitCode::kDone) return code;
    if (choice.selection().choices.empty()) {
      messages.warning("there is nothing to write");
      return ExitCode::kDone;
    }
    code = Writer(settings, messages, choice).run();
    if (code != ExitCode::kNo) return code;
    // An update failed its checks. Where everything was asked for the rest is written: check all,
    // choose again.
    if (!choice.request().all) return ExitCode::kFailed;
  }
  return ExitCode::kFailed;
}

}  // namespace kip::ucode_pack
