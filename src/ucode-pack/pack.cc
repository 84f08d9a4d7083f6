// pack: choose, write, read back as the kernel would, rename.
#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include "src/cli/json.h"
#include "src/image/early.h"
#include "src/ucode-pack/sources.h"
#include "ucode/amd.h"

namespace kip::ucode_pack {
namespace {

using cli::ExitCode;
using ucode::Verdict;

class Pack {
 public:
  Pack(const Settings& settings, const cli::Messages& messages)
      : settings_(settings), messages_(messages) {}

  ExitCode run();

 private:
  bool usage_is_sound();
  bool read_selectors();
  ExitCode read_sources(ucode::Depth depth);
  void choose();
  ExitCode judge();
  ExitCode unserved(const std::vector<std::size_t>& queries);
  ExitCode write();
  std::optional<ExitCode> write_once(Sink& sink, int descriptor);
  std::int64_t archive_time() const;
  std::vector<ucode::LoaderCpu> loader_cpus() const;
  std::string effect(const cli::RequestedCpu& cpu, const ucode::Update& update,
                     std::size_t updates) const;
  void report(std::uint64_t bytes);

  const Settings& settings_;
  const cli::Messages& messages_;
  Root root_;
  cli::CpuRequest request_;
  bool allow_none_ = false;
  ucode::SelectOptions options_;
  catalog::Catalog catalog_;
  std::vector<cli::RequestedCpu>
      cpus_;  // one a query; for `all`, every CPU that there is microcode for
  ucode::Selection selection_;
  image::WrittenEarly written_;
};

bool Pack::usage_is_sound() {
  const bool to_stdout = settings_.output.path.empty() && !settings_.output.dry_run;
  if (to_stdout && cli::stdout_is_terminal()) {
    messages_.error("the archive is not written to a terminal; -o FILE names a file");
    return false;
  }
  if (to_stdout && settings_.report.json) {
    messages_.error("--json needs -o FILE or -n: both would go to stdout");
    return false;
  }
  return true;
}

bool Pack::read_selectors() {
  auto holds = cli::parse_selectors(settings_.holds);
  auto pins = cli::parse_selectors(settings_.pins);
  for (const auto* const parsed : {&holds, &pins}) {
    if (!*parsed) messages_.error(parsed->error().what);
  }
  if (!holds || !pins) return false;
  options_.holds = std::move(*holds);
  options_.pins = std::move(*pins);
  if (!settings_.kernel.empty()) {
    options_.kernel = ucode::KernelVersion::parse(settings_.kernel);
    if (!options_.kernel)
      messages_.warning("--kernel " + quote(settings_.kernel) +
                        " is no kernel version; every kernel is assumed");
  }
  return true;
}

ExitCode Pack::read_sources(ucode::Depth depth) {
  catalog_ = {};
  return scan(root_, settings_, settings_.firmware, {.depth = depth, .threads = 1}, messages_,
              catalog_);
}

void Pack::choose() {
  const auto candidates = candidates_of(catalog_);
  cpus_ = request_.cpus;
  if (request_.all) {
    for (const ucode::CpuQuery& query : ucode::every_cpu(candidates)) {
      const ucode::CpuSignature cpu{query.selector.signature};
      cpus_.push_back({query, fmt::format("{} {:#010x}", cpu.name(), cpu.value), std::nullopt});
    }
  }
  options_.excludes = request_.excludes;
  std::vector<ucode::CpuQuery> queries;
  for (const cli::RequestedCpu& cpu : cpus_) queries.push_back(cpu.query);
  selection_ = ucode::select(candidates, queries, options_);
}

// Whether every CPU asked for is served, and by what is sound.
ExitCode Pack::judge() {
  ExitCode code = ExitCode::kDone;
  std::vector<std::size_t> missing;
  for (std::size_t i = 0; i < cpus_.size(); ++i) {
    const ucode::Answered& answer = selection_.answers[i];
    for (const std::size_t broken : answer.broken) {
      const catalog::Entry& entry = catalog_.entries[broken];
      const cli::UpdateRow row = row_of(catalog_, entry);
      const std::string text = fmt::format(
          "{}: {} at offset {:#x} would be its update (revision {:#010x}), but is broken",
          cpus_[i].label, quote(row.file), row.offset, row.update.revision);
      if (request_.all) {
        messages_.warning(text);
      } else {
        messages_.error(text);
        code = ExitCode::kFailed;
      }
    }
    if (answer.choices.empty() && answer.broken.empty()) missing.push_back(i);
  }
  for (std::size_t i = 0; i < selection_.verdicts.size(); ++i) {
    const Verdict verdict = selection_.verdicts[i];
    if (verdict == Verdict::kChosen || verdict == Verdict::kOtherCpu) continue;
    const cli::UpdateRow row = row_of(catalog_, catalog_.entries[i]);
    const std::string text =
        fmt::format("{} at offset {:#x}, revision {:#010x}: {}", quote(row.file), row.offset,
                    row.update.revision, ucode::verdict_text(verdict));
    verdict == Verdict::kTie ? messages_.warning(text) : messages_.detail(text);
  }
  return missing.empty() ? code : cli::worse(code, unserved(missing));
}

ExitCode Pack::unserved(const std::vector<std::size_t>& queries) {
  for (const std::size_t i : queries) {
    const std::string text = cpus_[i].label + ": no microcode found for it";
    allow_none_ ? messages_.warning(text) : messages_.error(text);
  }
  if (allow_none_) return ExitCode::kDone;
  // Headers alone were read. An update whose very signature was damaged shows only when everything
  // is checked.
  const std::size_t before = catalog_.findings.size();
  catalog::Catalog whole;
  scan(root_, settings_, settings_.firmware, {.depth = ucode::Depth::kWhole, .threads = 1},
       messages_, whole);
  if (whole.findings.size() > before) {
    messages_.note("some microcode is broken, and may be what is missing:");
    say_findings(whole, messages_);
  }
  return ExitCode::kNothing;
}

std::int64_t Pack::archive_time() const {
  if (const auto epoch = cli::environment("SOURCE_DATE_EPOCH")) {
    const char* const end = epoch->data() + epoch->size();
    std::int64_t seconds = 0;
    if (const auto parsed = std::from_chars(epoch->data(), end, seconds);
        parsed.ec == std::errc() && parsed.ptr == end) {
      return seconds;
    }
    messages_.warning("SOURCE_DATE_EPOCH is no number, ignoring it");
  }
  std::int64_t newest = 0;
  for (const ucode::Choice& choice : selection_.choices) {
    newest = std::max(newest,
                      ucode::date_seconds(catalog_.entries[choice.candidates.front()].update.date));
  }
  return newest;
}

// For each choice and each CPU it was chosen for: one that must be able to load something.
std::vector<ucode::LoaderCpu> Pack::loader_cpus() const {
  std::vector<ucode::LoaderCpu> cpus;
  for (const ucode::Choice& choice : selection_.choices) {
    const ucode::Update& update = catalog_.entries[choice.candidates.front()].update;
    for (const ucode::Target& target : update.targets) {
      if (!choice.cpus.contains(target.signature)) continue;
      const std::uint32_t lowest_bit = target.platform_flags & (~target.platform_flags + 1);
      cpus.push_back({update.vendor, target.signature, lowest_bit, 0});
    }
  }
  return cpus;
}

// Writes and checks. nullopt: done. `descriptor` reads back what `sink` wrote.
std::optional<ExitCode> Pack::write_once(Sink& sink, int descriptor) {
  catalog::Loader loader(root_, catalog_);
  auto written = image::write_early(selection_, catalog_, loader, archive_time(), sink);
  if (!written) {
    const image::EarlyError& failure = written.error();
    if (!failure.entry) {
      messages_.error_at(settings_.output.path, failure.error);
      return ExitCode::kFailed;
    }
    const catalog::Entry& entry = catalog_.entries[*failure.entry];
    const catalog::Stream& stream = catalog_.stream_of(entry);
    Error error = failure.error;
    error.offset = entry.file_offset(stream);
    messages_.error_at(stream.place(), error);
    return ExitCode::kNo;  // the caller may try without it
  }
  for (const Finding& finding : written->findings) messages_.finding(finding);
  written_ = std::move(*written);
  FileInput back(descriptor);
  if (const Status status = image::check_early(back, written_, loader_cpus()); !status) {
    messages_.error("what was written does not read back right: " + status.error().what);
    return ExitCode::kFailed;
  }
  return std::nullopt;
}

ExitCode Pack::write() {
  if (settings_.output.path.empty()) {
    const Fd memory(::memfd_create("early", MFD_CLOEXEC));
    if (!memory) {
      messages_.error("cannot make a memory file");
      return ExitCode::kFailed;
    }
    DescriptorSink sink(memory.get());
    if (const auto code = write_once(sink, memory.get())) return *code;
    FileInput archive(memory.get());
    std::vector<std::uint8_t> buffer(64 * 1024);
    for (;;) {
      const auto count = archive.read(buffer);
      if (!count || *count == 0) break;
      if (const Status status = cli::print(as_text(Bytes(buffer).first(*count))); !status) {
        messages_.error("stdout: " + status.error().what);
        return ExitCode::kFailed;
      }
    }
    report(sink.written());
    return ExitCode::kDone;
  }
  const auto existing =
      settings_.output.force ? AtomicFile::Existing::kReplace : AtomicFile::Existing::kRefuse;
  auto file = AtomicFile::create(settings_.output.path, existing);
  if (!file) {
    messages_.error_at(settings_.output.path, file.error());
    return ExitCode::kFailed;
  }
  if (const auto code = write_once(*file, file->descriptor())) return *code;
  if (const Status status = file->commit(); !status) {
    messages_.error_at(settings_.output.path, status.error());
    return ExitCode::kFailed;
  }
  report(file->written());
  return ExitCode::kDone;
}

std::string Pack::effect(const cli::RequestedCpu& cpu, const ucode::Update& update,
                         std::size_t updates) const {
  const bool amd = update.vendor == ucode::Vendor::kAmd;
  const auto group = amd ? ucode::entrysign_class(update.revision) : std::nullopt;
  if (amd && updates > 1 && group) {
    return *group == ucode::EntrySignClass::kOld
               ? "loads on a BIOS without the EntrySign fix (kernels that select)"
               : "loads on a BIOS with the EntrySign fix";
  }
  if (!cpu.running) return "loads if the BIOS left an older revision";
  if (*cpu.running < update.revision)
    return fmt::format("newer than the running {:#010x}, loads", *cpu.running);
  if (*cpu.running == update.revision)
    return "runs now, and loads again where the BIOS left an older one";
  return fmt::format("older than the running {:#010x}, the BIOS has a newer one", *cpu.running);
}

void Pack::report(std::uint64_t bytes) {
  cli::PackReport report;
  report.output = settings_.output.dry_run ? "" : settings_.output.path;
  report.bytes = bytes;
  report.updates = selection_.choices.size();
  report.notes = request_.notes;
  for (std::size_t i = 0; i < cpus_.size(); ++i) {
    cli::PackedCpu packed{cpus_[i].label, cpus_[i].running, {}, {}};
    const auto& choices = selection_.answers[i].choices;
    for (const std::size_t choice : choices) {
      const catalog::Entry& entry = catalog_.entries[selection_.choices[choice].candidates.front()];
      packed.updates.push_back(row_of(catalog_, entry));
      packed.effect.push_back(effect(cpus_[i], entry.update, choices.size()));
    }
    report.cpus.push_back(std::move(packed));
  }
  if (settings_.report.json) {
    (void)cli::print(cli::to_json(report));
    return;
  }
  for (const cli::PackedCpu& cpu : report.cpus) {
    for (const std::string& line : cli::to_lines(cpu))
      request_.all ? messages_.detail(line) : messages_.note(line);
  }
  if (settings_.output.dry_run) {
    messages_.note(fmt::format("{} updates, nothing written", report.updates));
  } else if (request_.all || !report.output.empty()) {
    messages_.note(fmt::format("{}{} updates, {} bytes",
                               report.output.empty() ? "" : quote(report.output) + ": ",
                               report.updates, bytes));
  }
}

ExitCode Pack::run() {
  if (!usage_is_sound() || !read_selectors()) return ExitCode::kUsage;
  ExitCode code = ExitCode::kDone;
  auto request = resolve(settings_, messages_, code);
  if (!request) return code;
  request_ = std::move(*request);
  allow_none_ = settings_.allow_none || request_.all || request_.fleet;
  auto root = open_root(settings_, messages_);
  if (!root) return ExitCode::kFailed;
  root_ = std::move(*root);
  code = read_sources(ucode::Depth::kHeaders);
  if (code != ExitCode::kDone) return code;
  say_findings(catalog_, messages_);
  for (bool again = true;;) {
    choose();
    code = judge();
    if (code != ExitCode::kDone) return code;
    if (selection_.choices.empty()) {
      messages_.warning("there is nothing to write");
      return ExitCode::kDone;
    }
    if (settings_.output.dry_run) {
      report(0);
      return ExitCode::kDone;
    }
    code = write();
    if (code != ExitCode::kNo) return code;
    // An update failed its checks. Where everything was asked for, the rest is written: check all,
    // choose again.
    if (!request_.all || !again) return ExitCode::kFailed;
    again = false;
    read_sources(ucode::Depth::kWhole);
  }
}

}  // namespace

ExitCode pack(const Settings& settings, const cli::Messages& messages) {
  return Pack(settings, messages).run();
}

}  // namespace kip::ucode_pack
