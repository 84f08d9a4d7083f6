// pack: choose, write, read back as the kernel would, rename.
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include "src/base/atomic_file.h"
#include "src/cli/json.h"
#include "src/cli/packing.h"
#include "src/ucode-pack/verbs.h"

namespace kip::ucode_pack {
namespace {

using cli::ExitCode;

class Writer {
 public:
  Writer(const Settings& settings, const cli::Messages& messages, const cli::Choice& choice)
      : settings_(settings),
        messages_(messages),
        choice_(choice),
        packing_(choice, messages, settings.output.path) {}

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
    if (const auto code = packing_.write(sink)) return *code;
    return report(sink.written());
  }

  ExitCode to_file() {
    auto file = AtomicFile::create(settings_.output.path, settings_.output.existing());
    if (!file) return failed(settings_.output.path, file.error());
    if (const auto code = packing_.write(*file)) return *code;
    if (const auto code = packing_.read_back(file->descriptor())) return *code;
    if (const Status status = file->commit(); !status) {
      return failed(settings_.output.path, status.error());
    }
    return report(file->written());
  }

  // By way of a memory file: nothing goes out before it was read back.
  ExitCode to_stdout() {
    const Fd memory(::memfd_create("early", MFD_CLOEXEC));
    if (!memory) return failed("", fail_errno("cannot make a memory file").value());
    DescriptorSink sink(memory.get());
    if (const auto code = packing_.write(sink)) return *code;
    if (const auto code = packing_.read_back(memory.get())) return *code;
    FileInput archive(memory.get());
    std::vector<std::uint8_t> buffer(64 * 1024);
    for (;;) {
      const auto count = archive.read(buffer);
      if (!count) return failed("", count.error());
      if (*count == 0) return report(sink.written());
      if (!messages_.print(as_text(Bytes(buffer).first(*count)))) return ExitCode::kFailed;
    }
  }

  ExitCode report(std::uint64_t bytes) {
    cli::PackReport said = packing_.report();
    said.output =
        settings_.output.dry_run || settings_.output.to_stdout() ? "" : settings_.output.path;
    said.bytes = bytes;
    if (settings_.report.json) {
      return messages_.print(cli::to_json(said)) ? ExitCode::kDone : ExitCode::kFailed;
    }
    const bool all = choice_.request().all;
    for (const cli::PackedCpu& cpu : said.cpus) {
      for (const std::string& line : cli::to_lines(cpu)) {
        all ? messages_.detail(line) : messages_.note(line);
      }
    }
    const std::string what =
        fmt::format("{}, {} bytes", cli::counted(said.updates, "update"), bytes);
    const std::string where = said.output.empty() ? "stdout" : quote(said.output);
    messages_.note(settings_.output.dry_run ? what + ", nothing written" : where + ": " + what);
    return ExitCode::kDone;
  }

  ExitCode failed(const std::string& path, const Error& error) {
    messages_.error_at(path, error);
    return ExitCode::kFailed;
  }

  const Settings& settings_;
  const cli::Messages& messages_;
  const cli::Choice& choice_;
  cli::Packing packing_;
};

}  // namespace

ExitCode pack(const Settings& settings, const cli::Messages& messages) {
  if (!settings.split.empty()) return split(settings, messages);
  if (!settings.directory.empty()) {
    messages.error("-d is where --split writes: it is missing");
    return ExitCode::kUsage;
  }
  if (!cli::output_is_sound(settings.output, settings.report, messages)) return ExitCode::kUsage;
  cli::Choice choice(settings, messages);
  if (const ExitCode code = choice.prepare(); code != ExitCode::kDone) return code;
  for (const ucode::Depth depth : {ucode::Depth::kHeaders, ucode::Depth::kChecked}) {
    ExitCode code = choice.read_and_choose(depth);
    if (code != ExitCode::kDone) return code;
    if (depth == ucode::Depth::kHeaders) say_findings(choice.catalog(), messages);
    code = choice.judge_sources();
    if (code == ExitCode::kDone) code = choice.judge();
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
