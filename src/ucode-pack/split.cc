// pack --split: archives for groups of a fleet's CPUs, by content, with an index.
//
// Two passes over the groups: the first finds out what is written, and by its digest under which name; the second writes what
// is not there yet. Nothing of an archive is kept in memory in between, since the same choice gives the same bytes.
#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <map>
#include <unistd.h>

#include "src/base/atomic_file.h"
#include "src/cli/json.h"
#include "src/cli/packing.h"
#include "src/ucode-pack/directory.h"
#include "src/ucode-pack/verbs.h"

namespace kip::ucode_pack {
namespace {

using cli::ExitCode;
using cli::SplitBy;

/// An index of 100,000 CPUs, with their archives, has 40 MB.
constexpr std::uint64_t kIndexLimit = 256 * 1024 * 1024;

std::optional<SplitBy> parse_split(std::string_view text) {
  for (const SplitBy by : {SplitBy::kCpu, SplitBy::kVendor, SplitBy::kNone}) {
    if (text == cli::split_name(by)) return by;
  }
  return std::nullopt;
}

class HashSink : public Sink {
 public:
  explicit HashSink(digest::Hasher& hasher) : hasher_(hasher) { hasher_.begin(); }

 protected:
  Status do_write(Bytes bytes) override {
    hasher_.add(bytes);
    return {};
  }

 private:
  digest::Hasher& hasher_;
};

class Split {
 public:
  Split(const Settings& settings, const cli::Messages& messages)
      : settings_(settings), messages_(messages), choice_(settings, messages) {}

  ExitCode run() {
    if (!options_are_sound()) return ExitCode::kUsage;
    ExitCode code = choice_.prepare();
    if (code == ExitCode::kDone) code = choice_.read_and_choose(ucode::Depth::kChecked);
    if (code != ExitCode::kDone) return code;
    say_findings(choice_.catalog(), messages_);
    code = choice_.judge_sources();
    if (code == ExitCode::kDone) code = choice_.judge();
    if (code != ExitCode::kDone) return code;
    // An index without archives is written too: microcode that was withdrawn is not to be served any longer.
    groups_ = split_groups(choice_, report_.by);
    code = plan();
    if (code == ExitCode::kDone && !settings_.output.dry_run) code = write();
    return code == ExitCode::kDone ? say() : code;
  }

 private:
  bool options_are_sound() {
    const auto by = parse_split(settings_.split);
    if (!by) {
      messages_.error("--split: " + quote(settings_.split) + " is none of cpu, vendor and none");
    } else if (settings_.directory.empty()) {
      messages_.error("--split needs -d DIR");
    } else if (!settings_.output.path.empty()) {
      messages_.error("--split and -o exclude each other: archives are named by their content");
    } else {
      report_.by = *by;
      return true;
    }
    return false;
  }

  std::string path_of(const std::string& name) const { return settings_.directory + "/" + name; }

  ExitCode plan() {
    auto hasher = digest::Hasher::make();
    if (!hasher) return failed(settings_.directory, hasher.error());
    std::map<std::string, std::size_t> known;
    for (std::size_t group = 0; group < groups_.size(); ++group) {
      choice_.choose_for(groups_[group].cpus);
      std::vector<cli::SplitCpu> rows = split_rows(choice_, groups_[group]);
      if (!choice_.selection().choices.empty()) {
        HashSink sink(*hasher);
        cli::Packing packing(choice_, messages_, settings_.directory);
        if (packing.write(sink)) return ExitCode::kFailed;
        const std::string sha256 = digest::to_hex(hasher->finish());
        const auto [found, is_new] = known.try_emplace(sha256, report_.archives.size());
        if (is_new) {
          report_.archives.push_back({sha256 + ".cpio", sha256, sink.written(),
                                      choice_.selection().choices.size(), group});
        }
        for (cli::SplitCpu& row : rows) {
          if (!row.revisions.empty()) row.archive = found->second;
        }
      }
      report_.cpus.insert(report_.cpus.end(), rows.begin(), rows.end());
    }
    return ExitCode::kDone;
  }

  ExitCode write() {
    if (!make_directory(settings_.directory, messages_)) return ExitCode::kFailed;
    const std::string index = to_json(report_), path = path_of("index.json");
    const auto there = read_file(Root(), path, kIndexLimit);
    const bool is_current = there && as_text(*there) == index;
    if (!is_current) {
      const Status allowed = AtomicFile::check(path, settings_.output.existing());
      if (!allowed) return failed(path, allowed.error());
    }
    for (const cli::SplitArchive& archive : report_.archives) {
      if (const ExitCode code = write(archive); code != ExitCode::kDone) return code;
    }
    if (is_current) return ExitCode::kDone;
    auto file = AtomicFile::create(path, settings_.output.existing());
    if (!file) return failed(path, file.error());
    Status status = file->write(as_bytes(index));
    if (status) status = file->commit();
    return status ? ExitCode::kDone : failed(path, status.error());
  }

  // Its name says what is in it: whatever else lies there under that name is damaged, and replaced.
  ExitCode write(const cli::SplitArchive& archive) {
    const std::string path = path_of(archive.file);
    if (holds(path, archive)) return ExitCode::kDone;
    choice_.choose_for(groups_[archive.group].cpus);
    auto file = AtomicFile::create(path, AtomicFile::Existing::kReplaceLink);
    if (!file) return failed(path, file.error());
    cli::Packing packing(choice_, messages_, path);
    if (packing.write(*file) || packing.read_back(file->descriptor())) return ExitCode::kFailed;
    if (const Status status = file->commit(); !status) return failed(path, status.error());
    ++written_;
    return ExitCode::kDone;
  }

  static bool holds(const std::string& path, const cli::SplitArchive& archive) {
    const auto bytes = read_file(Root(), path, archive.size);
    const auto digest = bytes ? digest::sha256(*bytes) : fail(Errc::kInvalid, "");
    return digest && digest::to_hex(*digest) == archive.sha256;
  }

  ExitCode say() {
    if (settings_.report.json)
      return messages_.print(to_json(report_)) ? ExitCode::kDone : ExitCode::kFailed;
    for (const cli::SplitCpu& cpu : report_.cpus) {
      if (cpu.added || !cpu.archive) continue;
      const cli::SplitArchive& archive = report_.archives[*cpu.archive];
      messages_.note(fmt::format("{} {}: {}, {} bytes", ucode::vendor_name(cpu.vendor), cpu.label,
                                 quote(path_of(archive.file)), archive.size));
    }
    const auto asked = static_cast<std::uint64_t>(std::count_if(
        report_.cpus.begin(), report_.cpus.end(), [](const auto& cpu) { return !cpu.added; }));
    const std::string what =
        fmt::format("{}, {} of CPU", cli::counted(report_.archives.size(), "archive"),
                    cli::counted(asked, "kind"));
    messages_.note(settings_.output.dry_run
                       ? what + ", nothing written"
                       : quote(path_of("index.json")) + ": " + what +
                             fmt::format(", {} written", cli::counted(written_, "file")));
    return ExitCode::kDone;
  }

  ExitCode failed(const std::string& path, const Error& error) const {
    messages_.error_at(path, error);
    return ExitCode::kFailed;
  }

  const Settings& settings_;
  const cli::Messages& messages_;
  cli::Choice choice_;
  std::vector<cli::SplitGroup> groups_;
  cli::SplitReport report_;
  std::uint64_t written_ = 0;
};

}  // namespace

ExitCode split(const Settings& settings, const cli::Messages& messages) {
  return Split(settings, messages).run();
}

}  // namespace kip::ucode_pack
